/// One file as a disk may have it: what was written, and what of it would be there after a power loss.
///
/// A sector is all old or all new; sectors of one write are independent of each other, so a write can be lost, kept or torn.
/// ```
/// written:   v0 ──write──▶ v1 ──write──▶ v2      unsynced: any of v0, v1, v2 may be on disk
///            sync succeeds: v2 is all there is    sync fails: as unsynced, and no later sync helps until it is written again
/// ```
/// The last rule is Linux's: pages whose writing-back failed are marked clean, and the next fsync has nothing to do
/// (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
struct FileModel {
    private struct Version {
        var bytes: [UInt8]
        /// The bytes that a truncation cut off are gone only if the truncation has happened: index into `sizes`.
        var leastSize = 0
    }

    let sectorSize: Int
    /// What a reader sees while the machine runs.
    private(set) var content: [UInt8] = []
    /// The durable size, then each size since.
    private var sizes = [0]
    private var unsynced: [Int: [Version]] = [:]
    private var doubtful: [Int: [Version]] = [:]

    /// An empty file, durable as such.
    init(sectorSize: Int) { self.sectorSize = sectorSize }

    /// A file that has been there for long.
    init(durable content: [UInt8], sectorSize: Int) {
        self.sectorSize = sectorSize
        self.content = content
        sizes = [content.count]
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard !bytes.isEmpty else { return }
        let sectors = offset / sectorSize...(offset + bytes.count - 1) / sectorSize
        remember(sectors)
        if content.count < offset + bytes.count {
            content.append(contentsOf: [UInt8](repeating: 0, count: offset + bytes.count - content.count))
            sizes.append(content.count)
        }
        content.withUnsafeMutableBytes { $0[offset..<offset + bytes.count].copyBytes(from: bytes) }
        add(sectors)
    }

    mutating func truncate(to size: Int) {
        guard size != content.count else { return }
        if size > content.count {
            content.append(contentsOf: [UInt8](repeating: 0, count: size - content.count))
            sizes.append(size)
            return
        }
        let sectors = size / sectorSize...(content.count - 1) / sectorSize
        remember(sectors)
        content.removeLast(content.count - size)
        add(sectors, leastSize: sizes.count)
        sizes.append(size)
    }

    mutating func sync(succeeds: Bool) {
        guard succeeds else {
            doubtful.merge(unsynced) { $1 }
            unsynced = [:]
            return
        }
        for sector in unsynced.keys { doubtful[sector] = nil }
        unsynced = [:]
        sizes = [content.count]
        for sector in doubtful.keys {
            for index in doubtful[sector, default: []].indices { doubtful[sector]?[index].leastSize = 0 }
        }
    }

    /// Damage on the medium itself: it is in what is read now and in what is left after a power loss.
    mutating func flip(bit: Int, ofByte byte: Int) {
        content[byte] ^= 1 << UInt8(bit)
        unsynced[byte / sectorSize] = nil
        doubtful[byte / sectorSize] = nil
    }

    /// How far writes have got when the power goes.
    struct Progress {
        /// The chance of a sector to be in its last state.
        let newest: Double
        /// Else, the chance of any of its states, if not the durable one.
        let between: Double

        /// Uniform coins would hardly ever lose, or keep, everything of a long series of writes.
        init(using generator: inout some RandomNumberGenerator) {
            let chances: [Double] = [0, 0.05, 0.5, 0.95, 1]
            newest = chances[Int.random(in: chances.indices, using: &generator)]
            between = Bool.random(using: &generator) ? 0 : 0.5
        }
    }

    /// What could be on disk if the power went now.
    func afterPowerLoss(_ progress: Progress, using generator: inout some RandomNumberGenerator) -> [UInt8] {
        let size = pick(sizes.count, progress, using: &generator)
        var image = Array(content.prefix(sizes[size]))
        image.append(contentsOf: [UInt8](repeating: 0, count: sizes[size] - image.count))
        for sector in Set(unsynced.keys).union(doubtful.keys).sorted() {
            let versions = (unsynced[sector] ?? doubtful[sector] ?? []).filter { $0.leastSize <= size }
            let version = versions[pick(versions.count, progress, using: &generator)]
            let start = sector * sectorSize
            guard start < image.count else { continue }
            let bytes = version.bytes + [UInt8](repeating: 0, count: sectorSize - version.bytes.count)
            let end = min(start + sectorSize, image.count)
            image.replaceSubrange(start..<end, with: bytes.prefix(end - start))
        }
        return image
    }

    /// An index below `count`: the last is the newest state.
    private func pick(_ count: Int, _ progress: Progress, using generator: inout some RandomNumberGenerator) -> Int {
        if Double.random(in: 0..<1, using: &generator) < progress.newest { return count - 1 }
        let isBetween = Double.random(in: 0..<1, using: &generator) < progress.between
        return isBetween ? Int.random(in: 0..<count, using: &generator) : 0
    }

    private mutating func remember(_ sectors: ClosedRange<Int>) {
        for sector in sectors where unsynced[sector] == nil {
            unsynced[sector] = doubtful[sector] ?? [Version(bytes: current(sector))]
        }
    }

    /// The sectors as they are now, after those that `remember` kept.
    private mutating func add(_ sectors: ClosedRange<Int>, leastSize: Int = 0) {
        for sector in sectors {
            let version = Version(bytes: current(sector), leastSize: leastSize)
            unsynced[sector]?.append(version)
        }
    }

    private func current(_ sector: Int) -> [UInt8] {
        let start = min(sector * sectorSize, content.count)
        return Array(content[start..<min(start + sectorSize, content.count)])
    }
}
