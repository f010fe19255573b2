import AsyncHTTPClient
import Dispatch
import Foundation
import NIOCore
import NIOHTTP1

/// A `prometheus` process of its own, on a port that the kernel chose, which takes remote writes.
final class PrometheusPeer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static var path: String? {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return folders.map { "\($0)/prometheus" }.first(where: FileManager.default.isExecutableFile(atPath:))
    }

    private let process = Process()
    private let output = Pipe()
    private let port: String

    /// Returns when the server answers. `folder` is for its files.
    ///
    /// - Throws: `Failure` if the server has not said within `patience` that it is ready.
    init(path: String, folder: String, patience: DispatchTimeInterval = .seconds(120)) throws {
        let configuration = "\(folder)/prometheus.yml"
        try Data("global: {}\n".utf8).write(to: URL(fileURLWithPath: configuration))
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = [
            "--config.file=\(configuration)", "--storage.tsdb.path=\(folder)/data", "--web.listen-address=127.0.0.1:0",
            "--web.enable-remote-write-receiver", "--log.level=info",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = output
        try process.run()
        // Its end ends the reading below, too.
        let watchdog = DispatchWorkItem { [identifier = process.processIdentifier] in kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: watchdog)
        defer { watchdog.cancel() }
        var log = ""
        var found: String?
        while found == nil || !log.contains("Server is ready to receive web requests") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            log += String(decoding: data, as: UTF8.self)
            found = try Regex("Listening on\" address=127\\.0\\.0\\.1:([0-9]+)").firstMatch(in: log)
                .flatMap { $0.output[1].substring.map(String.init) }
        }
        guard let found, process.isRunning else {
            process.terminate()
            process.waitUntilExit()
            throw Failure(description: "\(path) was not ready within \(patience):\n\(log.suffix(2000))")
        }
        port = found
        // What it says from now on is read so that it never waits for a reader.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
        output.fileHandleForReading.readabilityHandler = nil
    }

    deinit { if process.isRunning { process.terminate() } }

    /// As it says itself, for instance `2.42.0+ds`.
    var version: String {
        get async throws {
            struct Answer: Decodable {
                struct Build: Decodable { let version: String }
                let data: Build
            }
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/v1/status/buildinfo")
            let (status, text) = try await answer(to: request)
            guard status == 200 else { throw Failure(description: "status/buildinfo: \(status) \(text)") }
            return try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).data.version
        }
    }

    /// - Parameter body: a `prometheus.WriteRequest` in a snappy block.
    func write(_ body: [UInt8]) async throws {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/v1/write")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-protobuf")
        request.headers.add(name: "Content-Encoding", value: "snappy")
        request.headers.add(name: "X-Prometheus-Remote-Write-Version", value: "0.1.0")
        request.body = .bytes(body)
        let (status, text) = try await answer(to: request)
        guard status / 100 == 2 else { throw Failure(description: "remote write: \(status) \(text)") }
    }

    /// The body of the answer to a query of the HTTP API, an error's too.
    func ask(_ path: String, _ parameters: [(String, String)]) async throws -> Data {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/v1/\(path)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        let form = parameters.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
        request.body = .bytes(Array(form.joined(separator: "&").utf8))
        return Data(try await answer(to: request).text.utf8)
    }

    private func answer(to request: HTTPClientRequest) async throws -> (status: UInt, text: String) {
        var request = request
        // Compressed, many equal values are less than a 25th of their size, which the client refuses as a bomb.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 64 << 20)
        return (response.status.code, String(buffer: body))
    }
}
