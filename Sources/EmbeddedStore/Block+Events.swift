import TelemetryModel
import TimeSeriesStore

extension Block {
    /// Events of the range that are accepted, newest first (of equal times the later one), at most `limit`.
    func events(in range: TimeRange, limit: Int, where accepts: (OperationalEvent) -> Bool) throws -> [OperationalEvent]
    {
        guard eventCount > 0, range.overlaps(self.range) else { return [] }
        let deletions = deletions
        return try withConnection { connection in
            // The first event after the range. Ids are in order of time.
            var low = 0
            var high = eventCount
            let find = try connection.statement(.eventTime)
            while low < high {
                let middle = (low + high) / 2
                find.bind(1, Int64(middle))
                defer { find.reset() }
                guard try find.step() else { throw damage("event \(middle)", "none") }
                if try event(find, middle, firstColumn: 0).timestamp <= range.through {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            var found: [OperationalEvent] = []
            let statement = try connection.statement(.eventsDown)
            defer { statement.reset() }
            statement.bind(1, Int64(low - 1))
            var id = low - 1
            while id >= 0, found.count < limit {
                guard try statement.step(), statement.integer(0) == Int64(id) else {
                    throw damage("event \(id)", "another or none")
                }
                let event = try event(statement, id, firstColumn: 1)
                if event.timestamp < range.from { break }
                if deletions?.covers(event) != true, accepts(event) { found.append(event) }
                id -= 1
            }
            return found
        }
    }

    /// The event whose columns begin at `firstColumn` of the row under the statement, checked.
    func event(_ statement: BlockStatement, _ id: Int, firstColumn: Int32) throws -> OperationalEvent {
        let timestamp = statement.integer(firstColumn)
        let text = statement.text(firstColumn + 1)
        let value = statement.isNull(firstColumn + 2) ? .nan : statement.real(firstColumn + 2)
        let message = statement.isNull(firstColumn + 3) ? nil : statement.text(firstColumn + 3)
        guard statement.integer(firstColumn + 4) == Block.seal(ofEvent: Int64(id), timestamp, text, value, message),
            let labels = LabelSet(json: text)
        else { throw damage("an intact event \(id)", "another row") }
        return OperationalEvent(timestamp: timestamp, labels: labels, value: value, message: message)
    }
}
