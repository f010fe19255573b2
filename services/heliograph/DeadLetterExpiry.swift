import Foundation
import HTTPSupport
import IngestLog
import Logging
import SelfMetrics
import Settings

/// Deletes the dead letters that are older than `dead_letters.max_age`.
struct DeadLetterExpiry {
    private static let longestInterval = Duration.seconds(60)

    let platform: Platform

    var schedule: Schedule {
        let (age, log) = (platform.settings.deadLetters.maxAge, platform.log)
        return Schedule(interval: min(age, DeadLetterExpiry.longestInterval)) { [platform] in
            let moment = Int64((Date().timeIntervalSince1970 - age.seconds) * 1000)
            do {
                let expired = try await platform.queryWork.run { try log.expireDeadLetters(receivedBefore: moment) }
                if expired > 0 {
                    platform.logger.notice("dead letters expired", metadata: ["letters": "\(expired)"])
                }
            } catch {
                platform.logger.error("dead letters could not be expired", metadata: ["error": "\(error)"])
            }
        }
    }
}
