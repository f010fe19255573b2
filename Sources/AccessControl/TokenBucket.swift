/// A bound on how much passes in the long run, which lets bursts through: a bucket that fills at a steady rate.
///
/// It may be overdrawn: what is taken passes whole if anything is in the bucket, and what is missing is paid back before the next
/// one passes. So a request of any size gets through in the end, and the rate holds all the same. Pure: the clock is the caller's.
package struct TokenBucket: Equatable, Sendable {
    /// Per second.
    package let rate: Double
    /// What it holds at most.
    package let capacity: Double
    private var level: Double
    /// Seconds.
    private var filledAt: Double

    /// Full.
    package init(rate: Double, capacity: Double, at now: Double) {
        self.rate = rate
        self.capacity = max(capacity, 1)
        level = self.capacity
        filledAt = now
    }

    /// Seconds until something passes; nil if it does now.
    package mutating func delay(at now: Double) -> Double? {
        fill(at: now)
        // A whole unit, so that a wait of that length is enough whatever was rounded.
        return level >= 1 ? nil : (1 - level) / rate
    }

    package mutating func take(_ amount: Int, at now: Double) {
        fill(at: now)
        level -= Double(amount)
    }

    /// As good as a new one.
    package mutating func isFull(at now: Double) -> Bool {
        fill(at: now)
        return level >= capacity
    }

    private mutating func fill(at now: Double) {
        // A clock that goes back fills nothing.
        guard now > filledAt else { return }
        level = min(capacity, level + (now - filledAt) * rate)
        filledAt = now
    }
}
