package struct EngineOptions: Sendable {
    /// How old a sample may be to still count as the current value, milliseconds; the older end is excluded.
    package var lookbackDelta: Int64
    /// The most points that a range query may have per series.
    package var maxStepsPerSeries: Int
    /// The step of a subquery that names none (`[1h:]`), milliseconds.
    package var defaultSubqueryStep: Int64

    package init(
        lookbackDelta: Int64 = 300_000, maxStepsPerSeries: Int = 11_000, defaultSubqueryStep: Int64 = 60_000
    ) {
        self.lookbackDelta = lookbackDelta
        self.maxStepsPerSeries = maxStepsPerSeries
        self.defaultSubqueryStep = defaultSubqueryStep
    }
}
