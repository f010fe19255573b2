import Synchronization
import TelemetryModel

/// Which series were last pushed to which group, so that a push or a delete can end those that it takes away. Thread-safe.
///
/// Known are the groups since the start of the process, as many as the bounds allow; beyond, those that were not pushed to for
/// the longest time are forgotten. Their series end as all do to which nothing comes any more.
final class PushedGroups: Sendable {
    /// What a push takes the place of.
    enum Replacement {
        /// All series of the group (`PUT`).
        case all
        /// Those whose metrics' names are among the pushed ones (`POST`).
        case sameNames
        case nothing
    }

    private struct Group {
        var series: Set<SeriesReference> = []
        var lastPush: UInt64 = 0
    }

    private struct State {
        var groups: [LabelSet: Group] = [:]
        var seriesCount = 0
        var pushes: UInt64 = 0

        mutating func set(_ series: Set<SeriesReference>, of key: LabelSet) {
            seriesCount += series.count - (groups[key]?.series.count ?? 0)
            pushes += 1
            groups[key] = series.isEmpty ? nil : Group(series: series, lastPush: pushes)
        }

        mutating func forgetOldest(mostGroups: Int, mostSeries: Int) {
            while groups.count > mostGroups || seriesCount > mostSeries,
                let oldest = groups.min(by: { $0.value.lastPush < $1.value.lastPush })
            {
                set([], of: oldest.key)
            }
        }
    }

    private let state = Mutex(State())
    private let mostGroups: Int
    private let mostSeries: Int

    /// A series takes about 8 bytes.
    init(mostGroups: Int = 10_000, mostSeries: Int = 2_000_000) {
        self.mostGroups = mostGroups
        self.mostSeries = mostSeries
    }

    /// Notes what was pushed.
    ///
    /// - Parameter metricName: of a series.
    /// - Returns: those of the group's series whose place was taken, in order; they are no longer noted.
    func push(
        _ references: [SeriesReference], to key: LabelSet, replacing replacement: Replacement,
        metricName: (SeriesReference) -> String?
    ) -> [SeriesReference] {
        let pushed = Set(references)
        let names = replacement == .sameNames ? Set(pushed.map(metricName)) : []
        return state.withLock { state in
            let others = (state.groups[key]?.series ?? []).subtracting(pushed)
            let ended: Set<SeriesReference> =
                switch replacement {
                case .all: others
                case .sameNames: others.filter { names.contains(metricName($0)) }
                case .nothing: []
                }
            state.set(others.subtracting(ended).union(pushed), of: key)
            state.forgetOldest(mostGroups: mostGroups, mostSeries: mostSeries)
            return ended.sorted()
        }
    }

    /// Notes series without taking the place of any.
    func add(_ references: [SeriesReference], to key: LabelSet) {
        _ = push(references, to: key, replacing: .nothing) { _ in nil }
    }

    /// Forgets a group.
    ///
    /// - Returns: its series, in order.
    func remove(_ key: LabelSet) -> [SeriesReference] {
        state.withLock { state in
            let series = state.groups[key]?.series ?? []
            state.set([], of: key)
            return series.sorted()
        }
    }
}
