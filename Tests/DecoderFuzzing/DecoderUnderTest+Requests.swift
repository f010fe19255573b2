import TelemetryModel
import WireFormats

/// Milliseconds since 1970-01-01T00:00:00Z.
let arrival: Int64 = 1_700_000_000_000

private let jsonTokens = [
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "\\n", "null", "true", "false", "0",
    "-0",
    "1e400", "-", ".", "e+", "NaN", "\u{feff}", "é", "\u{0}", "\n", "\r\n", " ", "{}", "[]", "[[[[", "\"\"",
]

extension DecoderUnderTest {
    static let requests =
        [contract("contract-json", nil), contract("contract-ndjson", .lines)]
        + [RemoteWriteVersion.one, .two].map { remoteWrite("remote-write-\($0.rawValue.prefix(1))", $0) }
        + [remoteWrite("remote-write-series", nil), remoteRead]
        + [OTLPEncoding.protobuf, .json].flatMap { [otlpMetrics($0), otlpLogs($0)] }

    private static func contract(_ name: String, _ shape: ContractShape?) -> DecoderUnderTest {
        var decoder = DecoderUnderTest(name, of: ["ContractDecoder", "JSONSyntax", "UnicodeText"]) {
            let registry = SeriesRegistry()
            let decoder = ContractDecoder(registry: registry)
            return { input in
                var account = DecodingAccount()
                do throws(ContractDecodingError) {
                    let request = try decoder.decode(input.span, shape: shape, receivedAt: arrival)
                    account.note(request.batch, request.rejected, recordCount: request.recordCount, registry)
                    account.require(request.batch.values.allSatisfy(\.isFinite), "a value that is no number")
                } catch {
                    // No records are what several pieces of nothing come to, too.
                    if error != .empty { account.note("\(error)") }
                    account.require(error.description.utf8.count < 2000, "a long error: \(error)")
                }
                return account
            }
        }
        decoder.tokens =
            jsonTokens + [
                "\"timestamp\":", "\"source_id\":\"a\",", "\"metric_name\":\"m\",", "\"metric_value\":1,", "\"tags\":{",
                "\"severity\":\"info\",", "\"message\":\"x\",", "2026-05-04T03:02:01Z", "-02-29", "24:00:00", "+24:00",
            ]
        decoder.ingestProtocol = .contract
        if shape == .lines { decoder.mayBeCutAtLines = { _ in true } }
        return decoder
    }

    /// - Parameter version: nil for a series that stands alone, as refused samples are kept.
    private static func remoteWrite(_ name: String, _ version: RemoteWriteVersion?) -> DecoderUnderTest {
        var decoder = DecoderUnderTest(name, of: ["RemoteWriteDecoder", "ProtobufReader", "RemoteWriteEncoder"]) {
            let registry = SeriesRegistry()
            let decoder = RemoteWriteDecoder(registry: registry)
            return { input in
                var account = DecodingAccount()
                do throws(RemoteWriteError) {
                    let write =
                        if let version {
                            try decoder.decode(input.span, version: version)
                        } else {
                            try decoder.decode(series: input)
                        }
                    let request = write.request
                    account.note(request.batch, request.rejected, recordCount: request.recordCount, registry)
                    account.require(write.histograms == request.batch.histograms.count, "histograms counted wrongly")
                    if version != .two { account.checkAgain(write, registry) }
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.tokens = ["__name__", "\u{1}", "\n\u{2}", "\u{12}", "a", "é", "source_id", "\u{8}\u{0}", "*\u{4}"]
        decoder.ingestProtocol = .remoteWrite
        return decoder
    }

    private static let remoteRead: DecoderUnderTest = {
        var decoder = DecoderUnderTest("remote-read", of: ["RemoteReadRequest"]) {
            { input in
                var account = DecodingAccount()
                do throws(ProtobufError) {
                    let request = try RemoteReadRequest(input)
                    for query in request.queries { account.note("\(query)", size: 64 + query.matchers.count * 64) }
                    account.note("\(String(describing: request.responseType))")
                    account.note("\(request.responseTypes)", size: request.responseTypes.count)
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.tokens = ["__name__", "\u{8}\u{1}", "\u{12}\u{0}", "up", ".*"]
        return decoder
    }()

    private static func otlpMetrics(_ encoding: OTLPEncoding) -> DecoderUnderTest {
        var decoder = DecoderUnderTest(
            "otlp-metrics-\(encoding)", of: ["OTLPDecoder", "OTLPDelta", "Base64", "OTLPObjects", "JSONCursor"]
        ) {
            let registry = SeriesRegistry()
            let decoder = OTLPDecoder(registry: registry, translation: OTLPTranslation(promotesScope: true))
            return { input in
                var account = DecodingAccount()
                do throws(OTLPError) {
                    let metrics = try decoder.decode(input.span, encoding)
                    let request = metrics.request
                    account.note(
                        request.batch, request.rejected, recordCount: request.recordCount, registry,
                        indicesAscend: false)
                    account.require(
                        metrics.rejectedPoints <= metrics.points
                            && request.rejected.allSatisfy { 0...metrics.points ~= $0.index },
                        "more points are refused than came")
                    if !metrics.deltas.isEmpty {
                        let sum = OTLPDeltaSum(metrics, totals: [:], of: input.span, encoding, registry)
                        let request = sum.request
                        account.note(
                            request.batch, request.rejected, recordCount: request.recordCount, registry,
                            indicesAscend: false)
                    }
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.ingestProtocol = .otlp
        decoder.tokens = encoding == .json ? jsonTokens + otlpTokens : ["a", "é", "\n\u{0}", "\u{12}\u{2}\u{8}\u{1}"]
        return decoder
    }

    private static let otlpTokens = [
        "resourceMetrics", "scopeMetrics", "dataPoints", "timeUnixNano", "startTimeUnixNano", "asDouble", "asInt",
        "\"18446744073709551616\"", "attributes", "aggregationTemporality", "bucketCounts", "explicitBounds", "scale",
        "kvlistValue", "arrayValue", "bytesValue", "quantileValues", "zeroCount", "positive", "offset",
    ]

    private static func otlpLogs(_ encoding: OTLPEncoding) -> DecoderUnderTest {
        var decoder = DecoderUnderTest("otlp-logs-\(encoding)", of: ["OTLPLogDecoder", "OTLPLogReaders"]) {
            let registry = SeriesRegistry()
            let decoder = OTLPLogDecoder(registry: registry)
            return { input in
                var account = DecodingAccount()
                do throws(OTLPError) {
                    let logs = try decoder.decode(input.span, encoding, receivedAt: arrival)
                    let request = logs.request
                    account.note(
                        request.batch, request.rejected, recordCount: request.recordCount, registry,
                        indicesAscend: false)
                    account.require(
                        request.batch.messages.reduce(0) { $0 + $1.text.utf8.count } <= 4096 + 64 * input.count,
                        "messages much longer than the request")
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.ingestProtocol = .otlp
        decoder.tokens =
            encoding == .json
            ? jsonTokens + ["resourceLogs", "scopeLogs", "logRecords", "body", "severityNumber", "traceId"]
            : ["a", "é", "\n\u{0}", "*\u{2}\n\u{0}"]
        return decoder
    }
}

extension DecodingAccount {
    /// What was taken, written as a message again, must be read as the same.
    fileprivate mutating func checkAgain(_ write: DecodedWrite, _ registry: SeriesRegistry) {
        let batch = write.request.batch
        // The protocol's first version has no start, and writes the samples of a series in the order of their times.
        guard batch.starts.isEmpty, Set(batch.references).count == batch.count else { return }
        var encoder = RemoteWriteEncoder()
        let histograms = Dictionary(batch.histograms.map { ($0.sampleIndex, $0.histogram) }) { first, _ in first }
        for index in 0..<batch.count {
            let (reference, time) = (batch.references[index], batch.timestamps[index])
            if let histogram = histograms[index] {
                encoder.append(reference, registry.labels(of: reference), at: time, histogram: histogram)
            } else {
                encoder.append(reference, registry.labels(of: reference), at: time, value: batch.values[index])
            }
        }
        for exemplar in batch.exemplars {
            encoder.append(exemplar.series, registry.labels(of: exemplar.series), exemplar: exemplar.exemplar)
        }
        let message = encoder.message
        let again = try? RemoteWriteDecoder(registry: registry).decode(message.span, version: .one).request
        var (ours, theirs) = (DecodingAccount(), DecodingAccount())
        ours.note(batch.withoutExemplars, [], recordCount: batch.count, registry)
        if let again {
            theirs.note(again.batch.withoutExemplars, again.rejected, recordCount: again.recordCount, registry)
            // They come in the order of their series and times, and those of one request are often the same.
            require(Set(again.batch.exemplars) == Set(batch.exemplars), "sent on, its exemplars are others")
        }
        if let difference = theirs.difference(from: ours) { require(false, "sent on, it is another: \(difference)") }
    }
}

extension TelemetryBatch {
    fileprivate var withoutExemplars: TelemetryBatch {
        var batch = self
        batch.exemplars = []
        return batch
    }
}
