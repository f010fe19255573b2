import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

struct KPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kpi",
        abstract: "Print the key figures of a running server: uptime, error rate, latency, throughput.")

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8040"

    @Option(help: "Length of the window that ends now, as in 5m, 1h or 7d.")
    var window = "1h"

    @Option(help: "One source only.")
    var source: String?

    @Option(help: "table or json.")
    var format = "table"

    func validate() throws {
        guard ["table", "json"].contains(format) else {
            throw ValidationError("--format: expected table or json, got \"\(format)\"")
        }
    }

    func run() async throws {
        var parts = URLComponents()
        parts.queryItems = [URLQueryItem(name: "window", value: window), URLQueryItem(name: "format", value: format)]
        if let source { parts.queryItems?.append(URLQueryItem(name: "source", value: source)) }
        let address = "\(url)/api/v1/kpis?\(parts.percentEncodedQuery ?? "")"
        let body: ByteBuffer
        let status: UInt
        do {
            let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: address), timeout: .seconds(120))
            status = response.status.code
            body = try await response.body.collect(upTo: 64 << 20)
        } catch {
            throw CommandFailure("no answer from \(url): \(error); is the server running there? See --url.")
        }
        let text = String(buffer: body)
        guard status == 200 else { throw CommandFailure("\(url) answered \(status): \(text)") }
        print(text)
    }
}
