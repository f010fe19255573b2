/// How long the store keeps what, by tier.
package struct StoreRetention: Sendable {
    /// Of samples as they came.
    package var samples: Retention
    /// Of their five-minute and hourly summaries, which are made when samples go; nil: none are made.
    package var fiveMinutes: Retention?
    package var hours: Retention?

    /// Everything is kept for ever.
    package init(
        samples: Retention = Retention(rules: []), fiveMinutes: Retention? = nil, hours: Retention? = nil
    ) {
        self.samples = samples
        self.fiveMinutes = fiveMinutes
        self.hours = hours
    }

    var tiers: [RollupTier: Retention] {
        var tiers: [RollupTier: Retention] = [:]
        tiers[.fiveMinutes] = fiveMinutes
        tiers[.hour] = hours
        return tiers
    }
}
