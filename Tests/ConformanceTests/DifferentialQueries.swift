import TestSupport

/// Writes queries of what Prometheus 2.42 and Prometheus 3 have in common; docs/conformance.md says what is left out.
///
/// All moments, ranges, steps and offsets are whole seconds, moments of evaluation half ones. What makes much of the last digit
/// of a large number, remainders and sines, is asked of stored values and of small ones: elsewhere it depends on the order of
/// an addition.
struct DifferentialQueries {
    struct Query {
        let text: String
        /// Labels of elements with the same value may differ: which ones `topk` takes is not said.
        let comparesValuesOnly: Bool
        let isRangeVector: Bool
    }

    var random: SeededGenerator
    private var isInSubquery = false

    init(random: SeededGenerator) { self.random = random }

    private mutating func any(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }

    private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

    mutating func next() -> Query {
        switch Int.random(in: 0..<24, using: &random) {
        case 0: return Query(text: windowed(), comparesValuesOnly: false, isRangeVector: true)
        case 1:
            let `operator` = any(["topk", "bottomk"])
            let text = "\(`operator`)\(grouping())(\(any(["1", "2", "4", "0", "100"])), \(selector()))"
            return Query(text: text, comparesValuesOnly: true, isRangeVector: false)
        case 2: return Query(text: scalar(2), comparesValuesOnly: false, isRangeVector: false)
        default: return Query(text: vector(3), comparesValuesOnly: false, isRangeVector: false)
        }
    }

    // MARK: Selectors

    private mutating func conditions() -> String {
        any([
            "", "", "", "{job=\"a\"}", "{job!=\"a\"}", "{instance=~\"i[01]\"}", "{instance!~\"i0|i2\"}",
            "{job=~\".+\"}",
            "{instance=\"\"}", "{job=\"none\"}", "{instance=~\"i1|\"}",
        ])
    }

    private mutating func shift() -> String {
        any([
            "", "", "", "", " offset 1m", " offset 37s", " offset -2m", " @ 1700001234", " @ start()",
            " @ end() offset 4m", " @ 1700000000 offset -3m",
        ])
    }

    private mutating func unshifted() -> String {
        chance(12)
            ? any(["{job=\"a\",instance=\"i1\"}", "{__name__=~\"temp.*|limit\"}", "{instance=\"i2\"}"])
            : any(["requests_total", "temperature", "odd", "latency_bucket", "limit", "nothing"]) + conditions()
    }

    private mutating func selector() -> String { unshifted() + shift() }

    private mutating func windowed() -> String {
        "\(unshifted())[\(any(["30s", "1m", "100s", "5m", "11m", "1s"]))]\(shift())"
    }

    /// Subqueries are not nested: inner ones would be looked at on whole seconds, where their points are.
    private mutating func rangeVector(_ depth: Int) -> String {
        guard depth > 0, !isInSubquery, chance(4) else { return windowed() }
        isInSubquery = true
        defer { isInSubquery = false }
        return
            "(\(vector(depth - 1)))[\(any(["2m", "5m", "97s"])):\(any(["", "13s", "30s", "1m"]))]\(shift())"
    }

    /// Of series that never come near 0.
    private mutating func counterWindow() -> String {
        let selector = any(["requests_total", "latency_bucket"]) + conditions()
        return chance(6) && !isInSubquery
            ? "(\(selector))[5m:\(any(["", "13s", "30s"]))]\(shift())"
            : "\(selector)[\(any(["30s", "1m", "100s", "5m", "11m"]))]\(shift())"
    }

    // MARK: Expressions

    mutating func scalar(_ depth: Int) -> String {
        guard depth > 0, chance(3) else {
            return any(["0", "1", "-2.5", "100", "3", "0.5", "NaN", "Inf", "-Inf", "time()", "pi()", "1e3"])
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0...3: return "scalar(\(vector(depth - 1)))"
        case 4...7: return "-(\(scalar(depth - 1)))"
        case 8: return "(\(scalar(0)) % \(scalar(0)))"
        default:
            return
                "(\(scalar(depth - 1)) \(any(["+", "-", "*", "/", "^", "> bool", "atan2"])) \(scalar(depth - 1)))"
        }
    }

    private mutating func grouping() -> String {
        any([
            "", "", " by (job)", " by (instance)", " by (job, instance)", " without (id)", " without (id, le)",
            " by (le)",
        ])
    }

    mutating func vector(_ depth: Int) -> String {
        guard depth > 0 else { return selector() }
        let inner = depth - 1
        switch Int.random(in: 0..<16, using: &random) {
        case 0: return selector()
        case 1, 2, 3: return overTime(depth)
        case 4, 5:
            let `operator` = any(["sum", "avg", "min", "max", "count", "group"])
            if chance(5) { return "\(any(["stddev", "stdvar"]))\(grouping())(temperature\(conditions())\(shift()))" }
            return addingZero(`operator`, "\(`operator`)\(grouping())(\(vector(inner)))")
        case 6:
            return chance(2)
                ? "quantile\(grouping())(\(any(["0", "0.3", "0.5", "0.99", "1", "-1", "2"])), \(vector(inner)))"
                : "count_values\(grouping())(\"v\", \(selector()))"
        case 7: return function(vector(inner))
        case 8:
            if chance(9) { return chance(2) ? "\(selector()) % \(scalar(0))" : "\(scalar(0)) % \(selector())" }
            let `operator` = any(["+", "-", "*", "/", "^", "> bool", "== bool", "<= bool"])
            return chance(2)
                ? "(\(vector(inner))) \(`operator`) \(scalar(1))" : "\(scalar(1)) \(`operator`) (\(vector(inner)))"
        case 9:
            return
                "\(selector()) \(any([">", "<", "==", "!=", ">=", "<="])) \(any(["0", "10.5", "-3", "25000", "Inf"]))"
        case 10, 11: return matched(depth)
        case 12:
            return combined(any(["and", "or", "unless"]) + any(["", " on (job)", " ignoring (id)"]), inner)
        case 13: return labels(vector(inner))
        case 14: return histogram()
        default: return "-(\(vector(inner)))"
        }
    }

    /// Both sides of `or` have names or neither: a series once with its name and once without would be two of the same labels as
    /// soon as names are removed.
    private mutating func combined(_ `operator`: String, _ depth: Int) -> String {
        guard `operator`.hasPrefix("or") else { return "(\(vector(depth))) \(`operator`) (\(vector(depth)))" }
        return chance(2)
            ? "\(selector()) \(`operator`) \(selector())"
            : "(0 + (\(vector(depth)))) \(`operator`) (0 + (\(vector(depth))))"
    }

    /// To sums and means: of -0 alone they are 0 in Prometheus 3, and a division or a power makes infinitely much of the sign.
    private func addingZero(_ aggregation: String, _ text: String) -> String {
        ["sum", "avg"].contains(aggregation) ? "(0 + \(text))" : text
    }

    private mutating func overTime(_ depth: Int) -> String {
        let range = rangeVector(depth)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return "quantile_over_time(\(any(["0.1", "0.5", "0.9", "1"])), \(range))"
        case 1: return "predict_linear(\(unshifted())[5m]\(any(["", " offset 1m"])), \(any(["60", "3600"])))"
        case 2: return "holt_winters(\(range), 0.3, 0.6)"
        case 3: return "\(any(["irate", "resets", "changes"]))(\(range))"
        case 4, 5: return "\(any(["rate", "increase"]))(\(counterWindow()))"
        default:
            let name = any([
                "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time", "last_over_time",
                "stddev_over_time", "stdvar_over_time", "present_over_time", "absent_over_time", "delta", "idelta",
                "deriv",
            ])
            return "\(name)(\(range))"
        }
    }

    private mutating func function(_ operand: String) -> String {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return "clamp(\(operand), \(any(["-10", "0", "5"])), \(any(["3", "20", "-20"])))"
        case 1: return "round(\(operand), \(any(["1", "5", "0.5", "0.3"])))"
        case 2:
            return any([
                "vector(\(scalar(1)))", "hour()", "minute(vector(time()))", "timestamp(\(unshifted()) offset 37s)",
                "timestamp(-(\(operand)))",
                "\(any(["hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"]))(requests_total * \(any(["3", "-70000", "1e5"])))",
            ])
        default:
            let name = any([
                "abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sort", "absent", "sin", "atan",
                "tanh", "deg", "rad", "clamp_max", "clamp_min",
            ])
            if name == "sin" { return "sin(clamp(\(operand), -100, 100))" }
            return name.hasPrefix("clamp") ? "\(name)(\(operand), 7)" : "\(name)(\(operand))"
        }
    }

    /// Two vectors with the labels that match them, sometimes so that they do not.
    private mutating func matched(_ depth: Int) -> String {
        let isStored = chance(6)
        let `operator` = any(
            isStored ? ["%", "%", "+", "^", "!= bool"] : ["+", "-", "*", "/", "^", "> bool", "!= bool"])
        let (left, right) = isStored ? (selector(), selector()) : (vector(depth - 1), vector(depth - 1))
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            return "(0 + sum by (job, instance) (\(left))) \(`operator`) on (job, instance) "
                + "max by (job, instance) (\(right))"
        case 1:
            return "\(any(["requests_total", "temperature", "odd"]))\(conditions()) \(`operator`) on (instance) "
                + "group_left (\(any(["", "id"]))) limit\(shift())"
        case 2:
            return "limit\(shift()) \(`operator`) on (instance) group_right () temperature\(shift())"
        case 3: return "requests_total \(`operator`) ignoring (id) temperature\(shift())"
        case 4: return "(\(left)) \(`operator`) on (instance) (\(right))"
        default: return "(\(left)) \(`operator`) (\(right))"
        }
    }

    private mutating func labels(_ operand: String) -> String {
        any([
            "label_replace(\(operand), \"x\", \"$1-y\", \"instance\", \"i(.)\")",
            "label_replace(\(operand), \"job\", \"\", \"job\", \"a\")",
            "label_join(\(operand), \"j\", \"/\", \"job\", \"instance\", \"none\")",
        ])
    }

    private mutating func histogram() -> String {
        let quantile = any(["0", "0.2", "0.5", "0.9", "0.99", "1", "-1", "2"])
        let window = any(["2m", "5m"])
        return any([
            "histogram_quantile(\(quantile), latency_bucket\(shift()))",
            "histogram_quantile(\(quantile), increase(latency_bucket\(conditions())[\(window)]))",
            "histogram_quantile(\(quantile), sum by (le) (latency_bucket))",
        ])
    }
}
