import Foundation
import Yams

/// Settings as a YAML file gives them: values by dotted key, each with the place where it stands.
struct SettingsFile {
    struct Entry {
        let key: String
        let place: SettingPlace
        /// What was found; nil for what can be no setting's value, such as a mapping.
        let input: SettingInput?
        /// The found thing in words.
        let found: String
    }

    private(set) var entries: [Entry] = []
    private(set) var problems: [SettingProblem] = []
    private let path: String

    /// A settings file has about a hundred lines; a far larger one is something else, named by mistake.
    private static let maximumBytes = 1 << 20
    /// No setting lies deeper than in one group; further levels are read so far that the report can name what was
    /// meant.
    private static let maximumDepth = 4

    /// Reads and parses the file; whatever is wrong with it ends up in `problems`.
    init(path: String) {
        self.path = path
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            let data = try handle.read(upToCount: SettingsFile.maximumBytes + 1) ?? Data()
            if data.count > SettingsFile.maximumBytes {
                fail(at: .wholeFile(path: path), .unreadableFile(reason: "it is larger than 1 MiB"))
            } else if let text = String(data: data, encoding: .utf8) {
                parse(text)
            } else {
                fail(at: .wholeFile(path: path), .unreadableFile(reason: "it is not UTF-8 text"))
            }
        } catch {
            let reason = (error as NSError).localizedDescription
            fail(at: .wholeFile(path: path), .unreadableFile(reason: reason))
        }
    }

    /// Parses text as if it stood in a file at `path`.
    init(path: String, text: String) {
        self.path = path
        parse(text)
    }

    private mutating func parse(_ text: String) {
        do {
            guard let root = try Yams.compose(yaml: text), !SettingsFile.isNothing(root) else { return }
            guard case .mapping(let mapping) = root else {
                return fail(at: place(of: root), .notAMapping(found: SettingsFile.words(for: root)))
            }
            collect(mapping, below: [])
        } catch {
            let (reason, mark) = SettingsFile.explanation(of: error)
            let place = mark.map { SettingPlace.file(path: path, line: $0.line, column: $0.column) }
            fail(at: place ?? .wholeFile(path: path), .invalidYAML(reason: reason))
        }
    }

    private mutating func collect(_ mapping: Node.Mapping, below parents: [String]) {
        for (keyNode, value) in mapping {
            let place = place(of: keyNode)
            guard case .scalar(let scalar) = keyNode else {
                fail(at: place, .notAMapping(found: SettingsFile.words(for: keyNode)))
                continue
            }
            let names = parents + [scalar.string]
            let key = names.joined(separator: ".")
            if SettingKey.byName[key] == nil {
                if SettingKey.groups.contains(key), SettingsFile.isNothing(value) { continue }
                if case .mapping(let inner) = value, names.count < SettingsFile.maximumDepth, !inner.isEmpty {
                    collect(inner, below: names)
                    continue
                }
                if SettingKey.groups.contains(key) {
                    fail(at: place, .groupIsNoValue(group: key, found: SettingsFile.words(for: value)))
                    continue
                }
            }
            entries.append(
                Entry(
                    key: key, place: place, input: SettingsFile.input(from: value),
                    found: SettingsFile.words(for: value)))
        }
    }

    private static func input(from node: Node) -> SettingInput? {
        switch node {
        case .scalar(let scalar): return isNothing(node) ? nil : .scalar(scalar.string)
        case .sequence(let sequence):
            var elements: [String] = []
            for element in sequence {
                guard case .scalar(let scalar) = element, !isNothing(element) else { return nil }
                elements.append(scalar.string)
            }
            return .list(elements)
        case .mapping, .alias: return nil
        }
    }

    /// A key with nothing after it, or YAML's null.
    private static func isNothing(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, case .plain = scalar.style else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static func words(for node: Node) -> String {
        switch node {
        case .scalar(let scalar): isNothing(node) ? "nothing" : quoted(scalar.string)
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "an alias"
        }
    }

    private static func explanation(of error: any Error) -> (reason: String, mark: Mark?) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (problem, mark)
        case .duplicatedKeysInMapping(let duplicates, let context):
            ("the key \(duplicates.sorted().joined(separator: ", ")) stands twice in this mapping", context.mark)
        case .reader(let problem, _, _, _): (problem, nil)
        default: ("it cannot be parsed", nil)
        }
    }

    private func place(of node: Node) -> SettingPlace {
        guard let mark = node.mark else { return .wholeFile(path: path) }
        return .file(path: path, line: mark.line, column: mark.column)
    }

    private mutating func fail(at place: SettingPlace, _ fault: SettingProblem.Fault) {
        problems.append(SettingProblem(place: place, fault: fault))
    }
}

/// The text in quotation marks, shortened so that an error stays one readable line.
func quoted(_ text: String) -> String {
    let line = String(text.map { $0.isNewline ? " " : $0 }.prefix(80))
    return "\"\(line)\(text.count > 80 ? "…" : "")\""
}
