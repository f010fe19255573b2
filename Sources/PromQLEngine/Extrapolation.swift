/// How far the change between the first and the last sample of a window is stretched towards the ends of the window: all the
/// way where samples come close enough to them, otherwise by half of the distance between samples, since the series is taken
/// to begin or end there (Prometheus' extrapolation).
struct Extrapolation {
    /// Of the samples, milliseconds.
    let firstTime: Int64
    let lastTime: Int64
    let count: Int
    /// Of the window, milliseconds; the start is excluded.
    let start: Int64
    let end: Int64
    /// When counting began, if that was inside of the window before the first sample: the count was zero then.
    var began: Int64?

    /// What to multiply the change with. For a counter, `firstValue` is what its first sample says (nil otherwise): it was
    /// never below zero.
    @inline(__always)
    func factor(change: Double, firstValue: Double?, isPerSecond: Bool) -> Double {
        let sampled = Double(lastTime - firstTime) / 1000
        let average = sampled / Double(max(1, count - 1))
        // Samples that stop this far from an end are taken for the beginning or end of the series.
        let threshold = average * 1.1
        var interval = sampled
        var toStart = 0.0
        if let began {
            interval = Double(lastTime - began) / 1000
        } else {
            toStart = Double(firstTime - start) / 1000
            if toStart >= threshold { toStart = average / 2 }
            if let firstValue, change > 0, firstValue >= 0 {
                toStart = min(toStart, sampled * (firstValue / change))
            }
        }
        var toEnd = Double(end - lastTime) / 1000
        if toEnd >= threshold { toEnd = average / 2 }
        let factor = interval == 0 ? 1 : (interval + toStart + toEnd) / interval
        return isPerSecond ? factor / (Double(end - start) / 1000) : factor
    }
}
