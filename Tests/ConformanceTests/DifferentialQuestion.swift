import PromQLEngine
import PromQLScripts
import TelemetryModel
import TimeSeriesStore

/// One query with its moment or range.
struct DifferentialQuestion: CustomStringConvertible {
    let query: DifferentialQueries.Query
    /// Milliseconds since 1970.
    private let from: Int64
    /// Nil: an instant query.
    private let range: (through: Int64, step: Int64)?

    init(_ queries: inout DifferentialQueries) {
        query = queries.next()
        // On half seconds, from before the first sample on to after the last.
        from = DifferentialData.start + Int64.random(in: -120...3000, using: &queries.random) * 1000 + 500
        if query.isRangeVector || Bool.random(using: &queries.random) {
            range = nil
        } else {
            let step = Int64.random(in: 5...240, using: &queries.random) * 1000
            range = (from + step * Int64.random(in: 0...12, using: &queries.random), step)
        }
    }

    var description: String {
        range.map { "\(query.text) from \(from) to \($0.through) step \($0.step) ms" } ?? "\(query.text) at \(from) ms"
    }

    // MARK: Prometheus' HTTP API

    var path: String { range == nil ? "query" : "query_range" }

    var parameters: [(String, String)] {
        guard let range else { return [("query", query.text), ("time", Self.seconds(from))] }
        return [
            ("query", query.text), ("start", Self.seconds(from)), ("end", Self.seconds(range.through)),
            ("step", Self.seconds(range.step)),
        ]
    }

    private static func seconds(_ milliseconds: Int64) -> String { "\(Double(milliseconds) / 1000)" }

    // MARK: Here

    func answer(_ engine: PromQLEngine) -> DifferentialAnswer {
        // Prometheus 3 has another name for it.
        let text = query.text.replacing("holt_winters", with: "double_exponential_smoothing")
        do {
            let budget = QueryBudget()
            guard let range else { return DifferentialAnswer(try engine.instant(text, at: from, budget: budget)) }
            return DifferentialAnswer(
                try engine.range(text, from: from, through: range.through, step: range.step, budget: budget))
        } catch {
            return .failure("\(error)")
        }
    }
}

/// How the questions went.
struct DifferentialTally: CustomStringConvertible {
    private var asked = 0
    /// Found something.
    private(set) var filled = 0
    private(set) var failed = 0
    private(set) var differences: [String] = []

    mutating func add(_ question: DifferentialQuestion, _ theirs: DifferentialAnswer, _ difference: String?) {
        asked += 1
        switch theirs {
        case .failure: failed += 1
        case .value(_, let series): if !series.isEmpty { filled += 1 }
        }
        if let difference { differences.append("\(question): \(difference)") }
    }

    var description: String {
        "\(asked) queries, \(filled) with a result, \(failed) refused by Prometheus, \(differences.count) different"
    }
}

extension LoadedSeries {
    init(_ series: DifferentialData.Series) {
        self.init(labels: series.labels)
        samples = series.samples
    }
}
