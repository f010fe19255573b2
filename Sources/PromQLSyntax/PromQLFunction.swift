/// Every function that can be called, by the name that it has in queries.
package enum PromQLFunction: String, CaseIterable, Sendable {
    case abs, absent, acos, acosh, asin, asinh, atan, atanh, ceil, changes, clamp, cos, cosh, deg, delta, deriv
    case end, exp, floor, hour, idelta, increase, info, irate, ln, log10, log2, minute, month, pi, rad, range, rate,
        resets
    case round, scalar, sgn, sin, sinh, sort, sqrt, start, step, tan, tanh, time, timestamp, vector, year
    case absentOverTime = "absent_over_time"
    case avgOverTime = "avg_over_time"
    case clampMax = "clamp_max"
    case clampMin = "clamp_min"
    case countOverTime = "count_over_time"
    case dayOfMonth = "day_of_month"
    case dayOfWeek = "day_of_week"
    case dayOfYear = "day_of_year"
    case daysInMonth = "days_in_month"
    case doubleExponentialSmoothing = "double_exponential_smoothing"
    case firstOverTime = "first_over_time"
    case histogramAvg = "histogram_avg"
    case histogramCount = "histogram_count"
    case histogramFraction = "histogram_fraction"
    case histogramQuantile = "histogram_quantile"
    case histogramQuantiles = "histogram_quantiles"
    case histogramStddev = "histogram_stddev"
    case histogramStdvar = "histogram_stdvar"
    case histogramSum = "histogram_sum"
    case labelJoin = "label_join"
    case labelReplace = "label_replace"
    case lastOverTime = "last_over_time"
    case madOverTime = "mad_over_time"
    case maxOf = "max_of"
    case maxOverTime = "max_over_time"
    case minOf = "min_of"
    case minOverTime = "min_over_time"
    case predictLinear = "predict_linear"
    case presentOverTime = "present_over_time"
    case quantileOverTime = "quantile_over_time"
    case sortByLabel = "sort_by_label"
    case sortByLabelDescending = "sort_by_label_desc"
    case sortDescending = "sort_desc"
    case startTimestamp = "start_timestamp"
    case stddevOverTime = "stddev_over_time"
    case stdvarOverTime = "stdvar_over_time"
    case sumOverTime = "sum_over_time"
    case timestampOfFirstOverTime = "ts_of_first_over_time"
    case timestampOfLastOverTime = "ts_of_last_over_time"
    case timestampOfMaxOverTime = "ts_of_max_over_time"
    case timestampOfMinOverTime = "ts_of_min_over_time"

    /// What goes in and comes out. Arguments from `required` on may be left out; the last one may be repeated.
    package struct Signature: Sendable {
        package let arguments: [PromQLExpression.ValueType]
        package let required: Int
        /// Arguments at most; nil for no bound.
        package let most: Int?
        package let result: PromQLExpression.ValueType

        init(
            _ arguments: [PromQLExpression.ValueType], required: Int? = nil,
            result: PromQLExpression.ValueType = .instantVector
        ) {
            self.arguments = arguments
            self.required = required ?? arguments.count
            most = arguments.count
            self.result = result
        }

        /// The last argument may be given more often, up to `most` arguments in all.
        init(repeatingLast arguments: [PromQLExpression.ValueType], required: Int, most: Int? = nil) {
            self.arguments = arguments
            self.required = required
            self.most = most
            result = .instantVector
        }
    }

    package var signature: Signature {
        switch self {
        case .pi, .time, .start, .end, .step, .range: Signature([], result: .scalar)
        case .minOf, .maxOf: Signature([.scalar, .scalar], result: .scalar)
        case .scalar: Signature([.instantVector], result: .scalar)
        case .vector: Signature([.scalar])
        case .abs, .absent, .acos, .acosh, .asin, .asinh, .atan, .atanh, .ceil, .cos, .cosh, .deg, .exp, .floor,
            .histogramAvg, .histogramCount, .histogramStddev, .histogramStdvar, .histogramSum, .ln, .log10, .log2,
            .rad, .sgn, .sin, .sinh, .sort, .sortDescending, .sqrt, .startTimestamp, .tan, .tanh, .timestamp:
            Signature([.instantVector])
        case .dayOfMonth, .dayOfWeek, .dayOfYear, .daysInMonth, .hour, .minute, .month, .year:
            Signature([.instantVector], required: 0)
        case .absentOverTime, .avgOverTime, .changes, .countOverTime, .delta, .deriv, .firstOverTime, .idelta,
            .increase, .irate, .lastOverTime, .madOverTime, .maxOverTime, .minOverTime, .presentOverTime, .rate,
            .resets, .stddevOverTime, .stdvarOverTime, .sumOverTime, .timestampOfFirstOverTime,
            .timestampOfLastOverTime, .timestampOfMaxOverTime, .timestampOfMinOverTime:
            Signature([.rangeVector])
        case .clamp: Signature([.instantVector, .scalar, .scalar])
        case .clampMax, .clampMin: Signature([.instantVector, .scalar])
        case .round: Signature([.instantVector, .scalar], required: 1)
        case .doubleExponentialSmoothing: Signature([.rangeVector, .scalar, .scalar])
        case .predictLinear: Signature([.rangeVector, .scalar])
        case .quantileOverTime: Signature([.scalar, .rangeVector])
        case .histogramQuantile: Signature([.scalar, .instantVector])
        case .histogramQuantiles:
            Signature(repeatingLast: [.instantVector, .string, .scalar], required: 3, most: 12)
        case .histogramFraction: Signature([.scalar, .scalar, .instantVector])
        case .labelReplace: Signature([.instantVector, .string, .string, .string, .string])
        case .labelJoin: Signature(repeatingLast: [.instantVector, .string, .string, .string], required: 3)
        case .sortByLabel, .sortByLabelDescending:
            Signature(repeatingLast: [.instantVector, .string], required: 1)
        case .info: Signature([.instantVector, .instantVector], required: 1)
        }
    }
}
