/// Why a request's body as a whole cannot be read as the data contract's JSON. Nothing of the request was taken.
package enum ContractDecodingError: Error, Equatable, Sendable {
    /// There is no byte but whitespace.
    case empty
    /// `line` and `column` (in code points) count from 1; `what` says what was expected there and what came.
    case notJSON(line: Int, column: Int, what: String)
    /// Outside any string stands a byte that is not UTF-8; `offset` counts from 0.
    case invalidUTF8(offset: Int, line: Int, column: Int)
    /// The body holds more records than a request may have.
    case tooManyRecords(limit: Int)
}

extension ContractDecodingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty:
            "Expected one record, an array of records or one record a line, got an empty body."
        case .notJSON(let line, let column, let what):
            "The body is not JSON: at line \(line), column \(column), \(what). Nothing of it was taken."
        case .invalidUTF8(let offset, let line, let column):
            "The body is not UTF-8: byte \(offset) (line \(line), column \(column)) cannot stand there. Send "
                + "UTF-8 without a byte order mark, and name a compression in Content-Encoding. Nothing of it was "
                + "taken."
        case .tooManyRecords(let limit):
            "Expected at most \(limit) records in one request, got more. Send them in several requests. Nothing "
                + "was taken."
        }
    }
}
