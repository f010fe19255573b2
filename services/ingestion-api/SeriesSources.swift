import Synchronization
import TelemetryModel
import WireFormats

/// Which source each series is of, by reference, so that a request's records can be counted by source without looking at
/// labels. Thread-safe.
///
/// Memory: 4 bytes a series, and each source's name once; series are bounded, and so are these.
final class SeriesSources: Sendable {
    private struct State {
        /// By reference: number of the source + 1, or 0 where it is not known yet.
        var numbers: [UInt32] = []
        var names: [String] = []
        var byName: [String: UInt32] = [:]

        mutating func number(of name: String) -> UInt32 {
            if let known = byName[name] { return known }
            names.append(name)
            let number = UInt32(names.count)
            byName[name] = number
            return number
        }
    }

    private let registry: SeriesRegistry
    private let state = Mutex(State())

    init(registry: SeriesRegistry) { self.registry = registry }

    /// How many records each source has in a request, refused ones included. Records without a `source_id` are not counted:
    /// they have nothing in common.
    func counts(of decoded: DecodedRequest) -> [(source: String, records: Int)] {
        state.withLock { state in
            var counts: [UInt32: Int] = [:]
            for reference in decoded.batch.references { counts[number(of: reference, &state), default: 0] += 1 }
            for record in decoded.rejected {
                if let source = record.sourceID { counts[state.number(of: source), default: 0] += 1 }
            }
            return counts.map { (state.names[Int($0.key) - 1], $0.value) }.filter { !$0.source.isEmpty }
        }
    }

    private func number(of reference: SeriesReference, _ state: inout State) -> UInt32 {
        let index = Int(reference.rawValue)
        if index < state.numbers.count, state.numbers[index] != 0 { return state.numbers[index] }
        if index >= state.numbers.count {
            state.numbers += repeatElement(0, count: max(index + 1, registry.count) - state.numbers.count)
        }
        let number = state.number(of: registry.labels(of: reference)["source_id"] ?? "")
        state.numbers[index] = number
        return number
    }
}
