/// What a producer sends, where to and how fast.
package struct ProducerOptions: Sendable {
    package enum Content: Sendable {
        case fleet(FleetOptions)
        case replay(ReplayOptions)
    }

    package enum Rate: Hashable, Sendable {
        /// As the fleet's interval or the recorded times say.
        case natural
        /// So many records a second: a fleet's interval follows from it, a replay is slowed down to it.
        case recordsPerSecond(Double)
        /// As fast as the server takes them. Without a limit on the records a live fleet then sends one reading of each
        /// source per millisecond, since a series has one value per millisecond.
        case unbounded
    }

    /// Of the server, such as `http://127.0.0.1:8040`.
    package var url: String
    package var credentials = ServerCredentials()
    package var content: Content
    package var rate = Rate.natural
    /// Stops after exactly so many records.
    package var maximumRecords: Int?
    /// Stops so long after the start.
    package var maximumDuration: Duration?
    /// A fleet's history of this length is sent first, at full speed.
    package var backfill = Duration.zero
    /// One incident of each kind begins in the first minutes of a live fleet.
    package var isDemonstration = false
    /// Requests on their way at the same time, each on a connection of its own that is kept open.
    package var connections = 2
    package var recordsPerRequest = 5000
    /// A record waits at most so long for others to share its request.
    package var flushInterval = Duration.seconds(1)
    /// How long one request is tried again before the producer gives up.
    package var giveUpAfter = Duration.seconds(120)
    /// Neither progress nor a report of bad rows on standard error.
    package var isQuiet = false

    package init(url: String, content: Content) {
        self.url = url
        self.content = content
    }
}

/// Recorded data to send again.
package struct ReplayOptions: Sendable {
    package enum Speed: Hashable, Sendable {
        case maximum
        /// Recorded seconds per second.
        case factor(Double)
    }

    /// Files, and folders whose CSV and NDJSON files are taken.
    package var paths: [String]
    /// For all records, instead of their own or the one in the file's name.
    package var metric: String?
    package var source: String?
    package var speed = Speed.maximum
    /// Moves all records by the same time, such that the last one lands at the moment of the start.
    package var isShiftedToNow = false

    package init(paths: [String]) {
        self.paths = paths
    }
}

/// Why a producer cannot go on.
package enum ProducerError: Error, Hashable, Sendable {
    /// An option is outside of what is possible.
    case invalidOption(name: String, expected: String, found: String)
    /// The address answers, but not as a Heliograph that takes telemetry.
    case refused(url: String, status: Int, answer: String)
    case unreachable(url: String, seconds: Int64, lastFault: String)
    case unreadable(path: String, reason: String)
    case nothingToReplay(paths: [String])
}

extension ProducerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidOption(let name, let expected, let found):
            "\(name): expected \(expected), found \(found)"
        case .refused(let url, let status, let answer):
            "\(url) answered \(status), expected it to take telemetry: check the address"
                + (answer.isEmpty ? "" : "; it said: \(answer)")
        case .unreachable(let url, let seconds, let lastFault):
            "\(url) did not take a request within \(seconds) s of trying (\(lastFault)): is the server running?"
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason)"
        case .nothingToReplay(let paths):
            "no CSV or NDJSON file to replay in \(paths.joined(separator: ", "))"
        }
    }
}

extension ProducerOptions {
    /// Finds the option that is outside of what is possible.
    func validate() throws(ProducerError) {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw .invalidOption(name: "url", expected: "an http:// or https:// address", found: "\"\(url)\"")
        }
        try check("connections", connections, within: 1...256)
        try check("records per request", recordsPerRequest, within: 1...100_000)
        if let maximumRecords { try check("number of records", maximumRecords, within: 0...1_000_000_000_000) }
        guard backfill >= .zero, backfill <= .seconds(3660 * 86_400) else {
            throw .invalidOption(name: "backfill", expected: "a duration of at most ten years", found: "\(backfill)")
        }
        if case .recordsPerSecond(let rate) = rate, !(rate >= 0.001 && rate <= 1e9) {
            throw .invalidOption(name: "rate", expected: "0.001 to 1,000,000,000 records a second", found: "\(rate)")
        }
        switch content {
        case .fleet(let fleet):
            try check("sources", fleet.sources, within: FleetOptions.sourceRange)
            guard FleetOptions.intervalRange.contains(fleet.interval) else {
                throw .invalidOption(name: "interval", expected: "1 ms to a day", found: "\(fleet.interval)")
            }
            _ = try liveInterval(of: fleet)
        case .replay(let replay):
            if case .factor(let factor) = replay.speed, !(factor >= 0.001 && factor <= 1e9) {
                throw .invalidOption(
                    name: "speed", expected: "max, or 0.001 to 1,000,000,000 recorded seconds per second",
                    found: "\(factor)")
            }
        }
    }

    /// Between two readings of a live source at the wanted rate.
    func liveInterval(of fleet: FleetOptions) throws(ProducerError) -> Duration {
        switch rate {
        case .natural: return fleet.interval
        case .unbounded: return maximumRecords == nil ? .milliseconds(1) : fleet.interval
        case .recordsPerSecond(let rate):
            let microseconds = Double(fleet.sources * FleetSimulator.recordsPerReading) / rate * 1e6
            guard microseconds >= 999.5 else {
                let most = fleet.sources * FleetSimulator.recordsPerReading * 1000
                throw .invalidOption(
                    name: "rate",
                    expected: "at most \(most) records a second from \(fleet.sources) sources, or more sources",
                    found: "\(rate)")
            }
            let interval = Duration.microseconds(Int64(min(microseconds, 8.64e10).rounded()))
            return max(interval, FleetOptions.intervalRange.lowerBound)
        }
    }

    private func check(_ name: String, _ number: Int, within range: ClosedRange<Int>) throws(ProducerError) {
        guard range.contains(number) else {
            throw .invalidOption(
                name: name, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(number)")
        }
    }
}
