import Foundation

/// What the operator decides about alerting.
package struct AlertingConfiguration: Sendable {
    /// Paths of rule files, with the wildcards of glob(7).
    package var ruleFiles: [String] = []
    /// For groups that do not say.
    package var evaluationInterval = Duration.seconds(60)
    /// For groups that do not say: how far in the past rules look.
    package var queryOffset = Duration.zero
    package var receivers: [WebhookReceiver] = []
    /// A receiver hears of an alert that fires on this often.
    package var repeatInterval = Duration.seconds(4 * 3600)
    /// The address under which people reach this server, without a slash at the end; empty if nobody knows.
    package var externalURL = ""
    /// After nobody evaluated for longer than this, pending alerts wait anew.
    package var outageTolerance = Duration.seconds(3600)
    /// Whether `ALERTS` and `ALERTS_FOR_STATE` are recorded, as Prometheus does.
    package var recordsAlertSeries = true
    /// The most alerts in one notification; further ones are counted in `truncatedAlerts`.
    package var maximumAlertsPerNotification = 1000
    package var backoff = DeliveryBackoff()

    package init() {}
}

/// Somebody who is told about alerts through HTTP.
package struct WebhookReceiver: Sendable, Hashable {
    /// Stands in logs, metrics and stored notifications, and tells receivers apart.
    package let name: String
    /// May hold credentials; never logged.
    package let url: String
    package let sendsResolved: Bool
    package let timeout: Duration

    /// Without a name, one is made of the host and a digest of the URL, so that it stays the same when others come and go.
    package init(name: String? = nil, url: String, sendsResolved: Bool = true, timeout: Duration = .seconds(10)) {
        let host = URLComponents(string: url)?.host ?? "webhook"
        let digest = Fingerprint.fnv1a(url.utf8)
        self.name = name ?? "\(host)-\(Fingerprint.hex(digest).prefix(8))"
        self.url = url
        self.sendsResolved = sendsResolved
        self.timeout = timeout
    }
}

/// How long to wait after a delivery failed: doubling, with up to a quarter less by a digest of what is delivered, so that
/// receivers are not asked by all at once.
package struct DeliveryBackoff: Sendable {
    package var firstMilliseconds: Int64 = 1000
    package var longestMilliseconds: Int64 = 5 * 60 * 1000

    package init() {}

    /// - Parameter failures: in a row, from 1.
    package func milliseconds(afterFailures failures: Int, salt: String) -> Int64 {
        var wait = max(1, firstMilliseconds)
        for _ in 1..<max(2, min(failures, 40)) where failures > 1 && wait < longestMilliseconds { wait *= 2 }
        wait = min(wait, max(1, longestMilliseconds))
        let share = Int64(Fingerprint.fnv1a("\(salt)#\(failures)".utf8) % 256)
        return max(1, wait - wait / 4 * share / 256)
    }
}

extension Duration {
    /// Rounded towards zero, held at the ends of the range.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : whole &+ attoseconds / 1_000_000_000_000_000
    }
}
