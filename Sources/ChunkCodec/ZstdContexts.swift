internal import CZstd
import Synchronization

/// zstd's work areas, kept for reuse: making one costs more than compressing a chunk. Thread-safe.
enum ZstdContexts {
    /// Used by one thread at a time: whoever has taken it.
    @safe struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
        let compresses: Bool
    }

    /// As many of each kind are kept as threads are likely to work at once; more are freed.
    private static let keptCount = 16
    private static let idle = Mutex<[Context]>([])

    static func take(compresses: Bool) -> Context {
        let kept = idle.withLock { contexts in
            contexts.lastIndex { $0.compresses == compresses }.map { contexts.remove(at: $0) }
        }
        if let kept { return kept }
        // Freed in `put`, or kept as long as the process.
        guard let pointer = unsafe compresses ? ZSTD_createCCtx() : ZSTD_createDCtx() else {
            fatalError("zstd found no memory for its work area")
        }
        return unsafe Context(pointer: pointer, compresses: compresses)
    }

    static func put(_ context: Context) {
        let isKept = idle.withLock { contexts in
            guard contexts.count < 2 * keptCount else { return false }
            contexts.append(context)
            return true
        }
        if isKept { return }
        // Safe: made by the function of the same kind, and nobody else has it.
        if context.compresses {
            unsafe _ = ZSTD_freeCCtx(context.pointer)
        } else {
            unsafe _ = ZSTD_freeDCtx(context.pointer)
        }
    }
}
