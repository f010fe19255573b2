import EmbeddedStore
import FaultDisk
import Foundation
import TestSupport
import Testing

/// A bit that turns over in a file of a stopped node: never a trap, never a wrong value, never a silent loss.
@Suite struct BitFlipTests {
    /// In a process of its own: what traps takes only that along, and the last seed printed is the one.
    @Test func inTheLogsDatabase() async throws { try await flip(.logDatabase) }
    @Test func inTheLogsWAL() async throws { try await flip(.logWAL) }
    @Test func inABlock() async throws { try await flip(.block) }

    private func flip(_ file: FlippedFile) async throws {
        var generator = SeededGenerator.seeded("BitFlipTests \(file)")
        let seed = generator.next()
        let rounds = faultRounds * 10
        // What traps does not get to say anything after it, and its output is lost: every flip is written down before it is made.
        let folder = try TemporaryFolder()
        let diary = "\(folder.path)/diary"
        try Data().write(to: URL(fileURLWithPath: diary))
        await #expect(processExitsWith: .success) {
            [file = file as FlippedFile, seed = seed as UInt64, rounds = rounds as Int, diary = diary as String] in
            try await BitFlipTests.run(file, seed: seed, rounds: rounds, diary: diary)
        }
        print(String(decoding: try Data(contentsOf: URL(fileURLWithPath: diary)), as: UTF8.self))
    }

    private static func run(_ file: FlippedFile, seed: UInt64, rounds: Int, diary path: String) async throws {
        let diary = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        var generator = SeededGenerator(seed: seed)
        let disks = try Disks()
        let disk = try disks.disk(seed: generator.next())
        var workload = Workload(seed: generator.next())
        // Blocks, and a log with a database and a WAL that both hold batches.
        let node = try Node(disk.folder, files: disk.files)
        for _ in 0..<3 {
            for _ in 0..<4 { try await workload.append(to: node) }
            await node.flush()
        }
        for _ in 0..<6 { try await workload.append(to: node) }
        try node.checkpoint()
        for _ in 0..<6 { try await workload.append(to: node) }
        try await workload.verify(node, "before")
        let image = try disks.imageAfterKill(of: disk, seed: 0)
        try node.stop()

        for _ in 0..<rounds {
            let copy = try disks.imageAfterKill(of: image, seed: 0)
            let path = try BitFlipTests.path(of: file, in: copy, using: &generator)
            let flip = try BitFlipTests.flip(in: path, using: &generator)
            diary.write(Data("\(flip) of \((path as NSString).lastPathComponent): ".utf8))
            try copy.flip(flip, in: path)
            var attempt = workload
            let outcome = try await attempt.outcome(inFolderOf: copy)
            diary.write(Data("\(outcome)\n".utf8))
            #expect(outcome.isPromiseKept, "\(flip) of \(path)")
        }
    }

    /// Most of a small database is empty, and there a bit makes no difference: only bytes that are not zero are hit, every
    /// other time in the head of a page.
    private static func flip(in path: String, using generator: inout SeededGenerator) throws -> BitFlip {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let wantsHead = generator.next() % 2 == 0
        var byte = 0
        repeat {
            byte = Int.random(in: bytes.indices, using: &generator)
            if wantsHead { byte = byte / 4096 * 4096 + byte % 120 }
        } while bytes[byte] == 0
        return BitFlip(within: byte..<byte + 1, using: &generator)
    }

    private static func path(
        of file: FlippedFile, in disk: FaultDisk, using generator: inout SeededGenerator
    ) throws -> String {
        guard file == .block else { return "\(disk.folder)/\(file.rawValue)" }
        let names = try disk.files.names(in: "\(disk.folder)/blocks").filter { !$0.hasSuffix(".tmp") }
        return "\(disk.folder)/blocks/\(names[Int.random(in: names.indices, using: &generator)])"
    }
}
