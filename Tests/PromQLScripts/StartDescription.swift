import Foundation
import TelemetryModel
import TimeSeriesStore

/// One line of a script that says when the counting of a series' samples began, each relative to the time of the sample:
/// `metric{a="b"}@st _ -30s-1mx2 0`.
struct StartDescription {
    let labels: LabelSet
    /// Milliseconds; nil where nothing is known.
    let offsets: [Int64?]

    static func isOne(_ line: String) -> Bool { line.contains("@st ") || line.contains("@st\t") }

    init(_ line: String) throws {
        guard let marker = line.range(of: "@st") else {
            throw SeriesDescription.ParseError(description: "not a line of start times: \(line)")
        }
        labels = try SeriesDescription(String(line[..<marker.lowerBound])).labels
        offsets = try line[marker.upperBound...].split(whereSeparator: \.isWhitespace).flatMap(Self.offsets)
    }

    /// For samples that are `interval` milliseconds apart from 0 on.
    func columns(_ interval: Int64) -> StartColumns {
        var columns = StartColumns()
        for (index, offset) in offsets.enumerated() {
            guard let offset else { continue }
            columns.timestamps.append(Int64(index) * interval)
            columns.starts.append(Int64(index) * interval + offset)
        }
        return columns
    }

    private static func offsets(_ word: Substring) throws -> [Int64?] {
        if word.hasPrefix("_") { return [Int64?](repeating: nil, count: try SeriesDescription.gap(word)) }
        let parts = word.split(separator: "x", maxSplits: 1, omittingEmptySubsequences: false)
        let (start, step) = try startAndStep(parts[0])
        guard parts.count == 2 else { return [start] }
        return (0...(try SeriesDescription.repetitions(parts[1]))).map { start + Int64($0) * step }
    }

    /// `-30s-1m` is 30 s before, and a minute less with every sample.
    private static func startAndStep(_ text: Substring) throws -> (Int64, Int64) {
        guard let sign = text.dropFirst().lastIndex(where: { $0 == "+" || $0 == "-" }) else {
            return (try SeriesDescription.signedDuration(text), 0)
        }
        return (
            try SeriesDescription.signedDuration(text[..<sign]), try SeriesDescription.signedDuration(text[sign...])
        )
    }
}
