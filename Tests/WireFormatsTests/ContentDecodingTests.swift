import TestSupport
import Testing
import WireFormats

@Suite struct ContentDecodingTests {
    private let text = Array("hello, telemetry".utf8)
    private let gzip = [UInt8](hex: "1f8b0800000000000203cb48cdc9c9d7512849cd49cd4d2d29aa04003e10355710000000")
    private let zlib = [UInt8](hex: "789ccb48cdc9c9d7512849cd49cd4d2d29aa04003333063c")
    private let deflate = [UInt8](hex: "cb48cdc9c9d7512849cd49cd4d2d29aa0400")
    private let empty = [UInt8](hex: "1f8b080000000000020303000000000000000000")
    /// A megabyte of zeros as gzip writes it, in 1051 bytes.
    private let bomb =
        [UInt8](hex: "1f8b0800000000000203edc13101000000c2a0f54f6d085fa0") + [UInt8](repeating: 0, count: 1016)
        + [UInt8](hex: "3e031cea38a700001000")

    /// As `zstd --check` writes them.
    private let zstdText = [UInt8](hex: "28b52ffd046881000068656c6c6f2c2074656c656d65747279af8fb984")
    private let zstdBomb = [UInt8](
        hex: "28b52ffd04585400001000000100fbff39c00202001000020010000200100002001000020010000200100003001000f13e16e1")

    private func gunzip(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
        try ContentDecoding.gunzip(bytes.span, limit: limit)
    }

    private func inflate(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
        try ContentDecoding.inflate(bytes.span, limit: limit)
    }

    @Test func gzipIsReadWhole() throws {
        #expect(try gunzip(gzip, limit: 1000) == text)
        #expect(try gunzip(empty, limit: 1000) == [])
        #expect(try gunzip(empty, limit: 0) == [])
        #expect(try gunzip(bomb, limit: 1 << 20) == [UInt8](repeating: 0, count: 1 << 20))
    }

    @Test func membersFollowOneAnother() throws {
        let members = gzip + empty + gzip
        #expect(try gunzip(members, limit: 1000) == text + text)
    }

    @Test func deflateIsZlibOrBare() throws {
        #expect(try inflate(zlib, limit: 1000) == text)
        #expect(try inflate(deflate, limit: 1000) == text)
    }

    private func zstd(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
        try ContentDecoding.zstd(bytes.span, limit: limit)
    }

    @Test func zstdFramesFollowOneAnother() throws {
        #expect(try zstd(zstdText, limit: 1000) == text)
        #expect(try zstd(zstdText + zstdText, limit: 1000) == text + text)
        #expect(try zstd(zstdBomb, limit: 1 << 20) == [UInt8](repeating: 0, count: 1 << 20))
        for limit in 0..<text.count {
            #expect(throws: ContentDecodingError.tooLarge(limit: limit)) { try zstd(zstdText, limit: limit) }
        }
        for limit in [0, 1, 65_536, (1 << 20) - 1, 3 << 20] {
            let bombs = Array(repeatElement(zstdBomb, count: 64).joined())
            #expect(throws: ContentDecodingError.tooLarge(limit: limit)) { try zstd(bombs, limit: limit) }
        }
    }

    @Test func brokenZstdIsRefused() {
        for length in 0..<zstdText.count {
            #expect(throws: ContentDecodingError.truncated) { try zstd(Array(zstdText.prefix(length)), limit: 1000) }
        }
        // Each byte counts, for there is a checksum, but those that say what is there and how large a window is needed.
        for index in zstdText.indices where index != 4 && index != 5 {
            var broken = zstdText
            broken[index] ^= 0x41
            #expect(throws: ContentDecodingError.self, "\(index)") { try zstd(broken, limit: 1 << 16) }
        }
        // A window of 2 GB, which HTTP does not allow.
        #expect(throws: ContentDecodingError.self) { try zstd([UInt8](hex: "28b52ffd04a80100006101"), limit: 1 << 16) }
    }

    @Test func snappyIsOneBlock() throws {
        let block = Snappy.compress(text.span)
        #expect(try ContentDecoding.snappy(block.span, limit: text.count) == text)
        #expect(throws: ContentDecodingError.tooLarge(limit: 3)) { try ContentDecoding.snappy(block.span, limit: 3) }
        #expect(throws: ContentDecodingError.self) { try ContentDecoding.snappy(gzip.span, limit: 1000) }
    }

    @Test func theLimitIsInclusive() throws {
        #expect(try gunzip(gzip, limit: text.count) == text)
        for limit in 0..<text.count {
            #expect(throws: ContentDecodingError.tooLarge(limit: limit)) {
                try gunzip(gzip, limit: limit)
            }
            #expect(throws: ContentDecodingError.tooLarge(limit: limit)) {
                try inflate(zlib, limit: limit)
            }
        }
    }

    @Test func aBombStopsAtTheLimit() {
        // A gigabyte in a megabyte.
        let bombs = Array(repeatElement(bomb, count: 1024).joined())
        for limit in [0, 1, 4096, 65_536, (1 << 20) - 1, 1 << 20, 3 << 20] {
            #expect(throws: ContentDecodingError.tooLarge(limit: limit)) {
                try gunzip(bombs, limit: limit)
            }
        }
    }

    @Test func everyPrefixIsTruncated() {
        for length in gzip.indices {
            #expect(throws: ContentDecodingError.truncated, "\(length)") {
                try gunzip(Array(gzip[..<length]), limit: 1000)
            }
        }
        for length in zlib.indices.dropFirst(2) {
            #expect(throws: ContentDecodingError.truncated, "\(length)") {
                try inflate(Array(zlib[..<length]), limit: 1000)
            }
        }
    }

    @Test func everyFlippedBitIsFoundOrHarmless() {
        for index in gzip.indices {
            for bit in 0..<8 {
                var damaged = gzip
                damaged[index] ^= 1 << UInt8(bit)
                let output = try? gunzip(damaged, limit: 100_000)
                // Only these may change without harm: bytes 3…9 of the header (flags, time, system), and the bits that
                // fill up the last byte before the checksum and the length, eight bytes from the end.
                let isSpare = (3...9).contains(index) || index == gzip.count - 9
                #expect(output == nil || output == text && isSpare, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func whatIsNotCompressedIsCorrupt() {
        func detail(_ bytes: [UInt8]) -> String {
            do {
                return "read: \(try gunzip(bytes, limit: 1000))"
            } catch {
                return "\(error)"
            }
        }
        #expect(detail(Array("{\"source_id\":1}".utf8)).contains("incorrect header check"))
        #expect(detail(zlib).contains("incorrect header check"))
        #expect(detail(gzip + [0]).contains("after its end"))
        #expect(detail(gzip + Array("text".utf8)).contains("after its end"))
        #expect(throws: ContentDecodingError.self) { try inflate(zlib + [0], limit: 1000) }
    }

    @Test func randomBytesNeverTrap() {
        var generator = SeededGenerator.seeded("randomBytesNeverTrap")
        for _ in 0..<2000 {
            let count = Int.random(in: 0...60, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            for head in [[], Array(gzip.prefix(10)), Array(zlib.prefix(2))] {
                let body = head + bytes
                _ = try? gunzip(body, limit: 10_000)
                _ = try? inflate(body, limit: 10_000)
            }
        }
    }
}
