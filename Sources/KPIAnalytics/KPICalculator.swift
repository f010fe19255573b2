package import PromQLEngine
package import TimeSeriesStore

/// Computes key figures from a store. Blocks its thread, like the store. A value: copies share the store.
package struct KPICalculator: Sendable {
    /// Milliseconds: ten years of 365 days.
    package static let longestWindow: Int64 = 315_360_000_000
    private static let latestTime: Int64 = 6_311_390_400_000_000

    package let definitions: [KPIDefinition]
    let store: any TimeSeriesStore
    let engine: PromQLEngine

    package init(
        store: any TimeSeriesStore, engine: PromQLEngine, definitions: [KPIDefinition] = KPIDefinition.builtIn
    ) {
        self.store = store
        self.engine = engine
        self.definitions = definitions
    }

    /// The figures of the window `(at - window, at]`, both in milliseconds; of one source if `source` is given.
    ///
    /// Reads every sample that a figure is about: the time is proportional to the samples in the window, and `budget`
    /// bounds it. Throws `KPIError`, `PromQLError`, `QueryLimitError`, or what the store throws.
    package func compute(
        window: Int64, at time: Int64, source: String? = nil, budget: QueryBudget
    ) throws -> KPIReport {
        guard (1000...Self.longestWindow).contains(window) else { throw KPIError.windowOutOfRange(window) }
        guard (-Self.latestTime...Self.latestTime).contains(time) else { throw KPIError.timeOutOfRange(time) }
        let computation = KPIComputation(self, window: window, through: time, source: source, budget: budget)
        let figures = try definitions.map { try computation.figure($0) }
        let sources = try computation.sources()
        return KPIReport(
            from: time - window, through: time, source: source, knownSources: sources.known, upSources: sources.up,
            figures: figures, warnings: computation.warnings)
    }
}
