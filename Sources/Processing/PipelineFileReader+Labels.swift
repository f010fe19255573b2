import ConfigurationYAML
import Yams

/// Enrichment and aggregation.
extension PipelineFileReader {
    func enrich(_ node: Node) throws(ConfigurationFault) -> any PipelineStage {
        let keys = ["match", "file", "by", "column", "lookup", "add", "overwrite"]
        let fields = try ConfigurationFields(node, place: "`enrich`", keys: keys)
        let file = try fields.requiredText("file")
        let by = try fields.requiredText("by")
        let kind: LookupTable.Match = try fields.choice("lookup") ?? .exact
        let column = try fields.text("column") ?? by
        let table: LookupTable
        do {
            table = try LookupTable(text: lookup(file), name: file, key: column, match: kind)
        } catch {
            throw ConfigurationFault(at: fields["file"], "the file `\(file)` cannot be used: \(error)")
        }
        var added = table.columns
        if fields["add"] != nil {
            added = try texts("add", in: fields)
            for name in added where !table.columns.contains(name) {
                let known = table.columns.map { "`\($0)`" }.joined(separator: ", ")
                throw ConfigurationFault(
                    at: fields["add"], "the file `\(file)` has no column `\(name)`; it has \(known)")
            }
        }
        return EnrichStage(
            selection: try match(fields), table: table, key: by, added: added,
            overwrites: try fields.boolean("overwrite") ?? false)
    }

    mutating func aggregate(_ node: Node, name: String) throws(ConfigurationFault) -> any PipelineStage {
        let keys = ["match", "interval", "horizon", "by", "without", "outputs", "keep_raw", "metric"]
        let fields = try ConfigurationFields(node, place: "`aggregate`", keys: keys)
        let interval = try fields.requiredDuration("interval")
        let outputs = try outputs(fields)
        let template = try fields.text("metric") ?? AggregationRule.defaultNameTemplate
        if outputs.count > 1, !template.contains("$output") {
            throw ConfigurationFault(
                at: fields["metric"], "`metric` needs `$output` where there are several outputs: \(template)")
        }
        let rule = AggregationRule(
            name: name, selection: try match(fields), interval: interval,
            horizon: try fields.positiveDuration("horizon") ?? min(interval, PipelineFileReader.longestUsualHorizon),
            grouping: try grouping(fields), outputs: outputs, nameTemplate: template,
            keepsRaw: try fields.boolean("keep_raw") ?? false)
        try claim(rule, at: node)
        return AggregateStage(rule: rule)
    }

    /// Of a rule that says nothing of it: a minute at the most, milliseconds.
    private static let longestUsualHorizon: Int64 = 60_000

    private func grouping(_ fields: ConfigurationFields) throws(ConfigurationFault) -> AggregationRule.Grouping {
        if fields["by"] != nil, fields["without"] != nil {
            throw ConfigurationFault(
                at: fields["without"], "`aggregate` has either `by` or `without`, and this one has both")
        }
        if fields["without"] != nil { return .without(try texts("without", in: fields)) }
        return .by(try texts("by", in: fields))
    }

    private func outputs(_ fields: ConfigurationFields) throws(ConfigurationFault) -> [AggregationRule.Output] {
        var outputs: [AggregationRule.Output] = []
        for text in try texts("outputs", in: fields) {
            guard let output = AggregationRule.Output(text) else {
                let names = AggregationRule.Output.simple.map(\.name).joined(separator: ", ")
                throw ConfigurationFault(
                    at: fields["outputs"], "`\(text)` is no output; there are \(names) and quantile(0…1)")
            }
            guard !outputs.contains(output) else {
                throw ConfigurationFault(at: fields["outputs"], "the output `\(text)` is there twice; keep one")
            }
            outputs.append(output)
        }
        guard !outputs.isEmpty else {
            throw ConfigurationFault(
                at: fields.node, "`aggregate` needs the key `outputs`, such as [sum, count, quantile(0.99)]")
        }
        return outputs
    }
}
