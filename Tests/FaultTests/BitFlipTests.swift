import EmbeddedStore
import FaultDisk
import Foundation
import TestSupport
import Testing

/// A bit that turns over in a file of a stopped node: never a trap, never a wrong value, never a silent loss.
@Suite struct BitFlipTests {
    /// In a process of its own: what traps takes only that along, and the last seed printed is the one.
    @Test func inTheLogsDatabase() async { await flip(.logDatabase) }
    @Test func inTheLogsWAL() async { await flip(.logWAL) }
    @Test func inABlock() async { await flip(.block) }

    private func flip(_ file: FlippedFile) async {
        var generator = SeededGenerator.seeded("BitFlipTests \(file)")
        let seed = generator.next()
        let rounds = faultRounds * 10
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            [file = file as FlippedFile, seed = seed as UInt64, rounds = rounds as Int] in
            try await BitFlipTests.run(file, seed: seed, rounds: rounds)
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        print(output)
    }

    private static func run(_ file: FlippedFile, seed: UInt64, rounds: Int) async throws {
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
            let size = try copy.files.size(of: path)
            // Headers and the roots of trees are a small part of the files: every other time it hits one of them.
            let pages = Int.random(in: 0..<max(1, size / 4096), using: &generator) * 4096
            let range = generator.next() % 2 == 0 ? 0..<size : pages..<min(size, pages + 120)
            let flip = BitFlip(within: range, using: &generator)
            say("\(flip) of \((path as NSString).lastPathComponent), \(size) bytes: ")
            try copy.flip(flip, in: path)
            var attempt = workload
            let outcome = try await attempt.outcome(inFolderOf: copy)
            say("\(outcome)\n")
            #expect(outcome.isPromiseKept, "\(flip) of \(path)")
        }
    }

    /// At once: what traps does not get to empty its buffers.
    private static func say(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    private static func path(
        of file: FlippedFile, in disk: FaultDisk, using generator: inout SeededGenerator
    ) throws -> String {
        guard file == .block else { return "\(disk.folder)/\(file.rawValue)" }
        let names = try disk.files.names(in: "\(disk.folder)/blocks").filter { !$0.hasSuffix(".tmp") }
        return "\(disk.folder)/blocks/\(names[Int.random(in: names.indices, using: &generator)])"
    }
}
