/// A fleet's records as they become due: history at once, then live.
struct FleetFeed {
    private var simulator: FleetSimulator
    private let liveStart: Int64
    private let liveInterval: Duration
    private var isLive = false

    /// - Parameter now: Milliseconds since 1970: the end of the history and the start of live data.
    init(fleet: FleetOptions, options: ProducerOptions, now: Int64) throws(ProducerError) {
        liveInterval = try options.liveInterval(of: fleet)
        var history = options.backfill.microseconds / 1000
        if options.rate == .unbounded, let records = options.maximumRecords {
            // As much history as the records fill, so that the last of them lands about now.
            // A little more than that: sources that are silent for a while must not make the end wait for the clock.
            let milliseconds = Int(fleet.interval.microseconds / 1000)
            let full = records / (fleet.sources * FleetSimulator.recordsPerReading)
            let rounds = full + (full / 8 + 360_000 / milliseconds) / fleet.sources + 3
            let (length, isTooLong) = rounds.multipliedReportingOverflow(by: milliseconds)
            guard !isTooLong, length <= now else {
                throw .invalidOption(
                    name: "number of records",
                    expected: "no more than fit between 1970 and now with readings every \(fleet.interval)",
                    found: "\(records)")
            }
            history = max(history, Int64(length))
        }
        liveStart = now
        simulator = FleetSimulator(
            options: fleet, start: max(0, now - history),
            demonstrationStart: options.isDemonstration ? now : nil)
    }

    var nextDue: Int64 { simulator.nextTimestamp }
    var activeIncidents: [String] { simulator.activeIncidentMessages }

    mutating func step(into records: inout RecordBuffer) {
        if !isLive, simulator.nextTimestamp >= liveStart {
            isLive = true
            simulator.setInterval(liveInterval)
        }
        simulator.step(into: &records)
    }
}
