import Foundation

/// A folder with its files and folders: as it is seen now, and what of it would be there after a power loss. Paths are
/// absolute.
///
/// A name that was made, changed or removed is durable when its folder has been synced, not before, whatever was synced of
/// the file itself (man 2 fsync). Until then each change may have happened or not, independently; a rename happens as a whole.
struct DiskModel {
    private enum NameChange {
        case file(String, id: Int)
        case folder(String)
        case removal(String)
        case rename(String, to: String)

        /// The folder whose sync makes the change durable. Renames stay within one folder here.
        var folder: String {
            switch self {
            case .file(let path, _), .folder(let path), .removal(let path), .rename(_, to: let path):
                (path as NSString).deletingLastPathComponent
            }
        }
    }

    private struct Names {
        var files: [String: Int] = [:]
        var folders: Set<String>

        mutating func apply(_ change: NameChange) {
            switch change {
            case .file(let path, let id): files[path] = id
            case .folder(let path): folders.insert(path)
            case .removal(let path): files[path] = nil
            case .rename(let path, to: let other):
                // Its making may not have reached the disk; then neither has this.
                guard let id = files.removeValue(forKey: path) else { return }
                files[other] = id
            }
        }
    }

    let root: String
    let sectorSize: Int
    private var files: [FileModel] = []
    private var seen: Names
    private var durable: Names
    private var pending: [NameChange] = []

    /// What is in the folder now is durable.
    init(root: String, sectorSize: Int) throws {
        self.root = root
        self.sectorSize = sectorSize
        seen = Names(folders: [root])
        durable = seen
        for entry in try DiskModel.entries(of: root) {
            if let content = entry.content {
                let id = add(FileModel(durable: content, sectorSize: sectorSize))
                seen.files[entry.path] = id
            } else {
                seen.folders.insert(entry.path)
            }
        }
        durable = seen
    }

    var byteCount: Int { seen.files.values.reduce(0) { $0 + files[$1].content.count } }
    func size(of path: String) -> Int { seen.files[path].map { files[$0].content.count } ?? 0 }

    // MARK: Changes

    /// SQLite opened the file, and may have made it.
    mutating func open(_ path: String) {
        guard seen.files[path] == nil else { return }
        adopt(path, content: (try? DiskModel.read(path)) ?? [])
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, to path: String) {
        open(path)
        if let id = seen.files[path] { files[id].write(bytes, at: offset) }
    }

    mutating func truncate(_ path: String, to size: Int) {
        open(path)
        if let id = seen.files[path] { files[id].truncate(to: size) }
    }

    mutating func sync(_ path: String, succeeds: Bool) {
        open(path)
        if let id = seen.files[path] { files[id].sync(succeeds: succeeds) }
    }

    mutating func remove(_ path: String) { change(.removal(path)) }

    mutating func rename(_ path: String, to other: String) {
        open(path)
        change(.rename(path, to: other))
    }

    mutating func makeFolder(_ path: String) {
        if !seen.folders.contains(path) { change(.folder(path)) }
    }

    mutating func syncFolder(_ folder: String) {
        lookAround()
        for change in pending where change.folder == folder { durable.apply(change) }
        pending.removeAll { $0.folder == folder }
    }

    mutating func flip(bit: Int, ofByte byte: Int, in path: String) {
        open(path)
        if let id = seen.files[path] { files[id].flip(bit: bit, ofByte: byte) }
    }

    /// Notices what happened in the folder without passing through SQLite or `FaultFiles`: files made, removed or renamed
    /// directly are changes that nothing has made durable.
    mutating func lookAround() {
        var there: Set<String> = []
        for entry in (try? DiskModel.entries(of: root, reading: { seen.files[$0] == nil })) ?? [] {
            there.insert(entry.path)
            if let content = entry.content {
                if seen.files[entry.path] == nil { adopt(entry.path, content: content) }
            } else {
                makeFolder(entry.path)
            }
        }
        for path in seen.files.keys.sorted() where !there.contains(path) { change(.removal(path)) }
    }

    // MARK: Images

    /// Every file and folder as a killed process leaves them: all that was written is there.
    func afterKill() -> [(path: String, content: [UInt8]?)] {
        entries(of: seen) { files[$0].content }
    }

    /// One of the states in which a power loss at this moment could leave the disk.
    func afterPowerLoss(using generator: inout some RandomNumberGenerator) -> [(path: String, content: [UInt8]?)] {
        let progress = FileModel.Progress(using: &generator)
        var names = durable
        for change in pending where Double.random(in: 0..<1, using: &generator) < progress.newest {
            names.apply(change)
        }
        return entries(of: names) { files[$0].afterPowerLoss(progress, using: &generator) }
    }

    /// Folders before what is in them. A file whose folder did not make it is not there.
    private func entries(of names: Names, content: (Int) -> [UInt8]) -> [(path: String, content: [UInt8]?)] {
        let folders = names.folders.sorted()
        return folders.map { ($0, nil) }
            + names.files.sorted { $0.key < $1.key }.compactMap { path, id in
                let folder = (path as NSString).deletingLastPathComponent
                return names.folders.contains(folder) ? (path, content(id)) : nil
            }
    }

    private mutating func add(_ file: FileModel) -> Int {
        files.append(file)
        return files.count - 1
    }

    private mutating func adopt(_ path: String, content: [UInt8]) {
        var file = FileModel(sectorSize: sectorSize)
        content.withUnsafeBytes { file.write($0, at: 0) }
        change(.file(path, id: add(file)))
    }

    private mutating func change(_ change: NameChange) {
        seen.apply(change)
        pending.append(change)
    }

    private static func entries(
        of root: String, reading isWanted: (String) -> Bool = { _ in true }
    ) throws -> [(path: String, content: [UInt8]?)] {
        var found: [(path: String, content: [UInt8]?)] = []
        let names = try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
        // The WAL index is memory that happens to be a file.
        for name in names where !name.hasSuffix("-shm") {
            let path = "\(root)/\(name)"
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
            if isFolder.boolValue {
                found.append((path, nil))
            } else {
                found.append((path, isWanted(path) ? try read(path) : []))
            }
        }
        return found
    }

    private static func read(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
