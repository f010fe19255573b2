import HTTPSupport
import IngestLog
import TelemetryModel
import WireFormats

/// Puts a dead letter's payload through its protocol's decoder again, as a request of its own that came when the letter did.
struct DeadLetterDecoding {
    /// What the payload is now.
    enum Result {
        /// At least one record is taken; others may be refused.
        case taken(DecodedRequest)
        /// Points of delta temporality: they are added to what their series have come to.
        case differences(DecodedMetrics, OTLPEncoding)
        /// No record is: the first that was refused, and how many there are.
        case refused(RejectedRecord, count: Int)
        /// It cannot be judged: a sentence that says why.
        case unusable(String)
    }

    let decoders: IngestionDecoders

    /// - Parameter payload: in place of the letter's own.
    func decode(_ letter: DeadLetter, payload: [UInt8]) throws -> Result {
        let parameters = try RequestParameters(query: letter.parameters)
        if letter.firstReason == RejectionReason.refusedByPipeline.rawValue {
            return try refusedByPipeline(payload, letter, parameters)
        }
        switch letter.ingestProtocol {
        case .contract: return contract(payload, letter)
        case .remoteWrite: return remoteWrite(payload, letter, parameters)
        case .lineProtocol: return try lineProtocol(payload, letter, parameters)
        case .exposition, .scrape, .aggregation: return try exposition(payload, letter, parameters)
        case .otlp:
            return parameters.text("signal") == "logs"
                ? otlpLogs(payload, letter, parameters) : otlp(payload, parameters)
        case .graphite: return result(decoders.graphite.decode(payload.span, receivedAt: letter.receivedAt))
        case .rules:
            return .unusable("what rules made cannot be replayed: their next evaluation makes it again")
        case .statsd:
            return .unusable(
                "lines of StatsD cannot be replayed, they are counted in the moment in which they come: send the payload to "
                    + "statsd.listen, and discard the letter")
        }
    }

    /// In whatever protocol it came: a form in which the pipeline keeps what it refuses.
    private func refusedByPipeline(
        _ payload: [UInt8], _ letter: DeadLetter, _ parameters: RequestParameters
    ) throws -> Result {
        let isRecord = payload.first == UInt8(ascii: "{")
        guard case .number(let start) = PipelineLetterForm({ parameters.text($0) }) else {
            return isRecord ? contract(payload, letter) : remoteWrite(payload, letter, parameters)
        }
        let result = isRecord ? contract(payload, letter) : try exposition(payload, letter, parameters)
        guard let start, case .taken(var request) = result else { return result }
        request.batch.starts = (0..<request.batch.count).map { RecordStart(sampleIndex: $0, startTimestamp: start) }
        return .taken(request)
    }

    private func contract(_ payload: [UInt8], _ letter: DeadLetter) -> Result {
        do throws(ContractDecodingError) {
            return result(try decoders.contract.decode(payload.span, shape: nil, receivedAt: letter.receivedAt))
        } catch {
            return failure(error.deadLetterReason, error.description, payload)
        }
    }

    /// A refused sample is kept as a series of version 1.0; what could not be read at all, as the request that it was.
    private func remoteWrite(_ payload: [UInt8], _ letter: DeadLetter, _ parameters: RequestParameters) -> Result {
        // Before requests said their version, the reason told the two apart.
        let isWhole = letter.firstReason == RejectionReason.invalidMessage.rawValue
        let version = parameters.text("version").flatMap(RemoteWriteVersion.init(rawValue:)) ?? (isWhole ? .one : nil)
        let decoder = decoders.remoteWrite
        do throws(RemoteWriteError) {
            if let version { return result(try decoder.decode(payload.span, version: version).request) }
            return result(try decoder.decode(series: payload).request)
        } catch {
            if error.isTooLarge { return .unusable(error.description) }
            return failure(.invalidMessage, error.description, payload)
        }
    }

    private func lineProtocol(
        _ payload: [UInt8], _ letter: DeadLetter, _ parameters: RequestParameters
    ) throws -> Result {
        let lines = try LineProtocolParameters(parameters, version: .one)
        do throws(TooManyLines) {
            return result(
                try decoders.lineProtocol.decode(payload.span, lines, receivedAt: letter.receivedAt).request)
        } catch {
            return .unusable(error.description)
        }
    }

    private func exposition(
        _ payload: [UInt8], _ letter: DeadLetter, _ parameters: RequestParameters
    ) throws -> Result {
        var text = payload
        if let type = parameters.text("type") { text = Array("# TYPE \(type)\n".utf8) + text }
        let format = ExpositionFormat.allCases.first { $0.parameter == parameters.text("format") }
        let labels = try parameters.texts("extra_label").map { try Label(extraLabel: $0) }
        let timestamp = try parameters.count("timestamp", in: 0...Int(ContractTimestamp.latest)).map { Int64($0) }
        do throws(ExpositionError) {
            var request = try decoders.exposition.decode(
                text.span, format: format ?? .detected(in: text.span), extraLabels: labels,
                defaultTimestamp: timestamp ?? letter.receivedAt
            ).request
            // What the type alone says was said when the letter came, with the help.
            request.metadata = []
            return result(request)
        } catch {
            return .unusable(error.description)
        }
    }

    private func encoding(_ payload: [UInt8], _ parameters: RequestParameters) -> OTLPEncoding {
        let said = parameters.text("encoding").flatMap(OTLPEncoding.init(rawValue:))
        return said ?? (payload.first == UInt8(ascii: "{") ? .json : .protobuf)
    }

    private func otlpLogs(_ payload: [UInt8], _ letter: DeadLetter, _ parameters: RequestParameters) -> Result {
        let decoded: DecodedLogs
        do throws(OTLPError) {
            decoded = try decoders.otlpLogs.decode(
                payload.span, encoding(payload, parameters), receivedAt: letter.receivedAt)
        } catch {
            if error.isTooLarge { return .unusable(error.description) }
            return failure(.invalidMessage, error.description, payload)
        }
        // As below: of a letter's only record, refused again, nothing was taken.
        if decoded.records > 0, decoded.request.rejected.count >= decoded.records,
            let first = decoded.request.rejected.first
        {
            return .refused(first, count: decoded.request.rejected.count)
        }
        return result(decoded.request)
    }

    private func otlp(_ payload: [UInt8], _ parameters: RequestParameters) -> Result {
        let decoded: DecodedMetrics
        let encoding = encoding(payload, parameters)
        do throws(OTLPError) {
            decoded = try decoders.otlp.decode(payload.span, encoding)
        } catch {
            if error.isTooLarge { return .unusable(error.description) }
            return failure(.invalidMessage, error.description, payload)
        }
        if !decoded.deltas.isEmpty { return .differences(decoded, encoding) }
        // A resource's target_info alone is nothing that was taken of the letter.
        if decoded.points > 0, decoded.rejectedPoints == decoded.points, let first = decoded.request.rejected.first {
            return .refused(first, count: decoded.request.rejected.count)
        }
        return result(decoded.request)
    }

    private func result(_ request: DecodedRequest) -> Result {
        guard request.batch.isEmpty else { return .taken(request) }
        guard let first = request.rejected.first else { return .unusable("there is no record in the payload") }
        return .refused(first, count: request.rejected.count)
    }

    private func failure(_ reason: RejectionReason?, _ message: String, _ payload: [UInt8]) -> Result {
        guard let reason else { return .unusable(message) }
        return .refused(
            RejectedRecord(index: 0, field: nil, reason: reason, message: message, payload: payload, sourceID: nil),
            count: 1)
    }
}
