import TelemetryModel

/// The events that are in no block yet, in the order in which they came, and which they are.
struct RecentEvents {
    private(set) var list: [OperationalEvent] = []
    /// Digests under a key of the process: so many events that two of them meet do not fit into memory.
    private var identities: Set<Int> = []

    /// Whether an event of the same series, time and message is here.
    func contains(_ event: OperationalEvent) -> Bool { identities.contains(RecentEvents.identity(event)) }

    mutating func append(_ event: OperationalEvent) {
        list.append(event)
        identities.insert(RecentEvents.identity(event))
    }

    mutating func removeAll(where isRemoved: (OperationalEvent) -> Bool) {
        let count = list.count
        list.removeAll(where: isRemoved)
        if list.count < count { identities = Set(list.map(RecentEvents.identity)) }
    }

    private static func identity(_ event: OperationalEvent) -> Int {
        var hasher = Hasher()
        hasher.combine(event.labels)
        hasher.combine(event.timestamp)
        hasher.combine(event.message)
        return hasher.finalize()
    }
}
