import TelemetryModel

/// What the simulated fleet is like.
package struct FleetOptions: Hashable, Sendable {
    package var seed: UInt64 = 1
    package var sources = 25
    /// Between two readings of one source; 1 ms to a day.
    package var interval = Duration.seconds(5)

    package init() {}

    package static let sourceRange = 1...100_000
    package static let intervalRange = Duration.milliseconds(1)...Duration.seconds(86_400)
}

/// A fleet of machines that send six metrics each, busy by day and quiet by night, with incidents now and then.
///
/// Pure: what it makes depends on the options and the start alone. Sources take turns evenly within an interval, so the
/// records come in order of time. A source's counters never go back, except after an incident that ends with its
/// restart.
package struct FleetSimulator: Sendable {
    /// Records that one source sends per reading.
    package static let recordsPerReading = FleetSource.metrics.count

    private var sources: [FleetSource]
    private let schedule: IncidentSchedule
    /// Not yet started, by start.
    private var upcoming: [Incident]
    private var nextSlot: Int64
    private var time = TimestampText()

    // In microseconds since 1970.
    private var roundStart: Int64
    private var interval: Int64
    private var intervalOfNextRound: Int64
    private var turn = 0
    private var lastReadings: [Int64]

    /// - Parameters:
    ///   - start: Of the first reading, in milliseconds since 1970, within the years that the data contract takes.
    ///   - demonstrationStart: If given, one incident of each kind begins within the minutes after this moment.
    package init(options: FleetOptions, start: Int64, demonstrationStart: Int64? = nil) {
        precondition(FleetOptions.sourceRange.contains(options.sources), "a fleet has 1 to 100,000 sources")
        precondition(FleetOptions.intervalRange.contains(options.interval), "an interval is 1 ms to a day long")
        precondition(TimestampText.range.contains(start), "the start is in the years 1970 to 2099")
        sources = (0..<options.sources).map { FleetSource(index: $0, seed: options.seed) }
        schedule = IncidentSchedule(seed: options.seed, sources: options.sources)
        roundStart = start * 1000
        interval = options.interval.microseconds
        intervalOfNextRound = interval
        lastReadings = Array(repeating: start * 1000 - interval, count: options.sources)
        nextSlot = start / IncidentSchedule.slot
        upcoming = demonstrationStart.map(schedule.demonstration) ?? []
    }

    /// Of the next reading, in milliseconds since 1970.
    package var nextTimestamp: Int64 { nextMicroseconds / 1000 }

    private var nextMicroseconds: Int64 { roundStart + interval * Int64(turn) / Int64(sources.count) }

    /// Changes the time between two readings of a source, from the next round of all sources on.
    package mutating func setInterval(_ duration: Duration) {
        precondition(FleetOptions.intervalRange.contains(duration), "an interval is 1 ms to a day long")
        intervalOfNextRound = duration.microseconds
    }

    /// One reading of one source: six records, more where an incident starts or ends, fewer while the source is silent.
    package mutating func step(into records: inout RecordBuffer) {
        if turn == 0 { beginRound() }
        let microseconds = nextMicroseconds
        let timestamp = min(microseconds / 1000, TimestampText.range.upperBound)
        time.set(timestamp)
        let seconds = Double(microseconds - lastReadings[turn]) / 1_000_000
        lastReadings[turn] = microseconds
        if let incident = sources[turn].incident, incident.end <= timestamp { end(incident, into: &records) }
        let reading = sources[turn].advance(seconds: seconds, to: timestamp)
        if sources[turn].incident?.silencesSource != true { append(reading, of: turn, into: &records) }
        turn += 1
        if turn == sources.count {
            turn = 0
            roundStart += interval
            interval = intervalOfNextRound
        }
        startDueIncident(at: timestamp, into: &records)
    }

    private func append(_ reading: FleetSource.Reading, of index: Int, into records: inout RecordBuffer) {
        let prefixes = sources[index].prefixes
        records.append(prefixes[0], at: time, scaledValue: reading.cpuHundredths, decimals: 2)
        records.append(prefixes[1], at: time, scaledValue: reading.memoryHundredths, decimals: 2)
        records.append(prefixes[2], at: time, scaledValue: reading.requests, decimals: 0)
        records.append(prefixes[3], at: time, scaledValue: reading.errors, decimals: 0)
        records.append(prefixes[4], at: time, scaledValue: reading.latencyThousandths, decimals: 3)
        records.append(prefixes[5], at: time, scaledValue: reading.queueDepth, decimals: 0)
    }

    /// Makes sure that every incident that may start in the coming round is known.
    private mutating func beginRound() {
        let roundEnd = (roundStart + interval) / 1000
        let first = roundStart / 1000
        while nextSlot * IncidentSchedule.slot <= roundEnd {
            if let incident = schedule.incident(inSlot: nextSlot), incident.start >= first { upcoming.append(incident) }
            nextSlot += 1
            upcoming.sort { $0.start < $1.start }
        }
    }

    /// At most one incident a step: the next one has to wait for the next step. A source that has one gets no second.
    private mutating func startDueIncident(at timestamp: Int64, into records: inout RecordBuffer) {
        guard let incident = upcoming.first, incident.start <= timestamp else { return }
        upcoming.removeFirst()
        guard sources[incident.source].incident == nil, incident.end > timestamp else { return }
        sources[incident.source].incident = incident
        report(incident, severity: incident.startSeverity, value: 1, into: &records) { $0.startMessage(source: $1) }
    }

    private mutating func end(_ incident: Incident, into records: inout RecordBuffer) {
        sources[incident.source].incident = nil
        if incident.endsWithRestart { sources[incident.source].restart() }
        report(incident, severity: .info, value: 0, into: &records) { $0.endMessage(source: $1) }
    }

    private func report(
        _ incident: Incident, severity: Severity, value: Double, into records: inout RecordBuffer,
        message: (Incident, String) -> String
    ) {
        let source = sources[incident.source]
        let kind = (name: "kind", value: RecordPrefix.TagValue.text(incident.kind.rawValue))
        let prefix = RecordPrefix(
            source: source.name, metric: "incident", severity: severity.rawValue, tags: source.tags + [kind])
        records.append(prefix, at: time, value: value, message: message(incident, source.name))
    }

    /// In the order of their sources.
    package var activeIncidents: [Incident] { sources.compactMap(\.incident) }

    /// What is wrong at the moment, in words, one entry an incident.
    package var activeIncidentMessages: [String] {
        sources.compactMap { source in source.incident?.startMessage(source: source.name) }
    }
}

extension Duration {
    /// Whole microseconds, for durations of at most some thousand years.
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
