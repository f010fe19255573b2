import CFaultVFS
import Foundation
import Synchronization

/// The shim's side towards the disks: which disk a path lies on, and passing questions on to it.
enum FaultVFS {
    struct InstallationError: Error { let resultCode: Int32 }

    private struct WeakDisk: Sendable { weak var disk: FaultDisk? }

    private struct Registry: Sendable {
        var lastNumber: Int32 = 0
        var disks: [Int32: WeakDisk] = [:]
    }

    private static let registry = Mutex(Registry())

    /// Done when it is first asked for, once per process.
    private static let resultCode: Int32 = {
        var hooks = fault_vfs_hooks(
            disk: { path in path.map { FaultVFS.number(of: String(cString: $0)) } ?? 0 },
            before: { number, step, amount in
                guard let step, let disk = FaultVFS.disk(number) else { return SQLITE_OK }
                let operation = step.pointee.diskOperation
                let decision = disk.before(
                    operation, step.pointee.subject, offset: Int(step.pointee.offset), bytes: step.pointee.written)
                guard case .fail(let effect, let written) = decision else { return SQLITE_OK }
                amount?.pointee = Int32(written)
                return operation.resultCode(for: effect)
            },
            after: { number, step in
                guard let step, let disk = FaultVFS.disk(number) else { return }
                disk.after(
                    step.pointee.diskOperation, step.pointee.subject, offset: Int(step.pointee.offset),
                    bytes: step.pointee.written)
            })
        return fault_vfs_install(&hooks)
    }()

    static func insert(_ disk: FaultDisk) throws {
        guard resultCode == SQLITE_OK else { throw InstallationError(resultCode: resultCode) }
        registry.withLock { registry in
            registry.lastNumber += 1
            registry.disks = registry.disks.filter { $0.value.disk != nil }
            registry.disks[registry.lastNumber] = WeakDisk(disk: disk)
        }
    }

    private static func number(of path: String) -> Int32 {
        registry.withLock { registry in
            registry.disks.first { path.hasPrefix(($0.value.disk?.folder ?? "\0") + "/") }?.key ?? 0
        }
    }

    private static func disk(_ number: Int32) -> FaultDisk? { registry.withLock { $0.disks[number]?.disk } }
}

extension fault_vfs_step {
    fileprivate var diskOperation: DiskOperation {
        // The enumeration in C has no other cases.
        DiskOperation(rawValue: operation.rawValue) ?? .read
    }

    /// The file, or the folder that is synced along with it.
    fileprivate var subject: String {
        let path = path.map { String(cString: $0) } ?? ""
        return diskOperation == .syncFolder ? (path as NSString).deletingLastPathComponent : path
    }

    fileprivate var written: UnsafeRawBufferPointer? {
        bytes.map { UnsafeRawBufferPointer(start: $0, count: Int(amount)) }
    }
}
