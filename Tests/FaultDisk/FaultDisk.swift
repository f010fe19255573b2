import CFaultVFS
import Foundation
import Synchronization
import TestSupport

/// A folder on which faults can be provoked: whatever SQLite does to files in it (through GRDB or not, in this process), and
/// whatever `files` does, can be made to fail, and is remembered as far as it is not durable. Other folders are not touched.
///
/// docs/formats/fault-model.md says what can happen on it. The same seed and the same order of operations give the same
/// faults. Thread-safe.
package final class FaultDisk: Sendable {
    fileprivate struct Armed {
        let fault: Fault
        var seen = 0
        var hasFired = false
    }

    fileprivate struct Count: Hashable {
        let operation: DiskOperation
        let path: String
    }

    fileprivate struct State {
        var model: DiskModel
        var generator: SeededGenerator
        var faults: [Armed] = []
        var fired = 0
        var counts: [Count: Int] = [:]
        var capacity: Int?
        var isOff = false
    }

    package enum Decision: Equatable {
        case goOn
        /// `written`: how many bytes of a write are put down all the same.
        case fail(Fault.Effect, written: Int)
    }

    /// Absolute, without symbolic links.
    package let folder: String
    private let state: Mutex<State>

    /// Takes over a folder that is there; what is in it counts as durable.
    package init(folder: String, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        guard let resolved = realpath(folder, nil) else { throw CocoaError(.fileNoSuchFile) }
        defer { free(resolved) }
        self.folder = String(cString: resolved)
        let sectorSize = generator.next() % 2 == 0 ? 512 : 4096
        state = Mutex(
            State(model: try DiskModel(root: self.folder, sectorSize: sectorSize), generator: generator))
        try FaultVFS.insert(self)
    }

    /// File operations beside SQLite's, with the same faults.
    package var files: FaultFiles { FaultFiles(disk: self) }

    // MARK: Faults

    package func provoke(_ fault: Fault) {
        state.withLock { $0.faults.append(Armed(fault: fault)) }
    }

    /// No fault happens from here on; power that is gone stays gone.
    package func clearFaults() {
        state.withLock { state in
            state.faults = []
            state.capacity = nil
        }
    }

    /// Leaves room for so many more bytes in files; writes beyond are cut short and find the disk full.
    package func limitFreeSpace(to bytes: Int) {
        state.withLock { $0.capacity = $0.model.byteCount + bytes }
    }

    /// How many operations were made to fail, by faults and for want of space.
    package var firedFaults: Int { state.withLock { $0.fired } }

    package var isOff: Bool { state.withLock { $0.isOff } }

    /// How often the operation (nil: any that changes something) was begun on files whose path ends so.
    package func count(of operation: DiskOperation? = nil, suffix: String = "") -> Int {
        state.withLock { state in
            state.counts.reduce(0) { sum, entry in
                let isCounted = operation.map { $0 == entry.key.operation } ?? entry.key.operation.isChange
                return isCounted && entry.key.path.hasSuffix(suffix) ? sum + entry.value : sum
            }
        }
    }

    // MARK: Images

    package enum Ending: Sendable {
        /// All that was written is there.
        case kill
        /// What was synced is there; of the rest, what the seed says.
        case powerLoss(seed: UInt64)
    }

    /// Writes what would be on disk if the process or the machine stopped at this moment (or when the power went) into a
    /// folder that is made for it. The disk itself is left as it is.
    package func writeImage(after ending: Ending, to folder: String) throws {
        let entries = state.withLock { state in
            if !state.isOff { state.model.lookAround() }
            switch ending {
            case .kill: return state.model.afterKill()
            case .powerLoss(let seed):
                var generator = SeededGenerator(seed: seed)
                return state.model.afterPowerLoss(using: &generator)
            }
        }
        for entry in entries {
            let path = folder + entry.path.dropFirst(self.folder.count)
            if let content = entry.content {
                try write(content, to: path)
            } else {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
        }
    }

    /// Not `Data.write`, which syncs.
    private func write(_ content: [UInt8], to path: String) throws {
        guard let file = fopen(path, "w") else { throw CocoaError(.fileWriteUnknown) }
        let written = fwrite(content, 1, content.count, file)
        guard fclose(file) == 0, written == content.count else { throw CocoaError(.fileWriteUnknown) }
    }

    // MARK: Asked and told by the shim and by FaultFiles

    func before(_ operation: DiskOperation, _ path: String, offset: Int = 0, bytes: UnsafeRawBufferPointer? = nil)
        -> Decision
    {
        state.withLock { state in
            if operation == .map {
                let isAwaited = state.faults.contains { $0.fault.concerns(.read, path) }
                return isAwaited ? .fail(.ioError, written: 0) : .goOn
            }
            state.counts[Count(operation: operation, path: path), default: 0] += 1
            if state.isOff { return operation.isChange ? .fail(.ioError, written: 0) : .goOn }
            var effect: Fault.Effect?
            for index in state.faults.indices where state.faults[index].fault.concerns(operation, path) {
                state.faults[index].seen += 1
                let fault = state.faults[index].fault
                let isDue = state.faults[index].seen == fault.nth || (fault.persists && state.faults[index].hasFired)
                guard isDue else { continue }
                state.faults[index].hasFired = true
                effect = fault.effect
            }
            if let effect { return state.fail(operation, path, effect, offset: offset, bytes: bytes) }
            guard let capacity = state.capacity, let bytes else { return .goOn }
            let growth = max(0, offset + bytes.count - state.model.size(of: path))
            let excess = state.model.byteCount + growth - capacity
            guard growth > 0, excess > 0 else { return .goOn }
            state.fired += 1
            return .fail(.noSpace, written: max(0, bytes.count - excess))
        }
    }

    func after(_ operation: DiskOperation, _ path: String, offset: Int = 0, bytes: UnsafeRawBufferPointer? = nil) {
        state.withLock { state in
            guard !state.isOff else { return }
            state.model.apply(operation, path, offset: offset, bytes: bytes)
        }
    }

    func renamed(_ path: String, to other: String) {
        state.withLock { if !$0.isOff { $0.model.rename(path, to: other) } }
    }

    func madeFolder(_ path: String) {
        state.withLock { if !$0.isOff { $0.model.makeFolder(path) } }
    }

    /// Flips a bit of a file in place, as bad memory or a bad disk would, under whoever has it open.
    package func flip(_ flip: BitFlip, in path: String) throws {
        try flip.apply(to: path)
        state.withLock { $0.model.flip(bit: flip.bit, ofByte: flip.byte, in: path) }
    }
}

extension FaultDisk.State {
    fileprivate mutating func fail(
        _ operation: DiskOperation, _ path: String, _ effect: Fault.Effect, offset: Int,
        bytes: UnsafeRawBufferPointer?
    ) -> FaultDisk.Decision {
        fired += 1
        switch effect {
        case .powerLoss:
            model.lookAround()
            // Under way: as good as done and not synced. A sync under way has done nothing for sure.
            if operation != .sync, operation != .syncFolder, operation != .rename {
                model.apply(operation, path, offset: offset, bytes: bytes)
            }
            isOff = true
            return .fail(.ioError, written: 0)
        case .shortWrite:
            let count = bytes?.count ?? 0
            return .fail(effect, written: count > 0 ? Int.random(in: 0..<count, using: &generator) : 0)
        case .ioError, .noSpace:
            if operation == .sync { model.sync(path, succeeds: false) }
            return .fail(effect, written: 0)
        }
    }
}

extension DiskModel {
    fileprivate mutating func apply(
        _ operation: DiskOperation, _ path: String, offset: Int, bytes: UnsafeRawBufferPointer?
    ) {
        switch operation {
        case .read, .rename, .map: break
        case .write: if let bytes { write(bytes, at: offset, to: path) }
        case .sync: sync(path, succeeds: true)
        case .truncate: truncate(path, to: offset)
        case .open: open(path)
        case .remove: remove(path)
        case .syncFolder: syncFolder(path)
        }
    }
}

extension Fault {
    func concerns(_ operation: DiskOperation, _ path: String) -> Bool {
        guard path.hasSuffix(suffix) else { return false }
        if let wanted = self.operation { return wanted == operation }
        return operation.isChange
    }
}
