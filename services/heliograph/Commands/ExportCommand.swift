import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the samples of a running server as records, to a file or to standard output.",
        discussion: """
            One record of the data contract a line (NDJSON), which `heliograph import` and POST /api/v1/telemetry take as it is;
            or CSV. Series by series, in order of time.
              heliograph export --match '{source_id="pump-17"}' --from 2026-01-01T00:00:00Z --out pump-17.ndjson
            What a record cannot say is left out and counted: NaN, infinities and stale markers, series without source_id (such
            as those of rules), and the messages of events.
            """)

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    @Option(
        name: .customLong("match"), help: "A selector in PromQL's syntax; may be given several times. Default: all.")
    var matches: [String] = []

    @Option(help: "First moment, as 2026-01-31T12:00:00Z or seconds since 1970.")
    var from: String?

    @Option(name: .customLong("to"), help: "Last moment, inclusive.")
    var through: String?

    @Option(help: "ndjson or csv.")
    var format = "ndjson"

    @Option(help: "The file to write; it appears when it is complete. Default: standard output.")
    var out: String?

    @Flag(help: "No progress.")
    var quiet = false

    func validate() throws {
        guard ["ndjson", "csv"].contains(format) else {
            throw ValidationError("--format: expected ndjson or csv, got \"\(format)\"")
        }
    }

    func run() async throws {
        let progress = CommandProgress(isQuiet: quiet)
        defer { progress.clear() }
        let partial = out.map { "\($0).partial" }
        do {
            let output = try partial.map(ExportCommand.open) ?? .standardOutput
            let summary = try await download(to: output, progress)
            if let out, let partial {
                try output.synchronize()
                try output.close()
                guard rename(partial, out) == 0 else {
                    throw CommandFailure("cannot write \(out): \(String(cString: strerror(errno)))")
                }
            }
            progress.clear()
            FileHandle.standardError.write(Data("\(summary)\n".utf8))
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw CommandFailure("the export broke off: \(error)")
        }
    }

    private static func open(_ path: String) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CommandFailure("cannot write \(path): \(String(cString: strerror(errno)))") }
        return file
    }

    private var address: String {
        var parameters = matches.map { (name: "match[]", value: $0) }
        parameters += [("format", format), ("summary", "true")]
        if let from { parameters.append(("start", from)) }
        if let through { parameters.append(("end", through)) }
        return "\(RunningServer(url: url).url)/api/v1/export\(RunningServer.query(parameters))"
    }

    private func download(to output: FileHandle, _ progress: CommandProgress) async throws -> ExportedSummary {
        let response: HTTPClientResponse
        do {
            response = try await RunningServer.download(address)
        } catch {
            throw CommandFailure("no answer from \(url): \(error); is the server running there? See --url.")
        }
        guard response.status == .ok else {
            let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
            throw CommandFailure("\(url) answered \(response.status.code): \(text)")
        }
        var text = SummarizedText()
        var bytes = 0
        for try await piece in response.body {
            let ready = text.take(piece.readableBytesView)
            if !ready.isEmpty { try output.write(contentsOf: ready) }
            bytes += piece.readableBytes
            progress.show("exported \(bytes / 1_000_000) MB")
        }
        guard let (rest, summary) = text.finish() else {
            throw CommandFailure("the export broke off: \(url) ended it without its summary line")
        }
        try output.write(contentsOf: rest)
        return summary
    }
}

/// What the server says of an export in its last line.
struct ExportedSummary: Decodable, Equatable, CustomStringConvertible {
    let series: Int
    let samples: Int
    /// By reason.
    let leftOut: [String: Int]

    private enum CodingKeys: String, CodingKey {
        case series, samples
        case leftOut = "left_out"
    }

    private static let words = [
        "no_source_id": "of series without source_id", "labels": "with labels that records cannot have",
        "non_finite": "NaN or infinite", "stale_marker": "stale markers", "time": "before 1970 or after 2099",
    ]

    var description: String {
        var text = "exported \(samples) samples of \(series) series"
        guard !leftOut.isEmpty else { return text }
        text += "; left out, because a record cannot say them: "
        text += leftOut.sorted { $0.key < $1.key }.map { "\($0.value) \(ExportedSummary.words[$0.key] ?? $0.key)" }
            .joined(separator: ", ")
        return text
    }
}

/// Text that comes in pieces and ends with a line `# {…}`, which is not part of it.
struct SummarizedText {
    /// A summary line is shorter than this.
    private static let heldBytes = 4096

    private var held = Data()

    /// Takes a piece in; gives back what is certainly text.
    mutating func take(_ piece: some Sequence<UInt8>) -> Data {
        held.append(contentsOf: piece)
        guard held.count > 2 * SummarizedText.heldBytes else { return Data() }
        let ready = held.dropLast(SummarizedText.heldBytes)
        held = Data(held.suffix(SummarizedText.heldBytes))
        return Data(ready)
    }

    /// The rest of the text, and the summary; nil if there is none.
    func finish() -> (rest: Data, summary: ExportedSummary)? {
        guard held.last == UInt8(ascii: "\n") else { return nil }
        let start = held.dropLast().lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? held.startIndex
        guard held[start...].starts(with: Data("# ".utf8)),
            let summary = try? JSONDecoder().decode(ExportedSummary.self, from: Data(held[(start + 2)...]))
        else { return nil }
        return (Data(held[..<start]), summary)
    }
}
