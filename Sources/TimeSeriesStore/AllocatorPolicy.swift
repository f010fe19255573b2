#if canImport(Glibc)
    import CMalloc
#endif

/// How the process deals with memory that it has freed.
package enum AllocatorPolicy {
    /// Bytes of free memory at the end of a heap that stay with the process.
    private static let keptBytes: Int32 = 64 << 20
    /// Allocations from this size on are the kernel's.
    private static let mappedBytes: Int32 = 16 << 20

    /// Has the allocator keep what it gets back instead of returning it to the kernel at once. Queries take and give back
    /// megabytes per series; fetching each page anew, zeroed, took longer than the work on it. To be called once, at start.
    package static func keepFreed() {
        #if canImport(Glibc)
            // Values that glibc refuses leave its own in force.
            _ = mallopt(M_TRIM_THRESHOLD, keptBytes)
            _ = mallopt(M_MMAP_THRESHOLD, mappedBytes)
        #endif
    }
}
