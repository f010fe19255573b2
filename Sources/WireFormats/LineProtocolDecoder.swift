package import TelemetryModel

/// What a request of line protocol says beside its body.
package struct LineProtocolParameters: Sendable {
    package var precision: LinePrecision
    /// Becomes the label `db`; without one if empty.
    package var database: String

    package init(precision: LinePrecision = .nanoseconds, database: String = "") {
        self.precision = precision
        self.database = database
    }
}

/// What a request of line protocol came to.
package struct DecodedLines: Sendable {
    package var request = DecodedRequest()
    /// Of the first refused record, from 1.
    package var firstRefusedLine: Int?
    /// Fields with texts, which are no records.
    package var skipped = SkippedFields()
}

/// More records than a request may have, or more that are refused. Nothing of it was taken.
package struct TooManyLines: Error, Equatable, CustomStringConvertible {
    let limit: Int
    var isOfRefused = false

    package var description: String {
        isOfRefused
            ? DecodedRequest.tooMuchRefused
            : "Expected at most \(limit) fields in one request, got more. Send fewer lines at a time. Nothing was taken."
    }
}

/// Turns bodies in InfluxDB's line protocol
/// (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/) into batches. One per process; thread-safe.
///
/// A record is one field of a line, but for fields with texts, which are left out (docs/decisions/0026); a line that cannot be read is one record, too, and none of its fields is taken. Measurement
/// and field make up the metric's name as in VictoriaMetrics (`LineSeries`). A series that was seen before costs no look at
/// its text: it is found by the bytes as they came.
package final class LineProtocolDecoder: Sendable {
    let names: SeriesNames
    let maximumRecords: Int
    let textFields: LineTextFields

    package init(registry: SeriesRegistry, maximumRecords: Int = 1_000_000, textFields: LineTextFields = .skip) {
        names = SeriesNames(registry: registry)
        self.maximumRecords = maximumRecords
        self.textFields = textFields
    }

    /// - Parameters:
    ///   - body: after decompression.
    ///   - receivedAt: epoch milliseconds, for lines without a time.
    package func decode(
        _ body: Span<UInt8>, _ parameters: LineProtocolParameters = .init(), receivedAt: Int64
    ) throws(TooManyLines) -> DecodedLines {
        guard !parameters.database.isEmpty else {
            return try decode(body, ByteRange(start: 0, end: body.count), parameters, receivedAt)
        }
        // The database's name must stand where the other parts of a series' key do.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + parameters.database.utf8.count)
        // A copy of what the span covers, within its life.
        unsafe body.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: parameters.database.utf8)
        return try decode(bytes.span, ByteRange(start: 0, end: body.count), parameters, receivedAt)
    }

    private func decode(
        _ bytes: Span<UInt8>, _ lines: ByteRange, _ parameters: LineProtocolParameters, _ receivedAt: Int64
    ) throws(TooManyLines) -> DecodedLines {
        var decoding = LineProtocolDecoding(
            self, precision: parameters.precision, database: ByteRange(start: lines.end, end: bytes.count),
            receivedAt: receivedAt)
        decoding.read(bytes, lines)
        guard !decoding.result.request.refusesTooMuch else {
            throw TooManyLines(limit: DecodedRequest.mostRefusedBytes, isOfRefused: true)
        }
        guard !decoding.isOverfull else { throw TooManyLines(limit: maximumRecords) }
        return decoding.result
    }
}
