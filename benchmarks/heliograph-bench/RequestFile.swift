import Foundation

/// Requests made ahead, so that making them costs the sender nothing and every server gets the same bytes.
///
///     header: 64 bytes: magic (8) | connections (8) | series (8) | samples (8) | uncompressed bytes (8) | format (8) |
///         metrics of a source (8) | zeros
///     then per request: connection (4) | step (4) | first series (4) | series (4) | samples (4) |
///         body bytes (4) | body
///
/// Numbers are little-endian. A file of one machine, removed after use; not a format to keep.
struct RequestFile {
    struct Request: Sendable {
        /// Of the request's first samples.
        let step: Int
        let series: Range<Int>
        let samples: Int
        let body: Range<Int>
    }

    struct Malformed: Error, CustomStringConvertible {
        let path: String
        let offset: Int
        var description: String {
            "\(path) is not a complete file of requests (at byte \(offset)); make it again with `heliograph-bench prepare`"
        }
    }

    static let magic: UInt64 = 0x3272_7765_7267_6c68
    static let headerByteCount = 64
    private static let requestHeaderByteCount = 24

    /// Mapped, not read: the pages are the kernel's.
    let bytes: Data
    let seriesCount: Int
    let sampleCount: Int
    let messageByteCount: Int
    let format: RequestFormat
    let metricsPerSource: Int
    /// By connection, in the order in which they must be sent.
    let requests: [[Request]]

    init(path: String) throws {
        bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        guard bytes.count >= RequestFile.headerByteCount, bytes.integer(at: 0, UInt64.self) == RequestFile.magic else {
            throw Malformed(path: path, offset: 0)
        }
        let connections = Int(bytes.integer(at: 8, UInt64.self))
        seriesCount = Int(bytes.integer(at: 16, UInt64.self))
        sampleCount = Int(bytes.integer(at: 24, UInt64.self))
        messageByteCount = Int(bytes.integer(at: 32, UInt64.self))
        guard let format = RequestFormat(rawValue: bytes.integer(at: 40, UInt64.self)) else {
            throw Malformed(path: path, offset: 40)
        }
        self.format = format
        metricsPerSource = Int(bytes.integer(at: 48, UInt64.self))
        var requests = Array(repeating: [Request](), count: connections)
        var offset = RequestFile.headerByteCount
        while offset < bytes.count {
            let start = offset + RequestFile.requestHeaderByteCount
            guard start <= bytes.count else { throw Malformed(path: path, offset: offset) }
            let connection = Int(bytes.integer(at: offset, UInt32.self))
            let firstSeries = Int(bytes.integer(at: offset + 8, UInt32.self))
            let body = start..<start + Int(bytes.integer(at: start - 4, UInt32.self))
            guard connection < connections, body.upperBound <= bytes.count else {
                throw Malformed(path: path, offset: offset)
            }
            requests[connection].append(
                Request(
                    step: Int(bytes.integer(at: offset + 4, UInt32.self)),
                    series: firstSeries..<firstSeries + Int(bytes.integer(at: offset + 12, UInt32.self)),
                    samples: Int(bytes.integer(at: offset + 16, UInt32.self)), body: body))
            offset = body.upperBound
        }
        guard requests.joined().reduce(0, { $0 + $1.samples }) == sampleCount else {
            throw Malformed(path: path, offset: bytes.count)
        }
        self.requests = requests
    }

    /// Writes the workload's requests: each connection has an equal share of the sources for all time, so that a series'
    /// samples arrive in order; a request has at most `samplesPerRequest` samples.
    static func write(
        _ workload: Workload, as format: RequestFormat, connections: Int, samplesPerRequest: Int, to path: String
    ) throws {
        try Data(count: headerByteCount).write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        var encoder = format.encoder(of: workload)
        var source = WorkloadValues(workload)
        var values: [Double] = []
        var timestamps: [Int64] = []
        var messageByteCount = 0
        let metricCount = workload.metrics.count
        let stepsPerRequest = workload.samplesPerSeriesInRequest
        let seriesPerRequest = max(1, samplesPerRequest / stepsPerRequest)
        while true {
            let firstStep = source.step
            let steps = source.next(steps: stepsPerRequest, values: &values, timestamps: &timestamps)
            if steps == 0 { break }
            var buffer = Data()
            for connection in 0..<connections {
                let share =
                    workload.sources * connection / connections * metricCount..<workload.sources * (connection + 1)
                    / connections * metricCount
                for first in stride(from: share.lowerBound, to: share.upperBound, by: seriesPerRequest) {
                    let range = first..<min(first + seriesPerRequest, share.upperBound)
                    encoder.begin()
                    for series in range {
                        encoder.append(series: series, samples: steps) { step in
                            (
                                timestamps[step * workload.sources + series / metricCount],
                                values[step * workload.seriesCount + series]
                            )
                        }
                    }
                    let body = encoder.finish()
                    messageByteCount += encoder.messageByteCount
                    for number in [connection, firstStep, first, range.count, range.count * steps, body.count] {
                        buffer.append(UInt32(number))
                    }
                    buffer.append(contentsOf: body)
                }
            }
            try file.write(contentsOf: buffer)
        }
        var header = Data()
        for number in [
            magic, UInt64(connections), UInt64(workload.seriesCount), UInt64(workload.sampleCount),
            UInt64(messageByteCount), format.rawValue, UInt64(metricCount),
        ] { header.append(number) }
        try file.seek(toOffset: 0)
        try file.write(contentsOf: header)
        try file.close()
    }
}

extension Data {
    mutating func append(_ integer: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
    }

    /// - Precondition: the integer's bytes are within the data.
    func integer<Integer: FixedWidthInteger>(at offset: Int, _: Integer.Type) -> Integer {
        withUnsafeBytes { Integer(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Integer.self)) }
    }
}
