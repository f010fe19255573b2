/// How busy people keep a service by time of day and day of the week.
enum DailyLoad {
    private static let byMinute: [Double] = (0..<1440).map { minute in
        // Quietest at 4 o'clock, busiest at 16. Bhaskara I's rational sine: plain arithmetic, the same on every
        // machine.
        let phase = Double((minute + 1440 - 240) % 1440) / 1440
        let arc = phase * (1 - phase)
        return 0.3 + 0.7 * (16 * arc / (5 - 4 * arc))
    }

    /// 0.3 in the quietest minute to 1 in the busiest; at the weekend two thirds of that.
    ///
    /// - Parameters:
    ///   - timestamp: Milliseconds since 1970, not negative.
    ///   - hoursEast: Of local time before UTC, -23...23.
    static func factor(at timestamp: Int64, hoursEast: Int) -> Double {
        let minute = max(0, timestamp / 60_000 + Int64(hoursEast * 60))
        // 1970-01-01 was a Thursday: day 2 is the first Saturday.
        let dayOfWeek = (minute / 1440 + 5) % 7
        return byMinute[Int(minute % 1440)] * (dayOfWeek < 2 ? 2.0 / 3 : 1)
    }
}
