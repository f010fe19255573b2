/// A reading connection to a block with its statements, each prepared when it is first used and kept. One thread at a time.
final class BlockConnection {
    enum Query: Int, CaseIterable {
        case chunks, statistics, detail, timeline, labels, label, series, nameList, eventTime, eventsDown, eventsUp

        fileprivate var sql: String {
            switch self {
            case .chunks: "SELECT id, timeline, seal, data FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id"
            case .statistics: "SELECT data FROM statistics WHERE id = ?"
            case .detail: "SELECT data FROM detail WHERE id = ?"
            case .timeline: "SELECT t_min, t_max, count, seal, data FROM timeline WHERE id = ?"
            case .labels: "SELECT id, name, value, series FROM label WHERE id BETWEEN ? AND ? ORDER BY id"
            case .label: "SELECT id, name, value, series FROM label WHERE id = ?"
            case .series: "SELECT id, labels, seal FROM series WHERE id BETWEEN ? AND ? ORDER BY id"
            case .nameList: "SELECT series FROM label_name WHERE id = ?"
            case .eventTime: "SELECT t, labels, value, message, seal FROM event WHERE id = ?"
            case .eventsDown: "SELECT id, t, labels, value, message, seal FROM event WHERE id <= ? ORDER BY id DESC"
            case .eventsUp: "SELECT id, t, labels, value, message, seal FROM event WHERE id >= ? ORDER BY id"
            }
        }
    }

    let database: BlockDatabase
    private var statements: [BlockStatement?] = Array(repeating: nil, count: Query.allCases.count)

    init(path: String, file: String) throws {
        database = try BlockDatabase(path: path, file: file, mode: .immutable)
    }

    @inline(__always)
    func statement(_ query: Query) throws -> BlockStatement {
        if let known = statements[query.rawValue] { return known }
        let prepared = try database.prepare(query.sql)
        statements[query.rawValue] = prepared
        return prepared
    }
}
