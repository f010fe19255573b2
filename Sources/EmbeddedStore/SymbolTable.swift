import TelemetryModel

/// Label pairs by number, each kept once however many series have it. Numbers are dense from 0 and never reused.
///
/// Names and values are told apart byte by byte; `String`'s own equality would take canonically equivalent ones for the same.
struct SymbolTable: Sendable {
    private(set) var pairs: [Label] = []
    private var hashes: [UInt32] = []
    /// Open addressing with linear probing: pair number + 1, or 0. A power of two long, at most three quarters full.
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 64)

    var count: Int { pairs.count }
    /// Bytes beside the strings' own storage.
    var byteCount: Int { pairs.capacity * MemoryLayout<Label>.stride + (hashes.capacity + slots.capacity) * 4 }

    func number(of label: Label) -> UInt32? {
        let hash = SymbolTable.hash(label)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = slots[slot] - 1
            if hashes[Int(number)] == hash, pairs[Int(number)].isIdentical(to: label) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// - Returns: the pair's number, and whether it is new.
    mutating func insert(_ label: Label) -> (number: UInt32, isNew: Bool) {
        if let known = number(of: label) { return (known, false) }
        let number = UInt32(pairs.count)
        pairs.growBySixteenths()
        pairs.append(label)
        hashes.growBySixteenths()
        hashes.append(SymbolTable.hash(label))
        if pairs.count * 4 > slots.count * 3 {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for known in 0..<number { place(known) }
        }
        place(number)
        return (number, true)
    }

    private mutating func place(_ number: UInt32) {
        var slot = Int(hashes[Int(number)]) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = number + 1
    }

    /// FNV-1a (draft-eastlake-fnv) with a final mix.
    private static func hash(_ label: Label) -> UInt32 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in label.name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ 0xFF) &* 0x100_0000_01b3
        for byte in label.value.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }
}

extension Label {
    /// Byte by byte.
    func isIdentical(to other: Label) -> Bool {
        name.comparedByBytes(with: other.name) == 0 && value.comparedByBytes(with: other.value) == 0
    }

    /// Name before value, bytewise: the order of labels in `LabelSet`'s own order.
    func isOrdered(before other: Label) -> Bool {
        let names = name.comparedByBytes(with: other.name)
        return names == 0 ? value.isOrderedBeforeByBytes(other.value) : names < 0
    }
}
