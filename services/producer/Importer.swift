import AsyncHTTPClient
import Foundation
import NIOCore

/// What to import, and where to.
package struct ImportOptions: Sendable {
    package enum Format: String, CaseIterable, Sendable {
        case ndjson, csv
    }

    /// Of the server, such as `http://127.0.0.1:8040`.
    package var url: String
    package var credentials = ServerCredentials()
    package var files: [String]
    /// Of all files; nil to go by their names, where `.csv` is CSV and everything else NDJSON.
    package var format: Format?
    package var recordsPerRequest = 5000
    /// How long one request is tried again before the import gives up.
    package var giveUpAfter = Duration.seconds(120)

    package init(url: String, files: [String]) {
        self.url = url
        self.files = files
    }
}

/// A record that the server refused; it is kept there as a dead letter.
package struct ImportRefusal: Sendable, Equatable, CustomStringConvertible {
    package let file: String
    /// From 1.
    package let line: Int
    package let reason: String

    package var description: String { "\(file):\(line): \(reason)" }
}

package struct ImportSummary: Sendable, Equatable {
    package var records = 0
    package var accepted = 0
    package var refused = 0
    package var retries = 0

    package init() {}
}

/// Sends files of records to a server, in order, each record until it is answered for, and says which lines were refused.
///
/// One request at a time: of two values for the same moment the later line's wins, as in the file. A request whose answer was
/// lost is sent again; the server counts what it had already taken as duplicates, and so it does if all is imported again.
package struct Importer {
    /// No request grows beyond this.
    private static let maximumRequestBytes = 4 << 20

    private let options: ImportOptions
    private let onRefusal: (ImportRefusal) -> Void
    private let onProgress: (ImportSummary) -> Void

    package init(
        options: ImportOptions, onRefusal: @escaping (ImportRefusal) -> Void = { _ in },
        onProgress: @escaping (ImportSummary) -> Void = { _ in }
    ) {
        self.options = options
        self.onRefusal = onRefusal
        self.onProgress = onProgress
    }

    /// - Throws: `ProducerError` when a file cannot be read or the server does not answer. What was sent before is kept.
    package func run() async throws -> ImportSummary {
        // All files are looked at before anything is sent.
        for path in options.files { _ = try records(path) }
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(5))
        configuration.httpVersion = .http1Only
        options.credentials.apply(to: &configuration)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var address = options.url
        while address.hasSuffix("/") { address.removeLast() }
        var sender = ImportSender(
            client: client, address: address, credentials: options.credentials, giveUpAfter: options.giveUpAfter,
            onRefusal: onRefusal)
        do {
            for path in options.files { try await send(path, &sender) }
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
        return sender.summary
    }

    private func send(_ path: String, _ sender: inout ImportSender) async throws {
        var records = try records(path)
        var group: [ImportRecord] = []
        var bytes = 0
        while let record = try records.next() {
            // A body that is not UTF-8 is refused as a whole: such a line goes alone.
            let isAlone = String(validating: record.json, as: UTF8.self) == nil
            if isAlone || bytes + record.json.count > Importer.maximumRequestBytes
                || group.count == options.recordsPerRequest
            {
                try await sender.send(group, of: path)
                onProgress(sender.summary)
                (group, bytes) = ([], 0)
            }
            if isAlone {
                try await sender.send([record], of: path)
            } else {
                group.append(record)
                bytes += record.json.count + 1
            }
        }
        try await sender.send(group, of: path)
        onProgress(sender.summary)
    }

    private func records(_ path: String) throws -> ImportRecords {
        let format = options.format ?? (path.lowercased().hasSuffix(".csv") ? .csv : .ndjson)
        do {
            return try ImportRecords(path: path, format: format)
        } catch let error as ProducerError {
            throw error
        } catch {
            throw ProducerError.unreadable(path: path, reason: error.localizedDescription)
        }
    }
}
