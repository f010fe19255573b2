import TelemetryModel

/// When a target is scraped: once an interval, at a place in it that its labels decide, so that targets do not all come at once
/// and each keeps its place over a restart.
struct ScrapeSchedule: Sendable, Equatable {
    /// Milliseconds, above 0.
    let interval: Int64
    /// 0 ..< interval.
    let offset: Int64

    /// - Parameter seed: other servers that scrape the same targets should have another one.
    init(intervalMilliseconds: Int64, labels: LabelSet, url: String, seed: UInt64) {
        interval = max(1, intervalMilliseconds)
        var hash = labels.digest ^ seed
        // FNV-1a goes on.
        for byte in url.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // Its upper bits depend on all bytes; the lower ones of short texts do not.
        offset = Int64((hash ^ (hash >> 32)) % UInt64(interval))
    }

    /// The first time that is not before `now`; milliseconds since 1970-01-01T00:00:00Z.
    func next(from now: Int64) -> Int64 {
        let behind = ((now - offset) % interval + interval) % interval
        return behind == 0 ? now : now + interval - behind
    }

    /// The time that samples get. Slight delays do not show, so that times stay even, which compresses better; the bound is
    /// Prometheus' (scrape/scrape.go, `ScrapeTimestampTolerance`).
    func timestamp(scheduled: Int64, now: Int64) -> Int64 {
        let tolerance = min(2, interval / 100)
        return abs(now - scheduled) <= tolerance ? scheduled : now
    }
}
