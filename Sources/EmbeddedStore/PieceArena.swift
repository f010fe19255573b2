/// Memory for the head's compressed columns: pieces of 96 bytes cut from larger slabs, chained by number.
///
///     ┌───────────────── 23 words of 32 bits ─────────────────┬ piece before ┐
///
/// A column takes pieces as it grows and gives all back at once, so that there is neither a block of the allocator per column
/// nor unused room for growth. Not thread-safe: its shard's lock guards it.
struct PieceArena: ~Copyable {
    static let wordsPerPiece = 23
    static let payloadBytes = wordsPerPiece * 4
    static let pieceBytes = payloadBytes + 4
    private static let piecesPerSlab = 340

    private var slabs: [UnsafeMutableRawPointer] = []
    private var freeList = PieceNumber.none
    private var freeCount = 0

    init() {}

    deinit { for slab in slabs { slab.deallocate() } }

    /// Bytes taken from the system.
    var allocatedBytes: Int { slabs.count * PieceArena.piecesPerSlab * PieceArena.pieceBytes }
    /// Bytes in pieces that a column holds.
    var usedBytes: Int { allocatedBytes - freeCount * PieceArena.pieceBytes }

    /// A piece whose content is undefined and which leads back to `previous`.
    mutating func take(after previous: PieceNumber) -> PieceNumber {
        if freeList == .none { addSlab() }
        let piece = freeList
        freeList = predecessor(of: piece)
        freeCount -= 1
        link(piece, to: previous)
        return piece
    }

    /// Gives back a piece and all that it leads back to.
    mutating func release(endingWith last: PieceNumber) {
        var piece = last
        while piece != .none {
            let previous = predecessor(of: piece)
            link(piece, to: freeList)
            freeList = piece
            freeCount += 1
            piece = previous
        }
    }

    private func predecessor(of piece: PieceNumber) -> PieceNumber {
        PieceNumber(rawValue: address(piece).load(fromByteOffset: PieceArena.payloadBytes, as: UInt32.self))
    }

    private func link(_ piece: PieceNumber, to previous: PieceNumber) {
        address(piece).storeBytes(of: previous.rawValue, toByteOffset: PieceArena.payloadBytes, as: UInt32.self)
    }

    /// Writes a word as four bytes, most significant first. `index` is below `wordsPerPiece`.
    @inline(__always)
    func store(_ word: UInt32, at index: Int, in piece: PieceNumber) {
        address(piece).storeBytes(of: word.bigEndian, toByteOffset: index &* 4, as: UInt32.self)
    }

    /// Copies the payloads of a chain, the oldest piece first, to the begin of `target`: `lastBytes` of the last piece, all of
    /// the others, `size` in all, for which there must be room.
    func copy(endingWith last: PieceNumber, lastBytes: Int, into target: UnsafeMutableRawBufferPointer, size: Int) {
        precondition(size <= target.count, "a column is copied to where it fits")
        var piece = last
        var end = size
        var count = lastBytes
        while piece != .none, end >= count {
            UnsafeMutableRawBufferPointer(rebasing: target[end - count..<end]).copyMemory(
                from: UnsafeRawBufferPointer(start: address(piece), count: count))
            end -= count
            count = PieceArena.payloadBytes
            piece = predecessor(of: piece)
        }
    }

    /// In bounds: numbers come from `take`, so their slab exists, and a piece lies whole within its slab.
    @inline(__always)
    private func address(_ piece: PieceNumber) -> UnsafeMutableRawPointer {
        let number = Int(piece.rawValue)
        return slabs[number / PieceArena.piecesPerSlab]
            + number % PieceArena.piecesPerSlab &* PieceArena.pieceBytes
    }

    private mutating func addSlab() {
        let first = slabs.count * PieceArena.piecesPerSlab
        precondition(first + PieceArena.piecesPerSlab < Int(UInt32.max), "a shard's memory is numbered with 32 bits")
        slabs.append(
            .allocate(byteCount: PieceArena.piecesPerSlab * PieceArena.pieceBytes, alignment: 32))
        for number in (first..<first + PieceArena.piecesPerSlab).reversed() {
            let piece = PieceNumber(rawValue: UInt32(number))
            link(piece, to: freeList)
            freeList = piece
        }
        freeCount += PieceArena.piecesPerSlab
    }
}

// Safe: the pointers are reached through the arena only, which is never copied and lives in its shard's lock.
extension PieceArena: @unchecked Sendable {}

/// A piece of a `PieceArena`.
struct PieceNumber: Equatable, Sendable {
    let rawValue: UInt32

    static let none = PieceNumber(rawValue: .max)
}
