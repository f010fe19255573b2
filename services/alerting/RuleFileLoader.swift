package import AlertRules
import ConfigurationYAML
import Foundation

/// Why rules could not be loaded.
package enum RuleLoadingError: Error, Sendable, Equatable, CustomStringConvertible {
    case missing(String)
    case unreadable(String, reason: String)
    case tooLarge(String, bytes: Int)
    case invalid([RuleFileErrors])

    package var description: String {
        switch self {
        case .missing(let path): "there is no rule file \(path); create it, or remove it from alerts.rule_files"
        case .unreadable(let path, let reason): "the rule file \(path) cannot be read: \(reason)"
        case .tooLarge(let path, let bytes):
            "the rule file \(path) has \(bytes) bytes, over the limit of \(RuleFileLoader.largestFileBytes); split it"
        case .invalid(let files): files.map(\.description).joined(separator: "\n")
        }
    }
}

/// Finds and reads rule files. Blocks its thread.
package enum RuleFileLoader {
    static let largestFileBytes = 16 << 20

    /// All files that the patterns name, each once, in the order of the patterns and then of the names. A pattern without
    /// wildcards must name a file; one with wildcards may name none.
    package static func load(_ patterns: [String]) throws(RuleLoadingError) -> [RuleFile] {
        var paths: [String] = []
        for pattern in patterns {
            let found = FilePattern.matches(of: pattern)
            if found.isEmpty, !pattern.contains(where: { "*?[".contains($0) }) { throw .missing(pattern) }
            for path in found where !paths.contains(path) { paths.append(path) }
        }
        var files: [RuleFile] = []
        var invalid: [RuleFileErrors] = []
        for path in paths {
            let text = try read(path)
            do throws(RuleFileErrors) {
                files.append(try RuleFile.parse(text, path: path))
            } catch {
                invalid.append(error)
            }
        }
        guard invalid.isEmpty else { throw .invalid(invalid) }
        return files
    }

    private static func read(_ path: String) throws(RuleLoadingError) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .unreadable(path, reason: (error as NSError).localizedDescription)
        }
        guard data.count <= largestFileBytes else { throw .tooLarge(path, bytes: data.count) }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw .unreadable(path, reason: "it is not UTF-8 text")
        }
        return text
    }
}
