import PromQLSyntax
import YAMLReading
import Yams

/// The stages that look at values and times.
extension PipelineFileReader {
    mutating func bounds(_ node: Node) -> (any PipelineStage)? {
        guard let fields = reader.fields(node, of: "`bounds`", keys: ["match", "min", "max", "outside"]),
            let selection = match(fields)
        else { return nil }
        let least = reader.number("min", in: fields)
        let greatest = reader.number("max", in: fields)
        guard fields["min"] != nil || fields["max"] != nil else {
            reader.report("`bounds` needs `min`, `max` or both", at: node)
            return nil
        }
        let bounds = ValueBounds(
            least: least ?? -.infinity, greatest: greatest ?? .infinity,
            outside: reader.choice("outside", in: fields) ?? .refuse)
        guard bounds.least <= bounds.greatest else {
            reader.report("`min` (\(bounds.least)) must not be greater than `max` (\(bounds.greatest))", at: node)
            return nil
        }
        return SampleStage(selection: selection) { .bounds(bounds, stage: $0) }
    }

    mutating func notFinite(_ node: Node) -> (any PipelineStage)? {
        guard let fields = reader.fields(node, of: "`not_finite`", keys: ["match", "action"]),
            let selection = match(fields)
        else { return nil }
        let action: RefusalAction = reader.choice("action", in: fields) ?? .drop
        return SampleStage(selection: selection) { .notFinite(action, stage: $0) }
    }

    mutating func unit(_ node: Node) -> (any PipelineStage)? {
        let keys = ["match", "from", "to", "multiply", "add", "rename"]
        guard let fields = reader.fields(node, of: "`unit`", keys: keys), fields["match"] != nil else {
            reader.report("`unit` needs the key `match`: which series it converts", at: node)
            return nil
        }
        guard let selection = match(fields) else { return nil }
        let from = unitName("from", in: fields)
        let to = unitName("to", in: fields)
        let factor = reader.number("multiply", in: fields)
        let offset = reader.number("add", in: fields)
        var conversion = ValueTransform(factor: factor ?? 1, offset: offset ?? 0)
        switch (fields["from"] == nil && fields["to"] == nil, fields["multiply"] == nil && fields["add"] == nil) {
        case (true, false): break
        case (false, true):
            guard let from, let to else {
                if fields["from"] == nil || fields["to"] == nil {
                    reader.report("`unit` needs both `from` and `to`", at: node)
                }
                return nil
            }
            guard let known = UnitConversion.transform(from: from, to: to) else {
                reader.report("`\(from)` cannot be converted to `\(to)`: they measure different things", at: node)
                return nil
            }
            conversion = known
        default:
            reader.report("`unit` needs either `from` and `to`, or `multiply` and `add` (or one of them)", at: node)
            return nil
        }
        return UnitStage(selection: selection, conversion: conversion, metric: reader.text("rename", in: fields))
    }

    private mutating func unitName(_ key: String, in fields: YAMLFields) -> String? {
        reader.value(key, in: fields, expected: "one of \(UnitConversion.names.joined(separator: ", "))") {
            UnitConversion.knows($0) ? $0 : nil
        }
    }

    mutating func clock(_ node: Node) -> (any PipelineStage)? {
        let keys = ["match", "max_age", "max_ahead", "outside"]
        guard let fields = reader.fields(node, of: "`clock`", keys: keys), let selection = match(fields) else {
            return nil
        }
        guard fields["max_age"] != nil || fields["max_ahead"] != nil else {
            reader.report("`clock` needs `max_age`, `max_ahead` or both", at: node)
            return nil
        }
        let bounds = ClockBounds(
            maximumAge: duration("max_age", in: fields) ?? .max,
            maximumAhead: duration("max_ahead", in: fields) ?? .max,
            outside: reader.choice("outside", in: fields) ?? .refuse)
        return SampleStage(selection: selection) { .clock(bounds, stage: $0) }
    }

    mutating func deduplicate(_ node: Node) -> (any PipelineStage)? {
        guard let fields = reader.fields(node, of: "`deduplicate`", keys: ["match", "interval"]),
            let selection = match(fields), let interval = requiredDuration("interval", in: fields)
        else { return nil }
        return SampleStage(selection: selection) { .deduplicate(interval: interval, stage: $0) }
    }

    /// Milliseconds, above zero.
    mutating func duration(_ key: String, in fields: YAMLFields) -> Int64? {
        reader.value(key, in: fields, expected: "a duration above zero, such as 30s, 5m or 7d") { text in
            (try? PromQLDuration.parse(text)).flatMap { $0 > 0 ? $0 : nil }
        }
    }

    mutating func requiredDuration(_ key: String, in fields: YAMLFields) -> Int64? {
        _ = reader.requiredText(key, in: fields)
        return fields[key] == nil ? nil : duration(key, in: fields)
    }
}
