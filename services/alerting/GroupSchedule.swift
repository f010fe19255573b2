/// When a group is evaluated: every `interval`, at an offset that its name decides, so that groups spread over the interval
/// and keep their instants over restarts. All times in milliseconds since 1970.
struct GroupSchedule: Sendable, Equatable {
    let interval: Int64
    let offset: Int64

    init(interval: Int64, identity: String) {
        self.interval = max(1, interval)
        self.offset = Int64(Fingerprint.fnv1a(identity.utf8) % UInt64(self.interval))
    }

    /// The first instant after `time`.
    func slot(after time: Int64) -> Int64 {
        let (shifted, _) = time.subtractingReportingOverflow(offset)
        let rest = shifted % interval
        let behind = rest < 0 ? rest + interval : rest
        return (time &- behind) &+ interval
    }

    /// What comes after the evaluation for `slot`, when it is `now`: the next instant, and how many were missed. One that
    /// passed during the evaluation is still taken, late; those before it are missed. A clock that was set back by more than
    /// the interval starts the schedule anew.
    func next(after slot: Int64, now: Int64) -> (slot: Int64, missed: Int) {
        let passed = now.subtractingReportingOverflow(slot).partialValue
        if passed < -interval { return (self.slot(after: now), 0) }
        let steps = max(1, passed / interval)
        return (slot &+ steps &* interval, Int(steps - 1))
    }
}
