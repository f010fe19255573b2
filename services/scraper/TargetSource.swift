import HTTPSupport
import Logging
import ScrapeConfig

/// Where target groups come from, looked at again and again.
protocol TargetSource: Sendable {
    /// Milliseconds from one look to the next.
    var pauseMilliseconds: Int64 { get }
    /// What is in the log when a look fails.
    var name: String { get }

    /// The groups there are now; nil if they are those of the last look.
    ///
    /// - Throws: `ScrapeFailure`; the groups of the last look hold on then.
    mutating func look() async throws(ScrapeFailure) -> [TargetGroup]?
}

extension TargetSource {
    /// Looks until the task is cancelled.
    ///
    /// - Parameter found: told of the groups at the first look, even if there are none or it fails, and when they have changed.
    func watch(logger: Logger, found: @Sendable ([TargetGroup]) async -> Void) async {
        var source = self
        var isFirst = true
        var lastFailure: ScrapeFailure?
        while !Task.isCancelled {
            var groups: [TargetGroup]?
            do throws(ScrapeFailure) {
                groups = try await source.look()
                lastFailure = nil
            } catch {
                // The same failure is told once.
                if error != lastFailure, !Task.isCancelled {
                    logger.warning(
                        "targets could not be looked up", metadata: ["at": "\(name)", "error": "\(error.message)"])
                }
                lastFailure = error
            }
            if let groups { await found(groups) } else if isFirst { await found([]) }
            isFirst = false
            try? await Task.sleep(for: .milliseconds(pauseMilliseconds))
        }
    }
}
