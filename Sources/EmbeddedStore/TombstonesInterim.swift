import Foundation
import TelemetryModel
import TimeSeriesStore

struct Tombstone: Sendable { let offset: Int64; let range: TimeRange; func deletes(_ labels: LabelSet) -> Bool { false } }
struct Deletions: Sendable {
    var isEmpty: Bool { true }
    func survivors(of labels: LabelSet, _ columns: SampleColumns) -> SampleColumns { columns }
    func coverAll(of labels: LabelSet, in range: TimeRange) -> Bool { false }
    func delete(_ event: OperationalEvent) -> Bool { false }
}
final class Tombstones: Sendable {
    init(folder: String) throws {}
    var all: [Tombstone] { [] }
    func deletions(in block: Block, range: TimeRange) -> Deletions { Deletions() }
}
enum BlockFolder {
    static func open(_ folder: String, files: any StoreFiles, cache: BlockLabelCache) throws -> (blocks: [Block], damaged: [(file: String, reason: String)]) {
        var blocks: [Block] = []
        var damaged: [(file: String, reason: String)] = []
        for file in try files.names(in: folder) {
            if file.hasSuffix(BlockName.temporarySuffix) {
                try files.remove("\(folder)/\(file)")
            } else if let name = BlockName(fileName: file) {
                do {
                    let isOld = try BlockUpgrade.format(folder: folder, name: name) == BlockUpgrade.upgradableFormat
                    blocks.append(try Block(files: files, folder: folder, name: isOld ? try BlockUpgrade.upgrade(files: files, folder: folder, name: name) : name, cache: cache))
                } catch {
                    damaged.append((file, "\(error)"))
                    try files.rename("\(folder)/\(file)", to: "\(folder)/\(file)\(BlockName.damagedSuffix)")
                }
            }
        }
        return (blocks, damaged)
    }
}
