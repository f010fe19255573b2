import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import TelemetryModel
import WireFormats

/// `POST /api/v1/import/prometheus`: Prometheus' text formats, pushed.
///
/// Parameters: `extra_label=name=value`, as often as is wanted, and `timestamp`, in milliseconds, for samples without one.
struct ExpositionRoute: Sendable {
    let intake: TelemetryIntake

    func handle(_ request: Request) async throws -> Response {
        try await intake.counted {
            let reading = try ExpositionReading(request)
            let arrival = try await intake.arrival(request)
            let decoded = try reading.decode(arrival, by: intake)
            try await intake.commit(decoded.request, of: arrival, by: .exposition)
            return ExpositionAnswer(decoded).response(success: .noContent)
        }
    }
}

/// What a request says about how its text is to be read.
struct ExpositionReading {
    /// Nil if the text is to tell.
    let format: ExpositionFormat?
    let coding: BodyCoding
    /// Each name once.
    private(set) var extraLabels: [Label]
    /// Milliseconds since 1970-01-01T00:00:00Z, of samples without a time; nil for the time of arrival.
    let timestamp: Int64?

    /// - Parameter grouping: labels that come before those of the parameters.
    init(_ request: Request, grouping: [Label] = []) throws {
        format = try ExpositionFormat.said(by: request.headers)
        coding = try BodyCoding(request.headers)
        let parameters = try RequestParameters(query: request.uri.query ?? "")
        extraLabels = grouping
        for text in parameters.texts("extra_label") {
            let label = try Label(extraLabel: text)
            guard !extraLabels.contains(where: { $0.name == label.name }) else {
                throw APIError.invalid("extra_label", "the label \"\(label.name.prefix(64))\" is given more than once")
            }
            extraLabels.append(label)
        }
        timestamp = try parameters.count("timestamp", in: 0...Int(ContractTimestamp.latest)).map { Int64($0) }
    }

    func decode(_ arrival: TelemetryIntake.Arrival, by intake: TelemetryIntake) throws -> DecodedExposition {
        try intake.content(of: arrival, coding).read { text in try decode(text, arrival, intake) }
    }

    private func decode(
        _ text: Span<UInt8>, _ arrival: TelemetryIntake.Arrival, _ intake: TelemetryIntake
    ) throws -> DecodedExposition {
        do {
            return try intake.environment.decoders.exposition.decode(
                text, format: format ?? .detected(in: text), extraLabels: extraLabels,
                defaultTimestamp: timestamp ?? arrival.receivedAt)
        } catch {
            throw APIError(.tooLarge, error.description)
        }
    }
}

extension ExpositionFormat {
    /// What `Content-Type` says; nil if it leaves that open, as curl does.
    static func said(by headers: HTTPFields) throws -> ExpositionFormat? {
        let parts = (headers[.contentType] ?? "").lowercased().split(separator: ";").map(\.trimmedASCII)
        switch parts.first ?? "" {
        case "application/openmetrics-text": return .openMetrics
        case "text/plain": return parts.contains { $0.hasPrefix("version=") } ? .text : nil
        case "", "application/x-www-form-urlencoded", "application/octet-stream": return nil
        case "application/vnd.google.protobuf":
            throw APIError(
                .unsupportedMediaType,
                "Content-Type: Prometheus' protobuf exposition is not taken; expected text/plain; version=0.0.4 or "
                    + "application/openmetrics-text. Clients in Go push text with Pusher.Format(expfmt.NewFormat("
                    + "expfmt.TypeTextPlain))")
        case let other:
            throw APIError(
                .unsupportedMediaType,
                "Content-Type: expected text/plain or application/openmetrics-text, got \"\(other.prefix(64))\"")
        }
    }
}

extension Label {
    /// `name=value`.
    init(extraLabel text: String) throws {
        let name = text.prefix { $0 != "=" }
        guard !name.isEmpty, name.utf8.count < text.utf8.count, name != LabelSet.metricNameLabel else {
            throw APIError.invalid(
                "extra_label", "expected the name of a label, = and its value, got \"\(text.prefix(64))\"")
        }
        self.init(String(name), String(text.dropFirst(name.count + 1)))
    }
}

/// The answer to a text: nothing if all of it was taken, else what was not.
struct ExpositionAnswer {
    let decoded: DecodedExposition

    init(_ decoded: DecodedExposition) { self.decoded = decoded }

    func response(success: HTTPResponse.Status) -> Response {
        guard let problem else { return Response(status: success) }
        var json = JSONText()
        json.object { answer in
            answer.field("status", "error")
            answer.field("errorType", APIError.Kind.badData.rawValue)
            answer.field("error", problem)
            TelemetryAnswer(decoded.request).writeFields(to: &answer)
        }
        return .json(json, status: .badRequest)
    }

    private var problem: String? {
        let request = decoded.request
        if let first = request.rejected.first {
            return
                "\(request.rejected.count) of \(request.recordCount) lines were refused and are kept as dead letters; the "
                + "others were taken. \(first.message)"
        }
        guard decoded.isComplete else {
            return
                "the text does not end with the line # EOF, as OpenMetrics does: its end may be missing. What came before "
                + "was taken"
        }
        return nil
    }
}
