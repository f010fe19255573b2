import PromQLSyntax

extension AggregationRule {
    static func text(ofInterval milliseconds: Int64) -> String { PromQLDuration.format(milliseconds) }

    /// `0.99`, `0.5`, `1`.
    static func text(of quantile: Double) -> String {
        quantile == quantile.rounded() ? String(Int(quantile)) : String(quantile)
    }
}

extension AggregationRule.Output {
    /// `sum`, …, or `quantile(0.99)`; nil for anything else.
    init?(_ text: String) {
        if let simple = Self.simple.first(where: { $0.name == text }) {
            self = simple
            return
        }
        guard text.hasPrefix("quantile("), text.hasSuffix(")"),
            let q = Double(text.dropFirst("quantile(".count).dropLast()), (0...1).contains(q)
        else { return nil }
        self = .quantile(q)
    }
}
