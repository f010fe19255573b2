import TelemetryModel

/// How much of a window, or of some, is in memory.
struct HeadAmount: Sendable, Equatable {
    var samples = 0
    /// About what the events take.
    var eventBytes = 0

    /// Of an event without its message and labels, which it shares with others.
    private static let bytesPerEvent = 128

    mutating func add(_ event: OperationalEvent) {
        eventBytes += HeadAmount.bytesPerEvent + (event.message?.utf8.count ?? 0)
    }

    static func += (left: inout HeadAmount, right: HeadAmount) {
        left.samples += right.samples
        left.eventBytes += right.eventBytes
    }
}
