import Foundation

/// One bit of a file that is to be, or was, turned over.
package struct BitFlip: Sendable, CustomStringConvertible {
    package let byte: Int
    /// 0 to 7, from the least significant.
    package let bit: Int

    package init(byte: Int, bit: Int) {
        self.byte = byte
        self.bit = bit
    }

    /// Any bit of the bytes.
    package init(within bytes: Range<Int>, using generator: inout some RandomNumberGenerator) {
        self.init(byte: Int.random(in: bytes, using: &generator), bit: Int.random(in: 0..<8, using: &generator))
    }

    /// A bit of a byte that is not zero: most of a small database is empty, and there a bit makes no difference. Every other
    /// time in the head of a page, where the pages' own structure is.
    package init(inContentOf path: String, using generator: inout some RandomNumberGenerator) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        guard bytes.contains(where: { $0 != 0 }) else { throw CocoaError(.fileReadCorruptFile) }
        let wantsHead = generator.next() % 2 == 0
        var byte = 0
        repeat {
            byte = Int.random(in: bytes.indices, using: &generator)
            if wantsHead { byte = byte / 4096 * 4096 + byte % 120 }
        } while byte >= bytes.count || bytes[byte] == 0
        self.init(byte: byte, bit: Int.random(in: 0..<8, using: &generator))
    }

    package var description: String { "bit \(bit) of byte \(byte)" }

    /// Turns the bit over in place.
    package func apply(to path: String) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(byte))
        guard let old = try file.read(upToCount: 1)?.first else { throw CocoaError(.fileReadCorruptFile) }
        try file.seek(toOffset: UInt64(byte))
        try file.write(contentsOf: Data([old ^ (1 << UInt8(bit))]))
    }
}
