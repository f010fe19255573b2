/// How far the log has been read back since the process began.
package struct ReplayProgress: Sendable {
    package let batches: (done: Int, total: Int)
    package let samples: (done: Int, total: Int)
    /// Since reading began; no longer of interest when it is complete.
    package let elapsed: Duration

    package init(batches: (done: Int, total: Int), samples: (done: Int, total: Int), elapsed: Duration) {
        self.batches = batches
        self.samples = samples
        self.elapsed = elapsed
    }

    package var isComplete: Bool { batches.done >= batches.total }

    /// Between 0 and 1.
    package var share: Double { batches.total > 0 ? Double(batches.done) / Double(batches.total) : 1 }

    /// At the pace so far; nil before there is any.
    package var secondsLeft: Double? {
        if isComplete { return 0 }
        guard samples.done > 0 else { return nil }
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        return seconds * Double(samples.total - samples.done) / Double(samples.done)
    }

    /// `42 % (1200000 of 3000000 samples), about 3 s left`
    package var sentence: String {
        let left = secondsLeft.map { ", about \(max(1, Int($0.rounded(.up)))) s left" } ?? ""
        return "\(Int(share * 100)) % (\(samples.done) of \(samples.total) samples)\(left)"
    }
}
