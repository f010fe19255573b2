import ScrapeConfig
import TelemetryModel

/// How the scraping of a target goes.
struct TargetStatus: Sendable {
    enum Health: String, Sendable { case up, down, unknown }

    var health = Health.unknown
    var lastError = ""
    /// Milliseconds since 1970-01-01T00:00:00Z; nil before the first scrape.
    var lastScrape: Int64?
    var lastDuration = Duration.zero
    var lastSampleCount = 0
}

/// A target, as it is shown.
struct ActiveTarget: Sendable {
    let pool: String
    let target: ScrapeTarget
    let status: TargetStatus
    let metadata: [FamilyMetadata]
}

/// What was found and is no target, as it is shown.
struct DroppedTarget: Sendable {
    let pool: String
    let discovered: LabelSet
}
