/// How much an event matters, least first. The raw values are those of the data contract.
package enum Severity: String, CaseIterable, Sendable, Comparable {
    case debug, info, warning, error, critical

    package static let labelName = "severity"

    /// Records at this severity or above are operational events even without a message.
    package static let lowestOperational = Severity.warning

    package static func < (a: Severity, b: Severity) -> Bool {
        a.rank < b.rank
    }

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        case .critical: 4
        }
    }
}
