/// When which source has which incident: a function of the seed and the time alone, so that a history and the live data
/// that follows it fit together, however they are cut.
struct IncidentSchedule: Sendable {
    let seed: UInt64
    let sources: Int

    /// Time is cut into slots of this length; at most one incident starts in each.
    static let slot: Int64 = 600_000

    private static let durations: [Incident.Kind: Range<Int>] = [
        .outage: 120_000..<360_000, .latencySpike: 180_000..<720_000, .errorBurst: 120_000..<480_000,
        .memoryLeak: 1_200_000..<2_700_000,
    ]

    /// The incident that starts in slot number `index` (since 1970), if there is one.
    func incident(inSlot index: Int64) -> Incident? {
        var random = SeededGenerator(seed: seed, subject: index)
        guard sources > 0, random.unit() < 0.7 else { return nil }
        let kind = Incident.Kind.allCases[random.within(0..<Incident.Kind.allCases.count)]
        let start = index * IncidentSchedule.slot + Int64(random.within(0..<Int(IncidentSchedule.slot)))
        let duration = random.within(IncidentSchedule.durations[kind] ?? 180_000..<180_001)
        return Incident(
            kind: kind, source: random.within(0..<sources), start: start, end: start + Int64(duration),
            strength: random.unit())
    }

    /// One incident of each kind within the first minutes after `start`, for a person who watches.
    func demonstration(from start: Int64) -> [Incident] {
        var random = SeededGenerator(seed: seed, subject: -1)
        guard sources > 0 else { return [] }
        let first = random.within(0..<sources)
        let plan: [(kind: Incident.Kind, after: Int64, duration: Int64)] = [
            (.latencySpike, 40_000, 150_000), (.errorBurst, 110_000, 180_000), (.outage, 200_000, 120_000),
            (.memoryLeak, 300_000, 600_000),
        ]
        return plan.enumerated().map { position, entry in
            Incident(
                kind: entry.kind, source: (first + position * 7) % sources, start: start + entry.after,
                end: start + entry.after + entry.duration, strength: random.within(0.5...1))
        }
    }
}
