import EmbeddedStore
import FaultDisk
import Foundation
import IngestLog
import TestSupport
import Testing

/// A place for disks; they are removed with it.
struct Disks {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// An empty one.
    func disk(seed: UInt64) throws -> FaultDisk {
        let path = "\(folder.path)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return try FaultDisk(folder: path, seed: seed)
    }

    /// What a power loss now leaves of a disk.
    func image(of disk: FaultDisk, seed: UInt64) throws -> FaultDisk {
        try image(of: disk, after: .powerLoss(seed: seed), seed: seed)
    }

    /// What a kill now leaves of a disk.
    func imageAfterKill(of disk: FaultDisk, seed: UInt64) throws -> FaultDisk {
        try image(of: disk, after: .kill, seed: seed)
    }

    private func image(of disk: FaultDisk, after ending: FaultDisk.Ending, seed: UInt64) throws -> FaultDisk {
        let path = "\(folder.path)/\(UUID().uuidString)"
        try disk.writeImage(after: ending, to: path)
        return try FaultDisk(folder: path, seed: seed)
    }
}

extension Workload {
    /// Requests and flushes on a disk until all are done or the power is gone.
    mutating func run(on disk: FaultDisk, requests: Int) async throws {
        let node = try? Node(disk.folder, files: disk.files, isEager: isEager, isOff: { disk.isOff })
        guard let node else { return crash() }
        try await run(on: node, until: { disk.isOff }, requests: requests)
        if disk.isOff { crash() }
        try? node.stop()
    }

    mutating func run(on node: Node, until isOver: () -> Bool = { false }, requests: Int) async throws {
        for _ in 0..<requests where !isOver() {
            let failed = failures.count
            try await append(to: node)
            // Nothing may be due for a flush after a request that was refused.
            guard failures.count == failed || isEager else { continue }
            switch generator.next() % 12 {
            case 0, 1: await node.flush()
            case 2, 3: try? node.checkpoint()
            default: break
            }
        }
    }

    /// Starts, verifies, goes on working, starts again.
    mutating func recover(on disk: FaultDisk, _ when: String, sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        var node = try Node(disk.folder, files: disk.files, isEager: isEager)
        #expect(node.log.damages.isEmpty, "\(when)", sourceLocation: sourceLocation)
        try await verify(node, "\(when), reopened", sourceLocation: sourceLocation)
        for _ in 0..<3 { try await append(to: node) }
        await node.flush()
        #expect(!node.hasFailedToFlush, sourceLocation: sourceLocation)
        try await append(to: node)
        try await verify(node, "\(when), gone on", sourceLocation: sourceLocation)
        try node.stop()
        node = try Node(disk.folder, files: disk.files, isEager: isEager)
        try await verify(node, "\(when), reopened again", sourceLocation: sourceLocation)
        #expect(node.store.damagedBlocks.isEmpty, sourceLocation: sourceLocation)
        try node.stop()
    }
}
