import GRDB
import Synchronization
import TelemetryModel

/// Who reads the log on its own behalf, and holds what it has not read yet.
package struct ForwardHolds: Sendable {
    /// By receiver.
    var positions: [String: ForwardPosition] = [:]
    /// Behind the position: what is in memory and on its way.
    var ahead: [String: ForwardPosition] = [:]
    /// Records that are on their way although the position was moved over them: missed, if no answer comes any more.
    var inFlight: [String: Int] = [:]
    var maximumBytes = Int.max
}

extension IngestLog {
    /// Begins to hold the log for these receivers; those that are not among them are forgotten.
    ///
    /// - Parameters:
    ///   - receivers: and whether one that is new begins at the log's beginning instead of its end.
    ///   - maximumBytes: payloads that trimming leaves for one that is behind.
    /// - Returns: the names of the forgotten.
    package func holdForForwarding(
        _ receivers: [(name: String, isFromBeginning: Bool)], maximumBytes: Int
    ) throws -> [String] {
        let end = durableOffset
        let (positions, forgotten) = try writer.write { db in
            let table = ForwardTable(db: db)
            let forgotten = try table.forget(except: receivers.map(\.name))
            var positions: [String: ForwardPosition] = [:]
            for (name, isFromBeginning) in receivers {
                let fresh = ForwardPosition(offset: isFromBeginning ? try LogTotals(db: db).trimmedOffset() : end)
                let position = try table.read(name) ?? fresh
                try table.write(position, of: name)
                positions[name] = position
            }
            return (positions, forgotten)
        }
        forwards.withLock { holds in
            holds.positions = positions
            holds.ahead = positions
            holds.maximumBytes = maximumBytes
        }
        return forgotten
    }

    package func forwardPosition(of receiver: String) -> ForwardPosition {
        forwards.withLock { $0.positions[receiver] ?? ForwardPosition(offset: durableOffset) }
    }

    /// Says that records behind `start` and through a place are in memory and will be sent.
    ///
    /// - Returns: false if trimming has moved the position on meanwhile: they are counted as missed and must not be sent.
    package func takeForForwarding(
        _ receiver: String, from start: ForwardPosition, through place: (offset: Int64, records: Int)
    ) -> Bool {
        forwards.withLock { holds in
            guard var position = holds.positions[receiver], position.offset == start.offset else { return false }
            (position.offset, position.records) = place
            holds.ahead[receiver] = position
            return true
        }
    }

    /// Moves a receiver's position on after its answer, if trimming has not moved it further meanwhile, and adds to its counts. Not
    /// on disk before `writeForwardPosition`.
    package func advanceForwarding(
        _ receiver: String, to place: (offset: Int64, records: Int), sent: Int = 0, failed: Int = 0, missed: Int = 0
    ) {
        forwards.withLock { holds in
            guard var position = holds.positions[receiver] else { return }
            if (place.offset, place.records) > (position.offset, position.records) {
                (position.offset, position.records) = place
            }
            position.sent += sent
            position.failed += failed
            position.missed += missed
            holds.positions[receiver] = position
            holds.inFlight[receiver] = nil
        }
    }

    /// Says that nothing is in memory any more: nobody reads for this receiver until the next start.
    package func releaseForwarding(_ receiver: String) {
        forwards.withLock { holds in
            holds.positions[receiver]?.missed += holds.inFlight[receiver] ?? 0
            holds.inFlight[receiver] = nil
            holds.ahead[receiver] = holds.positions[receiver]
        }
    }

    package func writeForwardPosition(of receiver: String) throws {
        let position: ForwardPosition? = forwards.withLock { holds in
            var position = holds.positions[receiver]
            position?.missed += holds.inFlight[receiver] ?? 0
            return position
        }
        guard let position else { return }
        try writer.write { db in try ForwardTable(db: db).write(position, of: receiver) }
    }

    /// What comes behind an offset, in order, about `maximumRecords` of it; what was trimmed is left out.
    package func entries(after offset: Int64, maximumRecords: Int) throws -> [LogEntry] {
        let (end, accepted) = progress.withLock { ($0.durableOffset, $0.accepted) }
        guard end > offset else { return [] }
        var rows = try BatchReader(reader, after: offset, through: end, endTotals: accepted)
        return try rows.next(maximumRecords: maximumRecords)
    }

    /// How far the log may be trimmed through, for the sake of its receivers. One for which more than the bound would have to be
    /// kept is moved on, and what it misses by that is counted to the record.
    func offsetToTrim(through wanted: Int64) throws -> Int64 {
        let (positions, ahead, maximumBytes) = forwards.withLock { ($0.positions, $0.ahead, $0.maximumBytes) }
        var least = wanted
        for (receiver, position) in positions where position.offset < wanted {
            let inMemory = ahead[receiver] ?? position
            let moved: (start: Int64, missed: Int, inFlight: Int)? = try writer.write { db in
                let table = ForwardTable(db: db)
                let start = try table.start(after: position.offset, through: wanted, bytes: maximumBytes)
                guard start > position.offset else { return nil }
                let totals = LogTotals(db: db)
                let done = try totals.through(position.offset).sum + position.records
                let taken = try totals.through(inMemory.offset).sum + inMemory.records
                let skipped = try totals.through(start).sum
                return (start, max(0, skipped - taken), max(0, min(skipped, taken) - done))
            }
            guard let moved, skip(receiver, to: moved.start, moved.missed, moved.inFlight, ahead: inMemory) else {
                least = min(least, position.offset)
                continue
            }
            try writeForwardPosition(of: receiver)
            least = min(least, moved.start)
        }
        return least
    }

    /// False if the receiver has taken more into memory meanwhile, so that the count would be wrong; the next trimming tries again.
    private func skip(
        _ receiver: String, to offset: Int64, _ missed: Int, _ inFlight: Int, ahead: ForwardPosition
    ) -> Bool {
        forwards.withLock { holds in
            guard var position = holds.positions[receiver],
                holds.ahead[receiver].map({ ($0.offset, $0.records) == (ahead.offset, ahead.records) }) ?? true,
                position.offset < offset
            else { return false }
            (position.offset, position.records) = (offset, 0)
            position.missed += missed
            holds.positions[receiver] = position
            holds.inFlight[receiver, default: 0] += inFlight
            return true
        }
    }
}
