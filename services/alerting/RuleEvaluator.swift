package import AlertRules
package import PromQLEngine
import TelemetryModel

/// Turns the value of a query into what rules work on.
package enum RuleEvaluator {
    /// A rule's expression gave something that is neither a vector nor a scalar.
    package struct UnusableResult: Error, Sendable, Equatable, CustomStringConvertible {
        package let kind: String

        package var description: String {
            "a rule needs an instant vector or a scalar, but the expression gave a \(kind)"
        }
    }

    /// The samples of a vector; a scalar is one sample without labels.
    package static func samples(of result: QueryResult) throws(UnusableResult) -> [RuleSample] {
        switch result.value {
        case .vector(let samples): samples.map { RuleSample($0.labels, $0.value) }
        case .scalar(_, let value): [RuleSample(.empty, value)]
        case .string: throw UnusableResult(kind: "string")
        case .matrix: throw UnusableResult(kind: "range vector")
        }
    }
}
