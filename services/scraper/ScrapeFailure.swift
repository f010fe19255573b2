import TelemetryModel

/// Why a scrape brought nothing.
struct ScrapeFailure: Error, Equatable {
    /// A sentence, shown with the target.
    let message: String
    /// Samples that were read before.
    var scraped = 0
    /// Of those, after relabelling.
    var kept = 0
    /// What could not be read, to be kept.
    var unreadable: RejectedRecord?

    init(_ message: String) { self.message = message }
}
