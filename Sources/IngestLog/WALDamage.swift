import Foundation

/// A frame of `log.sqlite-wal` that is not what was written, although what follows it is.
///
/// SQLite reads a WAL up to the first frame whose checksum is wrong, takes it for the remains of a commit that was under way,
/// and drops it and all that follows (https://sqlite.org/walformat.html). Where whole commits follow, it was not: each was
/// synced before the next began, so the frame was good once, and acknowledged requests go with it. A frame's checksum is
/// seeded with the one *stored* in the frame before, so that those that follow can still be checked.
///
///     header: magic, version, page size, sequence, salt 1, salt 2, checksum 1, checksum 2        8 × 4 bytes, big endian
///     frame:  page number, size of the database if it ends a commit, else 0, salts, checksums     6 × 4 bytes, and a page
struct WALDamage: Error, CustomStringConvertible, Equatable {
    /// From 1; 0 for the header.
    let frame: Int
    /// Intact frames behind it.
    let following: Int

    var description: String { "\(words); the file was copied to log.sqlite-wal\(WALDamage.copySuffix)" }

    var words: String {
        """
        log.sqlite-wal: frame \(frame) is damaged and SQLite does not read on from there; \(following) intact frames of \
        acknowledged requests follow
        """
    }

    static let copySuffix = ".damaged"
    private static let headerSize = 32
    private static let frameHeaderSize = 24

    /// Looks through the WAL of a database that is not open. O(bytes). Nil if all that was committed can be read, as far as
    /// one can tell: damage to the newest commit looks like a commit that was under way.
    static func find(in wal: [UInt8]) -> WALDamage? {
        wal.withUnsafeBytes { bytes in
            guard bytes.count > headerSize else { return nil }
            let magic = word(bytes, 0)
            let pageSize = Int(word(bytes, 8))
            guard magic & ~1 == 0x377f_0682, (512...65536).contains(pageSize), pageSize.nonzeroBitCount == 1,
                checksum(bytes, 0..<24, isBigEndian: magic & 1 == 1, from: (0, 0)) == pair(bytes, 24)
            else {
                // A header is smaller than a sector: it is written as a whole or not at all.
                return WALDamage(frame: 0, following: (bytes.count - headerSize) / (frameHeaderSize + 4096))
            }
            let frameSize = frameHeaderSize + pageSize
            var bad: [Int] = []
            var hasEnded = false
            var following = 0
            var seed = pair(bytes, 24)
            for frame in 0..<(bytes.count - headerSize) / frameSize {
                let start = headerSize + frame * frameSize
                let isOurs = pair(bytes, start + 8) == pair(bytes, 16)
                var sum = checksum(bytes, start..<start + 8, isBigEndian: magic & 1 == 1, from: seed)
                sum = checksum(
                    bytes, start + frameHeaderSize..<start + frameSize, isBigEndian: magic & 1 == 1, from: sum)
                seed = pair(bytes, start + 16)
                if isOurs, sum == seed {
                    if hasEnded { following += 1 }
                } else {
                    // One frame, and the next if the checksum itself was hit; more are an end and what an older end left.
                    bad.append(frame)
                    if bad.count > 2 || frame - bad[0] > 1 { break }
                }
                let endsCommit = word(bytes, start + 4) != 0
                if endsCommit, let first = bad.first, bad.count == 1 || frame > first + 1 { hasEnded = true }
            }
            return following > 0 ? bad.first.map { WALDamage(frame: $0 + 1, following: following) } : nil
        }
    }

    private static func pair(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Sum {
        Sum(word(bytes, offset), word(bytes, offset + 4))
    }

    private struct Sum: Equatable {
        var first: UInt32
        var second: UInt32

        init(_ first: UInt32, _ second: UInt32) {
            self.first = first
            self.second = second
        }
    }

    /// The checksum of the WAL format over a multiple of 8 bytes.
    private static func checksum(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isBigEndian: Bool, from seed: (UInt32, UInt32)
    ) -> Sum { checksum(bytes, range, isBigEndian: isBigEndian, from: Sum(seed.0, seed.1)) }

    private static func checksum(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isBigEndian: Bool, from seed: Sum
    ) -> Sum {
        var sum = seed
        var offset = range.lowerBound
        while offset < range.upperBound {
            let a = word(bytes, offset)
            let b = word(bytes, offset + 4)
            sum.first &+= (isBigEndian ? a : a.byteSwapped) &+ sum.second
            sum.second &+= (isBigEndian ? b : b.byteSwapped) &+ sum.first
            offset += 8
        }
        return sum
    }

    /// In bounds: callers stay within whole frames, and the subscript of the buffer is checked in debug builds.
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

extension WALDamage {
    /// Looks at the WAL that an earlier process left in the folder, and keeps a copy of a damaged one before SQLite opens,
    /// shortens and overwrites it.
    static func findAndKeepCopy(in folder: String) throws -> WALDamage? {
        let path = "\(folder)/\(LogDatabase.fileName)-wal"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let wal = try Data(contentsOf: URL(fileURLWithPath: path))
        guard let damage = find(in: [UInt8](wal)) else { return nil }
        try wal.write(to: URL(fileURLWithPath: path + copySuffix))
        return damage
    }
}
