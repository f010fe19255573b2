package import PromQLSyntax

/// Why a query has no result. Exhausted limits are `QueryLimitError`, failures of the store are the store's own errors.
package struct PromQLError: Error, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The text is not a query: the same text fails at any time and over any data.
        case parse
        /// The query has a value, but none of the type that is needed here: it fails at any time and over any data.
        case type
        /// The query is well-formed but has no meaning over this data or with these parameters.
        case execution
    }

    package let kind: Kind
    package let message: String
    /// The part of the query at fault as UTF-8 offsets, or nil if the fault is not in the text.
    package let range: Range<Int>?
    /// What stands before the message of a parse error, `1:15`.
    let position: String?

    package init(_ error: PromQLSyntaxError) {
        kind = .parse
        message = error.message
        range = error.range
        position = "\(error.line):\(error.column)"
    }

    package init(execution message: String, range: Range<Int>? = nil) {
        kind = .execution
        self.message = message
        self.range = range
        position = nil
    }

    init(type: PromQLExpression.ValueType, neededFor purpose: String, range: Range<Int>) {
        kind = .type
        message = "invalid expression type \"\(type.rawValue)\" for \(purpose), must be Scalar or instant Vector"
        self.range = range
        position = nil
    }

    package var description: String {
        switch kind {
        case .parse: "\(position ?? "1:1"): parse error: \(message)"
        case .type, .execution: message
        }
    }
}
