import PromQLEngine
import PromQLScripts
import PromQLSyntax
import TelemetryModel
import TestSupport
import Testing
import TimeSeriesStore

@Suite struct RandomQueryTests {
    /// Queries of any shape over awkward numbers may fail, but never trap, and mean the same when they are printed.
    @Test func neverTrap() throws {
        var writer = QueryWriter(random: SeededGenerator.seeded("neverTrap"))
        var store = InMemoryStore()
        let awkward: [Double] = [
            0, -0.0, 1, -1, 0.5, 1e308, -1e308, .leastNonzeroMagnitude, .infinity, -.infinity, .nan, 1e15, 4e18,
        ]
        for key in 0..<5 {
            var samples = SampleColumns()
            for step in 0..<40 where Bool.random(using: &writer.random) {
                samples.timestamps.append(Int64(step) * 10_000)
                let isStale = Int.random(in: 0..<9, using: &writer.random) == 0
                let value = awkward.randomElement(using: &writer.random) ?? 0
                samples.values.append(isStale ? Double(bitPattern: 0x7ff0_0000_0000_0002) : value)
            }
            let labels = [
                Label("__name__", key < 3 ? "m" : "n_bucket"), Label("k", "\(key)"),
                Label("le", key == 4 ? "+Inf" : "\(key)"),
            ]
            store.add(LabelSet(labels), samples)
        }
        let engine = PromQLEngine(store: store)
        var succeeded = 0
        for _ in 0..<1500 {
            let query = writer.vector(depth: 3)
            guard let printed = try? PromQLParser.parse(query).description else { continue }
            do {
                let budget = QueryBudget(samples: 1_000_000)
                let result = try engine.range(query, from: -20_000, through: 400_000, step: 30_000, budget: budget)
                _ = try engine.instant(query, at: 200_000, budget: QueryBudget(samples: 1_000_000))
                succeeded += 1
                #expect(throws: Never.self, "\(query) printed as \(printed)") {
                    let budget = QueryBudget(samples: 1_000_000)
                    let again = try engine.range(
                        printed, from: -20_000, through: 400_000, step: 30_000, budget: budget)
                    #expect(text(result.value) == text(again.value), "\(query) printed as \(printed)")
                }
            } catch is PromQLError {
                continue
            } catch is QueryLimitError {
                continue
            }
        }
        #expect(succeeded > 200, "the writer makes too few queries that work")
    }

    private func text(_ value: QueryValue) -> String {
        guard case .matrix(let series) = value else { return "not a matrix" }
        return series.map { "\($0.labels) \($0.samples.timestamps) \($0.samples.values)" }.joined(separator: "\n")
    }
}

/// Writes queries that are mostly well-typed.
private struct QueryWriter {
    var random: SeededGenerator

    private mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }

    private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

    private mutating func shift() -> String {
        guard chance(3) else { return "" }
        return pick([
            " offset 20s", " offset -35s", " @ 100", " @ start()", " @ end() offset 1m", " @ -5", " offset step()",
            " offset (1m / 7)", " offset -range() @ 0",
        ])
    }

    mutating func selector() -> String {
        pick(["m", "n_bucket", "m{k=\"1\"}", "{k=~\"[0-3]\"}", "m{k!~\"2\"}", "nothing{a=\"b\"}", "{le=\"+Inf\"}"])
    }

    mutating func scalar(depth: Int) -> String {
        guard depth > 0, chance(3) else {
            return pick(["1", "-2.5", "0.3", "NaN", "Inf", "-Inf", "1e300", "time()", "step()", "9223372036854775807"])
        }
        return chance(2)
            ? "scalar(\(vector(depth: depth - 1)))"
            : "(\(scalar(depth: depth - 1)) \(pick(["+", "/", "%", "^", "> bool"])) \(scalar(depth: depth - 1)))"
    }

    mutating func range(depth: Int) -> String {
        let length = pick(["10s", "35s", "2m", "1ms", "1d", "2 * step() + 1s", "max_of(range(), 1m)"])
        return chance(3)
            ? "\(operand(depth: depth - 1))[\(length):\(pick(["", "7s", "30s", "1m"]))]\(shift())"
            : "\(selector())[\(length)]\(pick(["", "", "", " anchored", " smoothed"]))\(shift())"
    }

    private mutating func operand(depth: Int) -> String { "(\(vector(depth: max(0, depth))))" }

    mutating func vector(depth: Int) -> String {
        guard depth > 0 else { return selector() + shift() }
        let next = depth - 1
        switch Int.random(in: 0..<9, using: &random) {
        case 0: return selector() + pick(["", " smoothed"]) + shift()
        case 1: return "\(rangeFunction())(\(range(depth: depth)))"
        case 2:
            let function = pick([
                "abs", "sqrt", "sgn", "hour", "year", "sort", "timestamp", "absent", "ln", "info", "start_timestamp",
            ])
            return "\(function)(\(vector(depth: next)))"
        case 3:
            let operation = pick(["sum", "avg", "min", "max", "count", "stddev", "stdvar", "group"])
            return "\(operation)\(grouping())(\(vector(depth: next)))"
        case 4:
            let operation = pick(["topk", "bottomk", "quantile", "limitk", "limit_ratio"])
            return "\(operation)\(grouping())(\(scalar(depth: next)), \(vector(depth: next)))"
        case 5:
            let operation = pick(["+", "-", "*", "/", "%", "^", "atan2", "==", ">", "< bool", "and", "or", "unless"])
            let isSet = ["and", "or", "unless"].contains(operation)
            let group = isSet || chance(2) ? "" : pick([" group_left(le)", " group_right()"])
            let fill = isSet ? "" : pick(["", "", " fill(0)", " fill_left(NaN)", " fill_right(1) fill_left(-1)"])
            let matching = pick(["", " on(k)\(group)", " ignoring(le)\(group)", " on()\(group)"]) + fill
            return "\(operand(depth: next)) \(operation)\(matching) \(operand(depth: next))"
        case 6: return "-\(operand(depth: next)) \(pick(["*", "> ", "^", "<= bool"])) \(scalar(depth: next))"
        case 7: return labelFunction(vector(depth: next))
        default: return parameterFunction(depth: depth)
        }
    }

    private mutating func grouping() -> String {
        pick(["", " by (k)", " without (le)", " by (__name__)", " without ()"])
    }

    private mutating func rangeFunction() -> String {
        let names = PromQLFunction.allCases.filter { $0.signature.arguments == [.rangeVector] }.map(\.rawValue)
        return pick(names)
    }

    private mutating func labelFunction(_ vector: String) -> String {
        pick([
            "label_replace(\(vector), \"k\", \"$1x\", \"k\", \"(.)\")",
            "label_join(\(vector), \"j\", \"-\", \"k\", \"le\")",
            "label_replace(\(vector), \"le\", \"\", \"\", \"\")", "count_values(\"v\", \(vector))",
            "sort_by_label(\(vector), \"k\")", "info(\(vector), {__name__=~\"n.*\", le=~\".*\"})",
        ])
    }

    private mutating func parameterFunction(depth: Int) -> String {
        let (a, b) = (scalar(depth: depth - 1), scalar(depth: depth - 1))
        let series = vector(depth: depth - 1)
        return pick([
            "clamp(\(series), \(a), \(b))", "round(\(series), \(a))", "vector(\(a))",
            "histogram_quantile(\(a), \(series))", "histogram_fraction(\(a), \(b), \(series))",
            "histogram_quantiles(\(series), \"q\", \(a), \(b))", "quantile_over_time(\(a), \(range(depth: depth)))",
            "predict_linear(\(range(depth: depth)), \(a))",
            "double_exponential_smoothing(\(range(depth: depth)), 0.3, 0.6)", "day_of_year(vector(\(a)))",
        ])
    }
}
