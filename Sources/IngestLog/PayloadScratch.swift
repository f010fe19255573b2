import CZstd
import Synchronization

/// Memory and zstd contexts for one payload at a time, kept from payload to payload: making them anew would cost more than
/// the work itself.
///
/// Not thread-safe; `borrow` hands each to one caller.
final class PayloadScratch {
    /// One byte a value.
    private(set) var controls: UnsafeMutablePointer<UInt8>
    /// One byte a value.
    private(set) var leading: UnsafeMutablePointer<UInt8>
    /// Eight bytes a value, and eight more, so that whole words can be stored and loaded up to the end.
    private(set) var trailing: UnsafeMutableRawPointer
    private var packed: UnsafeMutablePointer<UInt8>
    private var packedCapacity: Int
    private var capacity: Int
    private var compressor: OpaquePointer?
    private var decompressor: OpaquePointer?

    private init() {
        capacity = 8192
        packedCapacity = ZSTD_compressBound(capacity)
        controls = .allocate(capacity: capacity)
        leading = .allocate(capacity: capacity)
        trailing = .allocate(byteCount: capacity * 8 + 8, alignment: 8)
        packed = .allocate(capacity: packedCapacity)
    }

    deinit {
        release()
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    private func release() {
        controls.deallocate()
        leading.deallocate()
        trailing.deallocate()
        packed.deallocate()
    }

    /// Makes room for `count` values; what was in the memory is gone.
    func reserve(_ count: Int) {
        guard count > capacity else { return }
        release()
        capacity = count
        packedCapacity = ZSTD_compressBound(capacity)
        controls = .allocate(capacity: capacity)
        leading = .allocate(capacity: capacity)
        trailing = .allocate(byteCount: capacity * 8 + 8, alignment: 8)
        packed = .allocate(capacity: packedCapacity)
    }

    /// The bytes as one zstd frame of level 1, valid until the next call; nil if that is not smaller. `count` ≤ what was
    /// reserved.
    func compress(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> UnsafeBufferPointer<UInt8>? {
        if compressor == nil { compressor = ZSTD_createCCtx() }
        guard let compressor else { return nil }
        let size = ZSTD_compressCCtx(compressor, packed, packedCapacity, bytes, count, 1)
        guard ZSTD_isError(size) == 0, size < count else { return nil }
        return UnsafeBufferPointer(start: packed, count: size)
    }

    /// Whether `frame` is a zstd frame of exactly `count` bytes, which are then in `target`. `count` ≤ what was reserved.
    func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutablePointer<UInt8>, _ count: Int) -> Bool {
        if decompressor == nil { decompressor = ZSTD_createDCtx() }
        guard let decompressor else { return false }
        let size = ZSTD_decompressDCtx(decompressor, target, count, frame.baseAddress, frame.count)
        return ZSTD_isError(size) == 0 && size == count
    }

    /// Scratches that nobody uses. Sent between threads, never shared: `borrow` takes one out while it is used.
    private struct Idle: @unchecked Sendable {
        var scratches: [PayloadScratch] = []
    }

    private static let idle = Mutex(Idle())
    /// As many as threads can usefully encode at the same time; and none that one giant request has blown up.
    private static let maximumIdle = 8
    private static let maximumIdleCapacity = 200_000

    static func borrow<Result, Failure: Error>(
        _ body: (PayloadScratch) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let scratch = take()
        defer { giveBack(scratch) }
        return try body(scratch)
    }

    private static func take() -> PayloadScratch {
        let boxed = idle.withLock { idle in Taken(scratch: idle.scratches.popLast()) }
        return boxed.scratch ?? PayloadScratch()
    }

    private static func giveBack(_ scratch: PayloadScratch) {
        guard scratch.capacity <= maximumIdleCapacity else { return }
        let boxed = Taken(scratch: scratch)
        idle.withLock { idle in
            guard idle.scratches.count < maximumIdle, let scratch = boxed.scratch else { return }
            idle.scratches.append(scratch)
        }
    }

    /// Carries a scratch over the lock's boundary; there is one owner before and one after.
    private struct Taken: @unchecked Sendable {
        let scratch: PayloadScratch?
    }
}
