import PromQLSyntax
import TelemetryModel

/// Numbers the labels by which elements are matched, and knows those of elements that it saw before: a chain of operators has
/// the same ones again and again, and a new label set goes through all its bytes.
final class SignatureTable {
    /// Which labels must be equal.
    struct Rule: Hashable {
        private let isOn: Bool
        private let labels: [String]

        init(_ matching: VectorMatching) {
            isOn = matching.on
            labels = matching.labels
        }

        func signature(_ all: LabelSet) -> LabelSet {
            isOn
                ? all.keeping(labels) : all.filtered { $0 != LabelSet.metricNameLabel && !labels.contains($0) }
        }
    }

    private let rule: Rule
    private var numbersOfElements: [LabelSet: Int] = [:]
    private var numbersOfSignatures: [LabelSet: Int] = [:]

    init(_ rule: Rule) { self.rule = rule }

    /// How many elements it knows.
    var count: Int { numbersOfElements.count }

    /// Of the signature of an element with these labels: the same for equal signatures, from 0 on without gaps.
    func number(_ labels: LabelSet) -> Int {
        if let known = numbersOfElements[labels] { return known }
        let signature = rule.signature(labels)
        let number = numbersOfSignatures[signature] ?? numbersOfSignatures.count
        numbersOfSignatures[signature] = number
        numbersOfElements[labels] = number
        return number
    }
}

/// The tables of one query.
struct SignatureTables {
    /// More elements than this are not remembered from one operator to the next.
    private static let limit = 1 << 16

    private var tables: [SignatureTable.Rule: SignatureTable] = [:]

    /// For the elements of one operator.
    mutating func table(_ rule: SignatureTable.Rule) -> SignatureTable {
        if tables.values.reduce(0, { $0 + $1.count }) > Self.limit { tables = [:] }
        if let known = tables[rule] { return known }
        let table = SignatureTable(rule)
        tables[rule] = table
        return table
    }
}
