import HTTPSupport
import IngestLog
import TelemetryModel

/// Which dead letters a request means: its parameters `reason`, `source`, `protocol`, `from`, `to`, `after` and `through`.
struct DeadLetterFilter {
    private static let names = ["reason", "source", "protocol", "from", "to"]

    var selection = DeadLetterSelection()
    /// Nothing narrows it.
    let isEverything: Bool

    init(_ parameters: RequestParameters) throws {
        isEverything = DeadLetterFilter.names.allSatisfy { parameters.text($0) == nil }
        selection.reason = parameters.text("reason")
        selection.sourceID = parameters.text("source")
        if let name = parameters.text("protocol") {
            guard let known = IngestProtocol.allCases.first(where: { $0.name == name }) else {
                let names = IngestProtocol.allCases.map(\.name).joined(separator: ", ")
                throw APIError.invalid("protocol", "expected one of \(names), got \"\(name.prefix(64))\"")
            }
            selection.ingestProtocol = known
        }
        if let from = try parameters.time("from") { selection.from = from }
        if let through = try parameters.time("to") { selection.through = through }
        selection.afterID = try DeadLetterFilter.id("after", parameters)
        // One that is the last to be meant, inclusive.
        selection.beforeID = try DeadLetterFilter.id("through", parameters).map { $0 &+ 1 }
        if let before = try DeadLetterFilter.id("before", parameters) { selection.beforeID = before }
    }

    /// For what cannot be undone: it must say that it means all if nothing narrows it.
    init(bounded parameters: RequestParameters) throws {
        try self.init(parameters)
        guard try !isEverything || parameters.flag("all") else {
            throw APIError(
                .badData,
                "expected a filter (\(DeadLetterFilter.names.joined(separator: ", "))), or all=true for every dead letter, "
                    + "got neither")
        }
    }

    private static func id(_ name: String, _ parameters: RequestParameters) throws -> Int64? {
        guard let text = parameters.text(name) else { return nil }
        guard let id = Int64(text), id >= 0, id < .max else {
            throw APIError.invalid(name, "expected the id of a dead letter, got \"\(text.prefix(64))\"")
        }
        return id
    }
}
