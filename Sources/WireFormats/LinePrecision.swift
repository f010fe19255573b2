import TelemetryModel

/// The unit of the times in a request of line protocol, as its parameter `precision` names it.
package enum LinePrecision: Sendable, CaseIterable {
    case nanoseconds, microseconds, milliseconds, seconds, minutes, hours

    /// Nil if there is no such unit. The names of version 1 (`n`, `u`) and those of version 2 (`ns`, `us`) are taken in both.
    package init?(_ name: some StringProtocol) {
        switch name {
        case "ns", "n", "": self = .nanoseconds
        // The micro sign and the Greek letter, which look the same.
        case "us", "u", "\u{B5}", "\u{B5}s", "\u{3BC}", "\u{3BC}s": self = .microseconds
        case "ms": self = .milliseconds
        case "s": self = .seconds
        case "m": self = .minutes
        case "h": self = .hours
        default: return nil
        }
    }

    /// The milliseconds since 1970, rounded down, or nil if that is outside `ContractTimestamp.range`.
    @inline(__always)
    func milliseconds(_ time: Int64) -> Int64? {
        guard time >= 0 else { return nil }
        switch self {
        case .nanoseconds: return within(time / 1_000_000)
        case .microseconds: return within(time / 1000)
        case .milliseconds: return within(time)
        case .seconds: return multiplied(time, by: 1000)
        case .minutes: return multiplied(time, by: 60_000)
        case .hours: return multiplied(time, by: 3_600_000)
        }
    }

    private func within(_ milliseconds: Int64) -> Int64? {
        milliseconds <= ContractTimestamp.latest ? milliseconds : nil
    }

    private func multiplied(_ time: Int64, by factor: Int64) -> Int64? {
        time <= ContractTimestamp.latest / factor ? time &* factor : nil
    }

    /// The value of `precision` that means this.
    var parameter: String {
        switch self {
        case .nanoseconds: "ns"
        case .microseconds: "us"
        case .milliseconds: "ms"
        case .seconds: "s"
        case .minutes: "m"
        case .hours: "h"
        }
    }

    /// In the plural, for sentences.
    var name: String {
        switch self {
        case .nanoseconds: "nanoseconds"
        case .microseconds: "microseconds"
        case .milliseconds: "milliseconds"
        case .seconds: "seconds"
        case .minutes: "minutes"
        case .hours: "hours"
        }
    }
}
