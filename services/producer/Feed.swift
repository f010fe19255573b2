/// What a producer sends, with the limits that it was given.
struct Feed {
    // One of the two. Not an enum: its payload could not be changed in place.
    private var fleet: FleetFeed?
    private var replay: ReplayFeed?
    private var recordsLeft: Int?
    /// Milliseconds since 1970; nothing is sent from then on.
    let deadline: Int64?

    init(options: ProducerOptions, now: Int64, onBadRow: @escaping (BadRow) -> Void) throws(ProducerError) {
        switch options.content {
        case .fleet(let fleet): self.fleet = try FleetFeed(fleet: fleet, options: options, now: now)
        case .replay(let replay):
            self.replay = try ReplayFeed(options: replay, rate: options.rate, now: now, onBadRow: onBadRow)
        }
        recordsLeft = options.maximumRecords
        deadline = options.maximumDuration.map { now + min($0, .seconds(1 << 40)).microseconds / 1000 }
    }

    func isAtEnd(now: Int64) -> Bool {
        recordsLeft == 0 || nextDue == nil || deadline.map { now >= $0 } == true
    }

    /// When the next record is due, in milliseconds since 1970; nil when there is none.
    var nextDue: Int64? { fleet?.nextDue ?? replay?.nextDue }

    var activeIncidents: [String] { fleet?.activeIncidents ?? [] }

    /// Writes what is next, no more records than are left.
    mutating func step(into records: inout RecordBuffer) throws(ProducerError) {
        let before = records.count
        fleet?.step(into: &records)
        try replay?.step(into: &records)
        guard let left = recordsLeft else { return }
        let added = records.count - before
        if added > left { records.removeLast(added - left) }
        recordsLeft = left - min(added, left)
    }
}
