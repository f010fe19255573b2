package import TestSupport

/// Small changes to bytes, of the kinds that break decoders: flipped bits, cuts, splices, tokens, numbers of other lengths.
package struct ByteMutation {
    /// Bytes; inputs do not grow beyond it.
    package static let longest = 4096

    package var random: SeededGenerator

    package init(_ random: SeededGenerator) { self.random = random }

    /// - Parameters:
    ///   - corpus: what parts of others are taken from.
    ///   - tokens: of the format.
    package mutating func mutated(_ input: [UInt8], corpus: [[UInt8]], tokens: [String]) -> [UInt8] {
        var bytes = input
        for _ in 0..<Int.random(in: 1...4, using: &random) { change(&bytes, corpus, tokens) }
        return Array(bytes.prefix(ByteMutation.longest))
    }

    private mutating func change(_ bytes: inout [UInt8], _ corpus: [[UInt8]], _ tokens: [String]) {
        let start = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 0...12, using: &random))
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1:
            guard start < bytes.count else { return }
            bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2:
            guard start < bytes.count else { return }
            bytes[start] = [0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x22].randomElement(using: &random) ?? 0
        case 3: bytes.removeSubrange(start..<end)
        case 4: bytes.removeSubrange(start...)
        case 5: bytes.insert(contentsOf: bytes[start..<end], at: start)
        case 6: bytes.replaceSubrange(start..<end, with: varint())
        case 7: addToLength(&bytes, start)
        case 8:
            let other = corpus.randomElement(using: &random) ?? []
            bytes.replaceSubrange(start..., with: other.dropFirst(Int.random(in: 0...other.count, using: &random)))
        case 9:
            let other = corpus.randomElement(using: &random) ?? []
            let from = Int.random(in: 0...other.count, using: &random)
            bytes.insert(contentsOf: other[from...].prefix(Int.random(in: 0...64, using: &random)), at: start)
        default:
            let token = tokens.randomElement(using: &random).map { Array($0.utf8) } ?? varint()
            bytes.replaceSubrange(start..<(Bool.random(using: &random) ? end : start), with: token)
        }
    }

    /// A number as protocol buffers have it, mostly one at the edge of a type.
    private mutating func varint() -> [UInt8] {
        let edges: [UInt64] = [0, 1, 127, 128, 255, 65_535, 1 << 31 - 1, 1 << 31, 1 << 32, 1 << 63 - 1, 1 << 63, .max]
        var rest = (edges.randomElement(using: &random) ?? 0) &+ UInt64.random(in: 0...1, using: &random)
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// Changes a byte that may be a length by a little, as bytes before or behind it come or go.
    private mutating func addToLength(_ bytes: inout [UInt8], _ start: Int) {
        guard start < bytes.count else { return }
        let change = Int.random(in: -3...3, using: &random)
        bytes[start] = UInt8(truncatingIfNeeded: Int(bytes[start]) + change)
        let place = min(bytes.count, start + 1 + Int.random(in: 0...8, using: &random))
        if change > 0 {
            bytes.insert(contentsOf: [UInt8](repeating: 0, count: change), at: place)
        } else if Bool.random(using: &random) {
            bytes.removeSubrange(place..<min(bytes.count, place - change))
        }
    }
}
