import HTTPSupport
import Hummingbird
import IngestLog
import TelemetryModel
import WireFormats

/// Pushgateway's paths, and where VictoriaMetrics has them. `GET /metrics` alone is the server's own exposition.
func addPushgatewayRoutes(to router: Router<AppContext>, intake: TelemetryIntake) {
    let route = PushgatewayRoute(intake: intake, groups: PushedGroups())
    for root in PushGroupingKey.roots {
        let path = RouterPath("\(root)**")
        router.post(path) { request, _ in try await route.push(request, replacing: .sameNames) }
        router.put(path) { request, _ in try await route.push(request, replacing: .all) }
        router.delete(path) { request, _ in try await route.delete(request) }
    }
}

/// `POST`, `PUT`, `DELETE /metrics/job/<job>{/<label>/<value>}` (https://github.com/prometheus/pushgateway, "API").
///
/// Samples are stored at the time of their arrival, once. A series that a push takes out of its group gets a stale marker, by
/// which it is no longer there for queries; so do all of a group that is deleted (docs/decisions/0013).
struct PushgatewayRoute: Sendable {
    let intake: TelemetryIntake
    let groups: PushedGroups

    func push(_ request: Request, replacing replacement: PushedGroups.Replacement) async throws -> Response {
        try await intake.counted {
            let key = try PushGroupingKey(path: request.uri.path)
            let reading = try ExpositionReading(request, grouping: key.labels)
            let arrival = try await intake.arrival(request)
            let decoded = try reading.decode(arrival, by: intake)
            // Of a text that is broken nobody knows what it does not name, so it ends nothing.
            let isWhole = decoded.request.rejected.isEmpty && decoded.isComplete
            let registry = intake.environment.log.registry
            let ended = groups.push(
                decoded.request.batch.references, to: key.group, replacing: isWhole ? replacement : .nothing
            ) { registry.labels(of: $0).metricName }
            try await commit(decoded.request, ending: ended, of: key, arrival)
            return ExpositionAnswer(decoded).response(success: .ok)
        }
    }

    func delete(_ request: Request) async throws -> Response {
        try await intake.counted {
            let key = try PushGroupingKey(path: request.uri.path)
            let arrival = try await intake.arrival(request)
            try await commit(DecodedRequest(), ending: groups.remove(key.group), of: key, arrival)
            return Response(status: .accepted)
        }
    }

    private func commit(
        _ request: DecodedRequest, ending ended: [SeriesReference], of key: PushGroupingKey,
        _ arrival: TelemetryIntake.Arrival
    ) async throws {
        var request = request
        for reference in ended { request.batch.append(reference, at: arrival.receivedAt, value: .staleMarker) }
        request.recordCount += ended.count
        do {
            try await intake.commit(request, of: arrival, by: .exposition)
        } catch {
            // The client will send it again; they are to be ended then.
            groups.add(ended, to: key.group)
            throw error
        }
    }
}
