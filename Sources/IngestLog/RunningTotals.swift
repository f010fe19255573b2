package import TelemetryModel

/// How many records were ever accepted, per protocol, through some batch of the log.
///
/// Each batch's row carries them, so that the records between two offsets are a difference of two rows, at any size of the
/// log; and a batch that is missing or unreadable still says how many records it had, by its neighbours.
package struct RunningTotals: Sendable, Equatable {
    private var counts: [Int]

    init() { counts = Array(repeating: 0, count: IngestProtocol.allCases.count) }

    package subscript(ingestProtocol: IngestProtocol) -> Int {
        get { counts[RunningTotals.index(of: ingestProtocol)] }
        set { counts[RunningTotals.index(of: ingestProtocol)] = newValue }
    }

    /// More than was ever accepted is damage. Sums and differences of what is in here do not overflow.
    static let possibleCounts = 0...(1 << 53)

    package var sum: Int { counts.reduce(0, &+) }

    static func + (a: RunningTotals, b: RunningTotals) -> RunningTotals {
        var sum = a
        for index in a.counts.indices { sum.counts[index] = a.counts[index] &+ b.counts[index] }
        return sum
    }

    static func - (a: RunningTotals, b: RunningTotals) -> RunningTotals {
        var difference = a
        for index in a.counts.indices { difference.counts[index] = a.counts[index] &- b.counts[index] }
        return difference
    }

    /// Whether no protocol has fewer than none: a difference of damaged totals can.
    var isPlausible: Bool { counts.allSatisfy { $0 >= 0 } }

    /// Codes are given out from 1 on without gaps.
    private static func index(of ingestProtocol: IngestProtocol) -> Int { Int(ingestProtocol.rawValue) - 1 }
}

/// The form in `batch.totals`: a JSON object of protocol codes, `{"1":5000,"2":12}`, without those that have none.
extension RunningTotals {
    var text: String {
        var text = "{"
        for ingestProtocol in IngestProtocol.allCases where self[ingestProtocol] != 0 {
            if text.utf8.count > 1 { text += "," }
            text += "\"\(ingestProtocol.rawValue)\":\(self[ingestProtocol])"
        }
        return text + "}"
    }

    /// Nil for anything that `text` did not make.
    init?(text: String) {
        self.init()
        guard text.hasPrefix("{"), text.hasSuffix("}"), text.utf8.count >= 2 else { return nil }
        for pair in text.utf8.dropFirst().dropLast().split(separator: UInt8(ascii: ",")) {
            let parts = pair.split(separator: UInt8(ascii: ":"), maxSplits: 1)
            guard parts.count == 2, parts[0].first == UInt8(ascii: "\""), parts[0].last == UInt8(ascii: "\""),
                let code = UInt8(String(parts[0].dropFirst().dropLast()) ?? ""),
                let known = IngestProtocol(rawValue: code),
                let records = Int(String(parts[1]) ?? ""), RunningTotals.possibleCounts.contains(records)
            else { return nil }
            self[known] = records
        }
    }
}
