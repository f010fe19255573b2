/// Who is bounded.
package enum RateKey: Hashable, Sendable {
    case token(String)
    case source(String)
}

/// What one request would take of one account.
package struct RateCharge: Sendable {
    package let key: RateKey
    /// Records a second.
    package let rate: Int
    package let records: Int

    package init(_ key: RateKey, rate: Int, records: Int) {
        self.key = key
        self.rate = rate
        self.records = records
    }
}

/// Over its rate: nothing was taken.
package struct RateExceeded: Error, Equatable, Sendable {
    package let key: RateKey
    package let rate: Int
    /// Seconds.
    package let delay: Double
}

/// The accounts of all who are bounded. Pure: the clock is the caller's.
///
/// An account that is full is as good as none, and is forgotten when there are many.
package struct RateLimits: Sendable {
    /// Seconds' worth that may come at once.
    private let burst: Double
    private var buckets: [RateKey: TokenBucket] = [:]
    private var mostBeforeSweep: Int

    package init(burst: Double, mostBeforeSweep: Int = 4096) {
        self.burst = burst
        self.mostBeforeSweep = mostBeforeSweep
    }

    package var count: Int { buckets.count }

    /// Takes from all accounts, or from none.
    ///
    /// - Parameters:
    ///   - charges: one an account; those of no records only ask.
    ///   - now: seconds.
    package mutating func take(_ charges: [RateCharge], at now: Double) throws(RateExceeded) {
        var longest: RateExceeded?
        for charge in charges {
            var bucket = bucket(of: charge, at: now)
            if let delay = bucket.delay(at: now), delay > longest?.delay ?? 0 {
                longest = RateExceeded(key: charge.key, rate: charge.rate, delay: delay)
            }
        }
        if let longest { throw longest }
        for charge in charges where charge.records > 0 {
            var bucket = bucket(of: charge, at: now)
            bucket.take(charge.records, at: now)
            buckets[charge.key] = bucket
        }
        sweep(at: now)
    }

    private func bucket(of charge: RateCharge, at now: Double) -> TokenBucket {
        if let bucket = buckets[charge.key], bucket.rate == Double(charge.rate) { return bucket }
        return TokenBucket(rate: Double(charge.rate), capacity: Double(charge.rate) * burst, at: now)
    }

    private mutating func sweep(at now: Double) {
        guard buckets.count > mostBeforeSweep else { return }
        buckets = buckets.filter { entry in
            var bucket = entry.value
            return !bucket.isFull(at: now)
        }
        mostBeforeSweep = max(4096, 2 * buckets.count)
    }
}
