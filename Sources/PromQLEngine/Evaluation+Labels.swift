import LabelPattern
import PromQLSyntax
import TelemetryModel

extension Evaluation {
    /// `label_replace(v, destination, replacement, source, pattern)`
    func labelReplace(
        _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        let destination = try string(arguments[1])
        let source = try string(arguments[3])
        let text = try string(arguments[4])
        try checkLabelName(destination, at: arguments[1].range)
        let pattern: LabelPattern
        do {
            pattern = try LabelPattern(text)
        } catch {
            throw PromQLError(
                execution: "invalid regular expression in label_replace(): \(text.promQLQuoted): \(error)",
                range: arguments[4].range)
        }
        let template = ReplacementTemplate(try string(arguments[2]), groupNames: ReplacementTemplate.groupNames(in: text))
        let series = try vector(arguments[0], grid)
        var out: [StepSeries] = []
        out.reserveCapacity(series.count)
        for element in series {
            var changed = element
            if let groups = pattern.firstMatch(element.labels[source] ?? "") {
                changed.labels = element.labels.setting(destination, to: template.expanded(with: groups))
                if destination == LabelSet.metricNameLabel { changed.dropsName = false }
            }
            out.append(changed)
        }
        return try merged(out, at: call.range)
    }

    /// `label_join(v, destination, separator, source…)`
    func labelJoin(
        _ arguments: [PromQLExpression], at call: PromQLExpression, _ grid: StepGrid
    ) throws -> [StepSeries] {
        let destination = try string(arguments[1])
        let separator = try string(arguments[2])
        let sources = try arguments.dropFirst(3).map(string)
        try checkLabelName(destination, at: arguments[1].range)
        for (name, argument) in zip(sources, arguments.dropFirst(3)) { try checkLabelName(name, at: argument.range) }
        let series = try vector(arguments[0], grid).map { element in
            var changed = element
            let joined = sources.map { element.labels[$0] ?? "" }.joined(separator: separator)
            changed.labels = element.labels.setting(destination, to: joined)
            if destination == LabelSet.metricNameLabel { changed.dropsName = false }
            return changed
        }
        return try merged(series, at: call.range)
    }

    private func checkLabelName(_ name: String, at range: Range<Int>) throws {
        guard !name.isEmpty else { throw PromQLError(execution: "a label name cannot be empty", range: range) }
    }
}

/// Text with `$1`, `${1}`, `$name`, `${name}` for groups of a match and `$$` for a dollar; a name is taken as long as
/// possible, and an unknown group is empty (the rules of Go's `regexp.Expand`).
struct ReplacementTemplate {
    private enum Piece {
        case text(String)
        case group(Int)
    }

    private var pieces: [Piece] = []

    init(_ template: String, groupNames: [String: Int]) {
        var text = ""
        var rest = Substring(template)
        while let character = rest.popFirst() {
            guard character == "$" else {
                text.append(character)
                continue
            }
            if rest.first == "$" {
                rest.removeFirst()
                text.append("$")
                continue
            }
            var name: Substring
            var after: Substring
            if rest.first == "{" {
                name = rest.dropFirst().prefix { $0 != "}" }
                after = rest[name.endIndex...].dropFirst()
                if name.endIndex == rest.endIndex { name = "" }
            } else {
                name = rest.prefix(while: \.isGroupNamePart)
                after = rest[name.endIndex...]
            }
            guard !name.isEmpty, name.allSatisfy(\.isGroupNamePart) else {
                text.append("$")
                continue
            }
            rest = after
            after = ""
            if !text.isEmpty { pieces.append(.text(text)) }
            text = ""
            if let number = Int(name) ?? groupNames[String(name)] { pieces.append(.group(number)) }
        }
        if !text.isEmpty { pieces.append(.text(text)) }
    }

    /// Group 0 is the whole match.
    func expanded(with groups: [String?]) -> String {
        var out = ""
        for piece in pieces {
            switch piece {
            case .text(let text): out += text
            case .group(let number):
                if groups.indices.contains(number) { out += groups[number] ?? "" }
            }
        }
        return out
    }

    /// The numbers of the groups that a pattern names, `(?P<name>…)` or `(?<name>…)`.
    static func groupNames(in pattern: String) -> [String: Int] {
        var names: [String: Int] = [:]
        var number = 0
        var isInClass = false
        var rest = Substring(pattern)
        while let character = rest.popFirst() {
            switch character {
            case "\\": _ = rest.popFirst()
            case "[": isInClass = true
            case "]": isInClass = false
            case "(" where !isInClass:
                guard rest.first == "?" else {
                    number += 1
                    continue
                }
                let marker = ["?P<", "?<"].first(where: rest.hasPrefix)
                guard let marker else { continue }
                number += 1
                let name = rest.dropFirst(marker.count).prefix { $0 != ">" }
                if names[String(name)] == nil { names[String(name)] = number }
            default: break
            }
        }
        return names
    }
}

extension Character {
    fileprivate var isGroupNamePart: Bool { self == "_" || (isASCII && (isLetter || isNumber)) }
}
