import NIOCore
import ScrapeConfig
import TelemetryModel
import WireFormats

/// Reads what a target answered.
struct ScrapedText {
    /// Bytes of a body when the job sets no limit.
    static let largestBody = 256 << 20
    /// A body that cannot be read is kept as a dead letter if it is not longer; otherwise the line at fault is.
    private static let largestKept = 64 << 10

    let job: ScrapeJob

    /// Bytes.
    var bodyLimit: Int { job.limits.bodySize > 0 ? job.limits.bodySize : Self.largestBody }

    func decode(
        _ answer: HTTPFetcher.Answer, by decoder: ExpositionDecoder, _ transform: SeriesTransform, at time: Int64
    ) throws(ScrapeFailure) -> DecodedExposition {
        let format = try format(answer.contentType)
        let text = try text(answer)
        let decoded: DecodedExposition
        do {
            decoded = try decoder.decode(text.span, format: format, transform: transform, defaultTimestamp: time)
        } catch {
            throw ScrapeFailure(error.description)
        }
        if let fault = decoded.request.rejected.first(where: { !$0.reason.isBound }) {
            throw unreadable(fault.message, at: fault, decoded, text)
        }
        guard decoded.isComplete else {
            throw unreadable("data does not end with # EOF", at: nil, decoded, text)
        }
        let samples = decoded.request.batch.count + decoded.beyondLimit
        if job.limits.samples > 0, samples > job.limits.samples {
            var failure = ScrapeFailure("sample limit exceeded: \(samples) samples, limit: \(job.limits.samples)")
            (failure.scraped, failure.kept) = (decoded.request.recordCount, samples)
            throw failure
        }
        return decoded
    }

    private func text(_ answer: HTTPFetcher.Answer) throws(ScrapeFailure) -> [UInt8] {
        guard answer.isGzip else { return Array(answer.body.readableBytesView) }
        do {
            return try ContentDecoding.gunzip(answer.body.readableBytesUInt8Span, limit: bodyLimit)
        } catch {
            guard case .tooLarge = error else { throw ScrapeFailure(error.description) }
            throw ScrapeFailure("body size limit exceeded: the body is longer than \(bodyLimit) bytes")
        }
    }

    /// As Prometheus 3 does, an answer that does not say what it is is refused, unless the job has a fallback.
    private func format(_ contentType: String) throws(ScrapeFailure) -> ExpositionFormat {
        let mediaType = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        switch mediaType {
        case "text/plain": return .text
        case "application/openmetrics-text": return .openMetrics
        default: break
        }
        switch job.fallbackProtocol {
        case .openMetrics0?, .openMetrics1?: return .openMetrics
        case .text0?, .text1?: return .text
        case .protobuf?, nil:
            throw ScrapeFailure(
                "expected Content-Type text/plain or application/openmetrics-text, got \"\(contentType.prefix(64))\"; set "
                    + "fallback_scrape_protocol if the target writes one of them")
        }
    }

    private func unreadable(
        _ message: String, at fault: RejectedRecord?, _ decoded: DecodedExposition, _ text: [UInt8]
    ) -> ScrapeFailure {
        var failure = ScrapeFailure(message)
        failure.scraped = fault?.index ?? decoded.request.recordCount
        failure.kept = min(decoded.request.batch.count, failure.scraped)
        failure.unreadable = RejectedRecord(
            index: 0, field: fault?.field, reason: fault?.reason ?? .invalidMessage, message: message,
            payload: text.count <= Self.largestKept ? text : Array((fault?.payload ?? []).prefix(Self.largestKept)),
            sourceID: fault?.sourceID)
        return failure
    }
}

extension RejectionReason {
    /// A bound of this server's, which costs a target the sample and not the scrape.
    fileprivate var isBound: Bool {
        switch self {
        case .seriesLimit, .sourceSeriesLimit, .timestampOutOfRange, .valueTooLong, .tooManyTags: true
        default: false
        }
    }
}
