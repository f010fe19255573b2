package import TelemetryModel

/// What an `ExportLogsServiceRequest` came to.
package struct DecodedLogs: Sendable {
    /// A record is a log record, or a resource's `target_info`.
    package var request = DecodedRequest()
    /// Log records that came.
    package var records = 0
}

/// Turns OpenTelemetry's log records into operational events (docs/decisions/0020). One per process; thread-safe.
///
/// A record is a sample of the series `log_records` with the labels of its resource and its severity, and the event's message
/// has the rest. So there are as many series as there are senders and severities, whatever records say.
package final class OTLPLogDecoder: Sendable {
    let names: SeriesNames
    let origins = OTLPOrigins()
    let translation: OTLPTranslation
    let maximumRecords: Int

    package init(
        registry: SeriesRegistry, translation: OTLPTranslation = OTLPTranslation(), maximumRecords: Int = 1_000_000
    ) {
        names = SeriesNames(registry: registry)
        self.translation = translation
        self.maximumRecords = maximumRecords
    }

    /// - Parameters:
    ///   - request: an `ExportLogsServiceRequest` (opentelemetry/proto/collector/logs/v1/logs_service.proto), after
    ///     decompression.
    ///   - receivedAt: epoch milliseconds, for records without a time.
    package func decode(
        _ request: Span<UInt8>, _ encoding: OTLPEncoding, receivedAt: Int64
    ) throws(OTLPError) -> DecodedLogs {
        var decoding = OTLPLogDecoding(self, encoding, receivedAt: receivedAt)
        try encoding.read(request, into: &decoding)
        decoding.finish(request)
        guard !decoding.result.request.refusesTooMuch else { throw .tooMuchRefused }
        guard !decoding.isOverfull else { throw .tooManyRecords(limit: maximumRecords) }
        return decoding.result
    }
}
