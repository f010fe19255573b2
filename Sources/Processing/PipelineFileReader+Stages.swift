import ConfigurationYAML
import Yams

/// The stages that look at values and times.
extension PipelineFileReader {
    func bounds(_ node: Node) throws(ConfigurationFault) -> any PipelineStage {
        let fields = try ConfigurationFields(node, place: "`bounds`", keys: ["match", "min", "max", "outside"])
        let selection = try match(fields)
        guard fields["min"] != nil || fields["max"] != nil else {
            throw ConfigurationFault(at: node, "`bounds` needs `min`, `max` or both")
        }
        let bounds = ValueBounds(
            least: try fields.number("min") ?? -.infinity, greatest: try fields.number("max") ?? .infinity,
            outside: try fields.choice("outside") ?? .refuse)
        guard bounds.least <= bounds.greatest else {
            throw ConfigurationFault(
                at: node, "`min` (\(bounds.least)) must not be greater than `max` (\(bounds.greatest))")
        }
        return SampleStage(selection: selection) { .bounds(bounds, stage: $0) }
    }

    func notFinite(_ node: Node) throws(ConfigurationFault) -> any PipelineStage {
        let fields = try ConfigurationFields(node, place: "`not_finite`", keys: ["match", "action"])
        let action: RefusalAction = try fields.choice("action") ?? .drop
        return SampleStage(selection: try match(fields)) { .notFinite(action, stage: $0) }
    }

    func unit(_ node: Node) throws(ConfigurationFault) -> any PipelineStage {
        let keys = ["match", "from", "to", "multiply", "add", "rename"]
        let fields = try ConfigurationFields(node, place: "`unit`", keys: keys)
        guard fields["match"] != nil else {
            throw ConfigurationFault(at: node, "`unit` needs the key `match`: which series it converts")
        }
        return UnitStage(
            selection: try match(fields), conversion: try conversion(fields), metric: try fields.text("rename"))
    }

    private func conversion(_ fields: ConfigurationFields) throws(ConfigurationFault) -> ValueTransform {
        let hasUnits = fields["from"] != nil || fields["to"] != nil
        let hasNumbers = fields["multiply"] != nil || fields["add"] != nil
        guard hasUnits != hasNumbers else {
            throw ConfigurationFault(
                at: fields.node, "`unit` needs either `from` and `to`, or `multiply` and `add` (or one of them)")
        }
        if hasNumbers {
            return ValueTransform(factor: try fields.number("multiply") ?? 1, offset: try fields.number("add") ?? 0)
        }
        guard let from = try unitName("from", in: fields), let to = try unitName("to", in: fields) else {
            throw ConfigurationFault(at: fields.node, "`unit` needs both `from` and `to`")
        }
        guard let transform = UnitConversion.transform(from: from, to: to) else {
            throw ConfigurationFault(
                at: fields.node, "`\(from)` cannot be converted to `\(to)`: they measure different things")
        }
        return transform
    }

    private func unitName(_ key: String, in fields: ConfigurationFields) throws(ConfigurationFault) -> String? {
        try fields.value(key, expected: "one of \(UnitConversion.names.joined(separator: ", "))") {
            UnitConversion.knows($0) ? $0 : nil
        }
    }

    func clock(_ node: Node) throws(ConfigurationFault) -> any PipelineStage {
        let keys = ["match", "max_age", "max_ahead", "outside"]
        let fields = try ConfigurationFields(node, place: "`clock`", keys: keys)
        guard fields["max_age"] != nil || fields["max_ahead"] != nil else {
            throw ConfigurationFault(at: node, "`clock` needs `max_age`, `max_ahead` or both")
        }
        let bounds = ClockBounds(
            maximumAge: try fields.positiveDuration("max_age") ?? .max,
            maximumAhead: try fields.positiveDuration("max_ahead") ?? .max,
            outside: try fields.choice("outside") ?? .refuse)
        return SampleStage(selection: try match(fields)) { .clock(bounds, stage: $0) }
    }

    func deduplicate(_ node: Node) throws(ConfigurationFault) -> any PipelineStage {
        let fields = try ConfigurationFields(node, place: "`deduplicate`", keys: ["match", "interval"])
        let interval = try fields.requiredDuration("interval")
        return SampleStage(selection: try match(fields)) { .deduplicate(interval: interval, stage: $0) }
    }
}
