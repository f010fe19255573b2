package import YAMLReading
import Yams

extension ProcessingPipeline {
    /// Reads the text of a pipeline file, strictly.
    ///
    /// - Parameters:
    ///   - file: how the file is called in errors; it is not opened here.
    ///   - lookup: the contents of a file that a stage names.
    /// - Throws: everything that is wrong, each with line and column.
    package static func parse(
        _ text: String, file: String, lookup: @escaping (_ name: String) throws -> String
    ) throws(YAMLProblems) -> ProcessingPipeline {
        let reader = YAMLReader(file: file)
        guard let root = try reader.document(text) else { return .empty }
        var stages = PipelineFileReader(reader: reader, lookup: lookup)
        let read = stages.stages(root)
        try stages.reader.finish()
        return ProcessingPipeline(stages: read)
    }
}

/// Walks the YAML tree of a pipeline file. The readers of single stages are in extensions.
struct PipelineFileReader {
    static let kinds = [
        "drop", "keep", "bounds", "not_finite", "unit", "clock", "deduplicate", "enrich", "aggregate",
    ]
    private static let maximumStages = 1000

    var reader: YAMLReader
    let lookup: (_ name: String) throws -> String
    private var rules: [String: Int] = [:]

    init(reader: YAMLReader, lookup: @escaping (_ name: String) throws -> String) {
        self.reader = reader
        self.lookup = lookup
    }

    mutating func stages(_ root: Node) -> [ProcessingPipeline.NamedStage] {
        guard let file = reader.fields(root, of: "the pipeline file", keys: ["stages"]), let list = file["stages"],
            let nodes = reader.list(list, called: "stages")
        else { return [] }
        guard nodes.count <= PipelineFileReader.maximumStages else {
            reader.report(
                "expected at most \(PipelineFileReader.maximumStages) stages, found \(nodes.count)", at: list)
            return []
        }
        var names: Set<String> = []
        var stages: [ProcessingPipeline.NamedStage] = []
        for (index, node) in nodes.enumerated() {
            guard let stage = stage(node, number: index + 1) else { continue }
            if !names.insert(stage.name).inserted {
                reader.report("the stage name `\(stage.name)` is used twice; give one another name", at: node)
            }
            stages.append(stage)
        }
        return stages
    }

    /// `- kind: …`, perhaps with a `name`.
    private mutating func stage(_ node: Node, number: Int) -> ProcessingPipeline.NamedStage? {
        let place = "stage \(number)"
        guard let fields = reader.fields(node, of: place, keys: PipelineFileReader.kinds + ["name"]) else { return nil }
        let kinds = PipelineFileReader.kinds.filter { kind in
            guard case .mapping(let mapping) = node else { return false }
            return mapping[kind] != nil
        }
        guard let kind = kinds.first, kinds.count == 1 else {
            reader.report(
                kinds.isEmpty
                    ? "\(place) must be one of \(PipelineFileReader.kinds.joined(separator: ", "))"
                    : "\(place) is \(kinds.joined(separator: " and ")); make each a stage of its own", at: node)
            return nil
        }
        let name = reader.text("name", in: fields) ?? "\(kind) \(number)"
        // A key without a value, such as `not_finite:`, asks for the defaults.
        guard case .mapping(let mapping) = node, let value = mapping[kind],
            let stage = stage(kind, value, name: name)
        else { return nil }
        return ProcessingPipeline.NamedStage(name: name, kind: kind, stage: stage)
    }

    private mutating func stage(_ kind: String, _ node: Node, name: String) -> (any PipelineStage)? {
        switch kind {
        case "drop": selection(node, called: kind).map { DropStage(selection: $0) }
        case "keep": selection(node, called: kind).map { KeepStage(selection: $0) }
        case "bounds": bounds(node)
        case "not_finite": notFinite(node)
        case "unit": unit(node)
        case "clock": clock(node)
        case "deduplicate": deduplicate(node)
        case "enrich": enrich(node)
        default: aggregate(node, name: name)
        }
    }

    /// One selector or a list of them.
    mutating func selection(_ node: Node, called name: String) -> SeriesSelection? {
        let texts = reader.texts(node, called: name)
        var isRead = !texts.isEmpty
        for (text, node) in texts {
            do {
                _ = try SeriesSelection([text])
            } catch {
                reader.report("`\(text)` is no selector such as {job=\"api\"}: \(error)", at: node)
                isRead = false
            }
        }
        if texts.isEmpty { reader.report("`\(name)` needs a selector, such as {job=\"api\"}", at: node) }
        return isRead ? try? SeriesSelection(texts.map(\.text)) : nil
    }

    /// The `match` of a stage; all series if it is not there, nil if it is wrong.
    mutating func match(_ fields: YAMLFields) -> SeriesSelection? {
        guard let node = fields["match"] else { return .all }
        return selection(node, called: "match")
    }

    /// Whether the name, or what the rule does, is taken by another rule.
    mutating func claim(_ rule: AggregationRule, at node: Node) -> Bool {
        if rules.updateValue(1, forKey: rule.identity) == nil { return true }
        reader.report("another stage aggregates the same in the same way; remove one of the two", at: node)
        return false
    }
}
