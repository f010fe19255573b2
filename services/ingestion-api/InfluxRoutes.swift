import HTTPSupport
import HTTPTypes
import Hummingbird

/// What clients of InfluxDB ask for before they write.
struct InfluxRoutes: Sendable {
    /// Clients compare versions; this one has all of the write APIs.
    private static let version = "1.8.10+heliograph"
    /// Bytes of a form.
    private static let longestForm = 65_536

    func add(to router: Router<AppContext>, _ intake: TelemetryIntake) {
        let writes = LineProtocolRoute(version: .one, intake: intake)
        router.post("/write") { request, _ in try await writes.handle(request) }
        let writes2 = LineProtocolRoute(version: .two, intake: intake)
        router.post("/api/v2/write") { request, _ in try await writes2.handle(request) }
        router.get("/ping") { _, _ in ping }
        router.head("/ping") { _, _ in ping }
        router.get("/health") { _, _ in health }
        router.head("/health") { _, _ in health.createHeadResponse() }
        router.get("/query") { request, _ in try await query(request) }
        router.post("/query") { request, _ in try await query(request) }
    }

    private var ping: Response { Response(status: .noContent, headers: headers) }

    private var health: Response {
        var json = JSONText()
        json.object { answer in
            answer.field("name", "heliograph")
            answer.field("message", "ready for writes")
            answer.field("status", "pass")
            answer.key("checks")
            answer.array { _ in }
            answer.field("version", InfluxRoutes.version)
        }
        var response = Response.json(json)
        for header in headers { response.headers.append(header) }
        return response
    }

    private var headers: HTTPFields {
        var headers = HTTPFields()
        for (name, value) in [("X-Influxdb-Version", InfluxRoutes.version), ("X-Influxdb-Build", "OSS")] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return headers
    }

    /// `CREATE DATABASE` is the one statement that is understood: Telegraf and clients of version 1 begin with it. There is
    /// nothing to create, since a database is a label.
    private func query(_ request: Request) async throws -> Response {
        var request = request
        let statement = try await RequestParameters(reading: &request, limit: InfluxRoutes.longestForm).text("q") ?? ""
        let words = statement.split(whereSeparator: \.isWhitespace).prefix(2).map { $0.uppercased() }
        var json = JSONText()
        guard words == ["CREATE", "DATABASE"] else {
            json.object { answer in
                answer.field(
                    "error", "InfluxQL is not understood here, but CREATE DATABASE: query with PromQL (/api/v1/query)")
            }
            return .json(json, status: .badRequest)
        }
        json.object { answer in
            answer.key("results")
            answer.array { results in
                results.object { $0.field("statement_id", 0) }
            }
        }
        return .json(json)
    }
}
