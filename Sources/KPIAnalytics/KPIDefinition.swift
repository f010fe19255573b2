/// A key figure: what it is called and how it is measured over a window, per source and for all sources together.
package struct KPIDefinition: Hashable, Sendable {
    /// What a value counts. The raw values are part of the API.
    package enum Unit: String, CaseIterable, Sendable {
        /// A share, 0 to 1.
        case ratio
        case milliseconds = "ms"
        case perSecond = "per_second"
        case number
    }

    /// How long a source may be silent when nothing else is said, in milliseconds: the interval of `presence`.
    package static let defaultInterval: Int64 = 60_000

    /// Lower case letters, digits and underscores; unique in a set.
    package let name: String
    package let title: String
    /// One sentence for readers, or empty.
    package let summary: String
    package let unit: Unit
    package let measure: KPIMeasure

    package init(name: String, title: String, summary: String, unit: Unit, measure: KPIMeasure) {
        self.name = name
        self.title = title
        self.summary = summary
        self.unit = unit
        self.measure = measure
    }
}

/// How a key figure is computed. A window is `(at - window, at]`, like PromQL's.
///
/// PromQL texts may hold `$window`, which becomes the window's duration, and `$source`, a place for a matcher inside
/// braces: it becomes `source_id="…"` when one source is asked for, so that the others need not be read, and nothing
/// otherwise.
package enum KPIMeasure: Hashable, Sendable {
    /// The share of expected reporting intervals in which a source reported.
    ///
    /// Intervals of `interval` milliseconds are laid from the window's start; a last one that does not fit is
    /// ignored. They are expected from the start if the source has a sample in the window-length before it, otherwise
    /// from the interval of its first report. Overall: all intervals reported, of all expected.
    case presence(selector: String, interval: Int64)
    /// The quotient of two expressions, each summed per source first; overall, of the two sums. A source whose
    /// denominator is missing or zero has no value; a missing numerator is zero.
    case ratio(numerator: String, denominator: String)
    /// The exact quantile of all samples in the window, interpolated as PromQL's `quantile_over_time`; overall, of
    /// the samples of all sources pooled. NaN is left out.
    case quantile(selector: String, q: Double)
    /// Samples stored per second.
    case sampleRate(selector: String)
    /// One expression with a value per `source_id`, and one with a single value.
    case expression(perSource: String, overall: String)

    /// The word in definition files.
    package var kind: String {
        switch self {
        case .presence: "presence"
        case .ratio: "ratio"
        case .quantile: "quantile"
        case .sampleRate: "sample_rate"
        case .expression: "expression"
        }
    }
}
