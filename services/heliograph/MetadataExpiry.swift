import Foundation
import HTTPSupport
import IngestLog
import Logging
import SelfMetrics
import Settings

/// Forgets the metadata of families that nobody has sent for as long as anything is retained.
struct MetadataExpiry {
    private static let interval = Duration.seconds(600)

    let platform: Platform

    /// Nil if something is kept for ever.
    var schedule: Schedule? {
        guard let span = platform.settings.retention.longest else { return nil }
        return Schedule(interval: MetadataExpiry.interval) { [platform] in
            let now = Date().timeIntervalSince1970
            let moments = (oldest: Int64((now - span.seconds) * 1000), now: Int64(now * 1000))
            do {
                let expired = try await platform.queryWork.run { [log = platform.log] in
                    try log.expireMetadata(seenBefore: moments.oldest, now: moments.now)
                }
                if expired > 0 { platform.logger.info("metadata expired", metadata: ["families": "\(expired)"]) }
            } catch {
                platform.logger.error("metadata could not be expired", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension HeliographSettings.Retention {
    /// For how long samples or rollups of any series are kept; nil for ever.
    var longest: Duration? {
        let all = [raw, rollup5m, rollup1h] + rules.list.flatMap { [$0.raw, $0.rollup5m, $0.rollup1h] }
        return all.contains(.zero) ? nil : all.max()
    }
}
