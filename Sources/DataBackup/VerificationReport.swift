import Foundation

/// What `FolderVerification` found, file by file.
package struct VerificationReport: Sendable {
    package enum Kind: String, Sendable {
        case log, alerts, exemplars, tombstones, database, block, rollup
    }

    package struct File: Sendable {
        /// Relative to the folder.
        package let path: String
        package var kind: Kind
        package var bytes: Int
        /// What is in it, in words.
        package var content: String
        /// One sentence for each thing that is not as it was written.
        package var problems: [String]
    }

    package var files: [File] = []
    /// What is lost or set aside without being in a file that is served.
    package var problems: [String] = []
    /// What is worth knowing and harms nothing.
    package var notes: [String] = []

    package var isGood: Bool { problems.isEmpty && files.allSatisfy(\.problems.isEmpty) }

    package var verdict: String {
        let bad = files.count { !$0.problems.isEmpty }
        if isGood { return "ok: \(files.count) files, \(byteCount.byteText), everything is as it was written" }
        return "not ok: \(bad) of \(files.count) files are damaged"
            + (problems.isEmpty ? "" : ", \(problems.count) further problem\(problems.count == 1 ? "" : "s")")
    }

    private var byteCount: Int { files.reduce(0) { $0 + $1.bytes } }
}

/// For people.
extension VerificationReport {
    /// A line a file, the problems below it, the verdict last.
    package var table: String {
        let rows = files.map { file in
            [file.path, file.bytes.byteText, file.problems.isEmpty ? "ok" : "DAMAGED", file.content]
        }
        let titles = ["file", "size", "state", "content"]
        let widths = titles.indices.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 1 ? space + cell : cell + space
            }
            var text = padded.joined(separator: "  ")
            while text.hasSuffix(" ") { text.removeLast() }
            return text
        }
        var lines = [line(titles)]
        for (row, file) in zip(rows, files) {
            lines.append(line(row))
            lines += file.problems.map { "    \($0)" }
        }
        lines += problems.map { "PROBLEM  \($0)" }
        lines += notes.map { "note     \($0)" }
        lines.append(verdict)
        return lines.joined(separator: "\n") + "\n"
    }
}

/// For programs.
extension VerificationReport: Encodable {
    private enum Key: String, CodingKey {
        case ok, verdict, files, problems, notes
    }

    private enum FileKey: String, CodingKey {
        case path, kind, bytes, content, ok, problems
    }

    package func encode(to encoder: any Encoder) throws {
        var report = encoder.container(keyedBy: Key.self)
        try report.encode(isGood, forKey: .ok)
        try report.encode(verdict, forKey: .verdict)
        try report.encode(problems, forKey: .problems)
        try report.encode(notes, forKey: .notes)
        var list = report.nestedUnkeyedContainer(forKey: .files)
        for file in files {
            var item = list.nestedContainer(keyedBy: FileKey.self)
            try item.encode(file.path, forKey: .path)
            try item.encode(file.kind.rawValue, forKey: .kind)
            try item.encode(file.bytes, forKey: .bytes)
            try item.encode(file.content, forKey: .content)
            try item.encode(file.problems.isEmpty, forKey: .ok)
            try item.encode(file.problems, forKey: .problems)
        }
    }

    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Texts, truth values and integers, which JSONEncoder never refuses.
        return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self) + "\n"
    }
}
