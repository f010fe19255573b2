import EmbeddedStore
import Settings

extension StoreRetention {
    /// As the settings say. Series that no rule fits go by the durations for all.
    init(_ settings: HeliographSettings.Retention) {
        func retention(_ duration: (RetentionRule) -> Duration, others: Duration) -> Retention {
            let rules = settings.rules.list.map {
                Retention.Rule(matchers: $0.matchers, duration: duration($0).retained)
            }
            return Retention(rules: rules + [Retention.Rule(matchers: [], duration: others.retained)])
        }
        self.init(
            samples: retention(\.raw, others: settings.raw),
            fiveMinutes: retention(\.rollup5m, others: settings.rollup5m),
            hours: retention(\.rollup1h, others: settings.rollup1h))
    }
}

extension ExemplarLimits {
    init(_ settings: HeliographSettings.Exemplars) {
        self.init()
        most = settings.max
        mostPerSeries = settings.maxPerSeries
        retention = settings.maxAge.retained
    }
}

extension Duration {
    /// Milliseconds; nil for zero, which stands for ever.
    fileprivate var retained: Int64? {
        let (seconds, attoseconds) = components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return milliseconds > 0 ? milliseconds : nil
    }
}
