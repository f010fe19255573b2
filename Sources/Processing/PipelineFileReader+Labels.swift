import YAMLReading
import Yams

/// The stages that look at labels only, and aggregation.
extension PipelineFileReader {
    mutating func enrich(_ node: Node) -> (any PipelineStage)? {
        let keys = ["match", "file", "by", "column", "lookup", "add", "overwrite"]
        guard let fields = reader.fields(node, of: "`enrich`", keys: keys), let selection = match(fields),
            let file = reader.requiredText("file", in: fields), let by = reader.requiredText("by", in: fields),
            let fileNode = fields["file"]
        else { return nil }
        let overwrites = reader.flag("overwrite", in: fields) ?? false
        let kind: LookupTable.Match = reader.choice("lookup", in: fields) ?? .exact
        let column = reader.text("column", in: fields) ?? by
        let table: LookupTable
        do {
            table = try LookupTable(text: lookup(file), name: file, key: column, match: kind)
        } catch {
            reader.report("the file `\(file)` cannot be used: \(error)", at: fileNode)
            return nil
        }
        var added = table.columns
        if let node = fields["add"] {
            added = []
            for (name, node) in reader.texts(node, called: "add") {
                if table.columns.contains(name) {
                    added.append(name)
                } else {
                    let known = table.columns.map { "`\($0)`" }.joined(separator: ", ")
                    reader.report("the file `\(file)` has no column `\(name)`; it has \(known)", at: node)
                }
            }
        }
        return EnrichStage(selection: selection, table: table, key: by, added: added, overwrites: overwrites)
    }

    mutating func aggregate(_ node: Node, name: String) -> (any PipelineStage)? {
        let keys = ["match", "interval", "horizon", "by", "without", "outputs", "keep_raw", "metric"]
        guard let fields = reader.fields(node, of: "`aggregate`", keys: keys), let selection = match(fields),
            let interval = requiredDuration("interval", in: fields), let outputs = outputs(fields),
            let grouping = grouping(fields)
        else { return nil }
        let template = reader.text("metric", in: fields) ?? AggregationRule.defaultNameTemplate
        if outputs.count > 1, !template.contains("$output") {
            reader.report("`metric` needs `$output` where there are several outputs: \(template)", at: node)
            return nil
        }
        let rule = AggregationRule(
            name: name, selection: selection, interval: interval,
            horizon: duration("horizon", in: fields) ?? min(interval, PipelineFileReader.longestUsualHorizon),
            grouping: grouping, outputs: outputs, nameTemplate: template,
            keepsRaw: reader.flag("keep_raw", in: fields) ?? false)
        return claim(rule, at: node) ? AggregateStage(rule: rule) : nil
    }

    /// Of a rule that says nothing of it: a minute at the most, milliseconds.
    private static let longestUsualHorizon: Int64 = 60_000

    private mutating func grouping(_ fields: YAMLFields) -> AggregationRule.Grouping? {
        if fields["by"] != nil, let node = fields["without"] {
            reader.report("`aggregate` has either `by` or `without`, and this one has both", at: node)
            return nil
        }
        if let node = fields["without"] { return .without(reader.texts(node, called: "without").map(\.text)) }
        guard let node = fields["by"] else { return .by([]) }
        return .by(reader.texts(node, called: "by").map(\.text))
    }

    private mutating func outputs(_ fields: YAMLFields) -> [AggregationRule.Output]? {
        guard let node = fields["outputs"] else {
            reader.report("`aggregate` needs the key `outputs`, such as [sum, count, quantile(0.99)]", at: fields.node)
            return nil
        }
        var outputs: [AggregationRule.Output] = []
        for (text, node) in reader.texts(node, called: "outputs") {
            guard let output = AggregationRule.Output(text) else {
                let names = AggregationRule.Output.simple.map(\.name).joined(separator: ", ")
                reader.report("`\(text)` is no output; there are \(names) and quantile(0…1)", at: node)
                continue
            }
            if outputs.contains(output) {
                reader.report("the output `\(text)` is there twice; keep one", at: node)
            } else {
                outputs.append(output)
            }
        }
        return outputs.isEmpty ? nil : outputs
    }
}
