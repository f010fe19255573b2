import Synchronization
package import TelemetryModel
package import TimeSeriesStore

/// What a deletion removed, as it is kept.
package struct DeletionReceipt: Sendable, Equatable {
    package let id: Int64
    package let series: Int
    package let samples: Int
    package let events: Int
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let createdAt: Int64
}
