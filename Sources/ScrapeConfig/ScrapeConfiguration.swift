/// What a `prometheus.yml` says about scraping.
package struct ScrapeConfiguration: Sendable, Equatable {
    package var jobs: [ScrapeJob] = []
    /// What the file says that has no effect here, as sentences.
    package var notes: [String] = []

    package init() {}
}
