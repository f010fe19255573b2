import Foundation

/// The time of day. Alert times are stored and shown, so they are wall-clock times: milliseconds since
/// 1970-01-01T00:00:00Z.
package protocol AlertingClock: Sendable {
    func now() -> Int64
    /// Returns at or after `deadline`; at once if it has passed.
    func sleep(until deadline: Int64) async throws
}

package struct SystemClock: AlertingClock {
    package init() {}

    package func now() -> Int64 { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }

    package func sleep(until deadline: Int64) async throws {
        // In steps, so that a clock that is set while we sleep is noticed within a minute.
        while true {
            let (left, overflow) = deadline.subtractingReportingOverflow(now())
            guard left > 0 || overflow else { return }
            try await Task.sleep(for: .milliseconds(overflow ? 60_000 : min(left, 60_000)))
        }
    }
}
