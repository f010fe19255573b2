import ConfigurationYAML
import Relabelling
import Yams

extension ProcessingPipeline {
    /// Reads the text of a pipeline file, strictly.
    ///
    /// - Parameters:
    ///   - file: how the file is called in errors; it is not opened here.
    ///   - lookup: the contents of a file that a stage names.
    /// - Throws: what is wrong with each stage, with line and column.
    package static func parse(
        _ text: String, file: String, lookup: @escaping (_ name: String) throws -> String
    ) throws(PipelineFaults) -> ProcessingPipeline {
        var reader = PipelineFileReader(lookup: lookup)
        let stages: [NamedStage]
        do throws(ConfigurationFault) {
            guard let root = try ConfigurationFault.compose(text) else { return .empty }
            stages = try reader.stages(root)
        } catch {
            throw PipelineFaults(file: file, [error])
        }
        guard reader.faults.isEmpty else { throw PipelineFaults(file: file, reader.faults) }
        return ProcessingPipeline(stages: stages)
    }
}

/// Walks the YAML tree of a pipeline file. The readers of single stages are in extensions.
struct PipelineFileReader {
    static let kinds = [
        "drop", "keep", "bounds", "not_finite", "unit", "clock", "deduplicate", "relabel", "enrich", "aggregate",
    ]
    private static let maximumStages = 1000

    let lookup: (_ name: String) throws -> String
    /// The first of each stage.
    private(set) var faults: [ConfigurationFault] = []
    private var identities: Set<String> = []

    init(lookup: @escaping (_ name: String) throws -> String) { self.lookup = lookup }

    mutating func stages(_ root: Node) throws(ConfigurationFault) -> [ProcessingPipeline.NamedStage] {
        let file = try ConfigurationFields(root, place: "the pipeline file", keys: ["stages"])
        let nodes = try file.list("stages") ?? []
        guard nodes.count <= PipelineFileReader.maximumStages else {
            throw ConfigurationFault(
                at: file["stages"], "expected at most \(PipelineFileReader.maximumStages) stages, found \(nodes.count)")
        }
        var names: Set<String> = []
        var stages: [ProcessingPipeline.NamedStage] = []
        for (index, node) in nodes.enumerated() {
            do throws(ConfigurationFault) {
                let stage = try stage(node, number: index + 1)
                guard names.insert(stage.name).inserted else {
                    throw ConfigurationFault(
                        at: node, "the stage name `\(stage.name)` is used twice; give one another name")
                }
                stages.append(stage)
            } catch {
                faults.append(error)
            }
        }
        return stages
    }

    /// `- kind: …`, perhaps with a `name`.
    private mutating func stage(
        _ node: Node, number: Int
    ) throws(ConfigurationFault) -> ProcessingPipeline.NamedStage {
        let place = "stage \(number)"
        let fields = try ConfigurationFields(node, place: place, keys: PipelineFileReader.kinds + ["name"])
        let kinds = PipelineFileReader.kinds.filter { fields.keyNode($0) != nil }
        guard let kind = kinds.first, let key = fields.keyNode(kind), kinds.count == 1 else {
            throw ConfigurationFault(
                at: node,
                kinds.isEmpty
                    ? "\(place) must be one of \(PipelineFileReader.kinds.joined(separator: ", "))"
                    : "\(place) is \(kinds.joined(separator: " and ")); make each a stage of its own")
        }
        let name = try fields.text("name") ?? "\(kind) \(number)"
        // A key without a value, such as `not_finite:`, asks for the defaults.
        let value = fields[kind] ?? Node.mapping(Node.Mapping([], .implicit, .block, key.mark))
        return ProcessingPipeline.NamedStage(name: name, kind: kind, stage: try stage(kind, value, name: name))
    }

    private mutating func stage(
        _ kind: String, _ node: Node, name: String
    ) throws(ConfigurationFault) -> any PipelineStage {
        switch kind {
        case "drop": DropStage(selection: try selection(node, called: kind))
        case "keep": KeepStage(selection: try selection(node, called: kind))
        case "bounds": try bounds(node)
        case "not_finite": try notFinite(node)
        case "unit": try unit(node)
        case "clock": try clock(node)
        case "deduplicate": try deduplicate(node)
        case "relabel": RelabelStage(rules: try RelabelRule.rules(yaml: node, key: kind))
        case "enrich": try enrich(node)
        default: try aggregate(node, name: name)
        }
    }

    /// One selector or a list of them.
    func selection(_ node: Node, called name: String) throws(ConfigurationFault) -> SeriesSelection {
        var texts: [String] = []
        for element in try elements(node, called: name) {
            let text = try element.text(of: name)
            do {
                _ = try SeriesSelection([text])
            } catch {
                throw ConfigurationFault(at: element, "`\(text)` is no selector such as {job=\"api\"}: \(error)")
            }
            texts.append(text)
        }
        guard !texts.isEmpty, let selection = try? SeriesSelection(texts) else {
            throw ConfigurationFault(at: node, "`\(name)` needs a selector, such as {job=\"api\"}")
        }
        return selection
    }

    /// The `match` of a stage; all series if it is not there.
    func match(_ fields: ConfigurationFields) throws(ConfigurationFault) -> SeriesSelection {
        guard let node = fields["match"] else { return .all }
        return try selection(node, called: "match")
    }

    /// The elements of a list; a single text stands for a list of one.
    func elements(_ node: Node, called name: String) throws(ConfigurationFault) -> [Node] {
        switch node {
        case .sequence(let list): Array(list)
        case .scalar: node.null == nil ? [node] : []
        default: throw ConfigurationFault(at: node, "`\(name)` is a text or a list, but this is \(node.inWords)")
        }
    }

    func texts(_ key: String, in fields: ConfigurationFields) throws(ConfigurationFault) -> [String] {
        guard let node = fields[key] else { return [] }
        var texts: [String] = []
        for element in try elements(node, called: key) { texts.append(try element.text(of: key)) }
        return texts
    }

    /// - Throws: if another rule does the same.
    mutating func claim(_ rule: AggregationRule, at node: Node) throws(ConfigurationFault) {
        guard identities.insert(rule.identity).inserted else {
            throw ConfigurationFault(
                at: node, "another stage aggregates the same in the same way; remove one of the two")
        }
    }
}
