package import TelemetryModel

/// The two versions of Prometheus' remote write protocol.
package enum RemoteWriteVersion: String, Sendable {
    /// `prometheus.WriteRequest` (https://prometheus.io/docs/specs/prw/remote_write_spec/).
    case one = "1.0"
    /// `io.prometheus.write.v2.Request` (https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/).
    case two = "2.0"

    /// By which a dead letter says that it is such a message.
    package var parameters: String { QueryText.encoded([("version", rawValue)]) }
}

/// What a request of remote write came to.
package struct DecodedWrite: Sendable {
    package var request = DecodedRequest()
    /// Of the accepted records, how many are histograms; the others are numbers.
    package var histograms = 0
    /// Exemplars that came: those in the batch, and those that are not because of a fault or their series.
    package var exemplars = 0

    package init() {}

    package var samples: Int { request.batch.count - histograms }
}

/// Why a message as a whole cannot be read. Nothing of it was taken.
package enum RemoteWriteError: Error, Equatable, CustomStringConvertible {
    case malformed(ProtobufError)
    case tooManyRecords(limit: Int)
    case tooMuchRefused

    /// It can be sent again in parts, and nothing is to be kept of it.
    package var isTooLarge: Bool {
        switch self {
        case .malformed: false
        case .tooManyRecords, .tooMuchRefused: true
        }
    }

    package var description: String {
        switch self {
        case .malformed(let error): error.description
        case .tooManyRecords(let limit):
            "Expected at most \(limit) samples, and as many exemplars, in one request, got more. Send fewer at a time "
                + "(max_samples_per_send). Nothing was taken."
        case .tooMuchRefused: DecodedRequest.tooMuchRefused
        }
    }
}

/// Turns the messages of remote write into batches. One per process; thread-safe.
///
/// A record is one sample, a number or a histogram; its index counts the samples of the request. A series that was seen
/// before costs no look at its labels' text: it is found by their bytes as they came.
package final class RemoteWriteDecoder: Sendable {
    let names: SeriesNames
    let maximumRecords: Int

    package init(registry: SeriesRegistry, maximumRecords: Int = 1_000_000) {
        names = SeriesNames(registry: registry)
        self.maximumRecords = maximumRecords
    }

    /// Decodes a series of version 1.0 that stands alone, as refused samples are kept.
    package func decode(series: [UInt8]) throws(RemoteWriteError) -> DecodedWrite {
        var message = ProtobufWriter()
        message.bytes(1, series)
        return try decode(message.bytes.span, version: .one)
    }

    /// - Parameter message: after decompression.
    package func decode(
        _ message: Span<UInt8>, version: RemoteWriteVersion
    ) throws(RemoteWriteError) -> DecodedWrite {
        var decoding = RemoteWriteDecoding(self)
        do throws(ProtobufError) {
            switch version {
            case .one: try decoding.readVersion1(message)
            case .two: try decoding.readVersion2(message)
            }
        } catch {
            throw .malformed(error)
        }
        guard !decoding.result.request.refusesTooMuch else { throw .tooMuchRefused }
        guard !decoding.isOverfull else { throw .tooManyRecords(limit: maximumRecords) }
        var result = decoding.result
        result.request.metadata = decoding.metadata.all
        return result
    }
}
