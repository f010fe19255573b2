import Hummingbird
import NIOCore
package import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// Writes a query's result piece by piece, each of bounded size, so that the text of a large one never is in memory as a whole.
struct ResultWriter: Sendable {
    /// A piece ends with the first sample behind this many bytes.
    static let pieceBytes = 128 << 10

    private enum Stage: Sendable { case beginning, series, done }

    let value: QueryValue
    let warnings: [String]
    let infos: [String]
    let statistics: QueryStatistics?
    let explanation: QueryExplanation?
    private var stage = Stage.beginning
    private var series = 0
    private var sample = 0
    private var histogram = 0

    /// - Parameters:
    ///   - limit: the most series; a warning says when some were left out.
    ///   - statistics: written behind the result if there are any.
    ///   - infos: behind those of the result.
    init(_ result: QueryResult, limit: Int? = nil, statistics: QueryStatistics? = nil, infos: [String] = []) {
        var warnings: [String] = []
        switch result.value {
        case .vector(let samples) where samples.count > limit ?? .max:
            value = .vector(Array(samples.prefix(limit ?? .max)))
            warnings = [QueryRoutes.truncated]
        case .matrix(let series) where series.count > limit ?? .max:
            value = .matrix(Array(series.prefix(limit ?? .max)))
            warnings = [QueryRoutes.truncated]
        default: value = result.value
        }
        let texts = { (kind: QueryAnnotation.Kind) in
            result.annotations.filter { $0.kind == kind }.map(\.description)
        }
        self.warnings = warnings + texts(.warning)
        self.infos = texts(.info) + infos
        self.statistics = statistics
        explanation = result.explanation
    }

    var isDone: Bool { stage == .done }

    /// Writes on until the text has `pieceBytes`, or all is written.
    mutating func writePiece(to writer: inout AnswerWriter) {
        if stage == .beginning {
            writer.begin()
            stage = .series
            switch value {
            case .scalar(let timestamp, let value):
                writer.raw(#"{"resultType":"scalar","result":"#)
                writer.point(timestamp, value)
                return end(&writer)
            case .string(let timestamp, let value):
                writer.raw(#"{"resultType":"string","result":["#)
                SampleText.append(timestamp: timestamp, to: &writer.text)
                writer.raw(",")
                writer.string(value)
                writer.raw("]")
                return end(&writer)
            case .vector: writer.raw(#"{"resultType":"vector","result":["#)
            case .matrix: writer.raw(#"{"resultType":"matrix","result":["#)
            }
        }
        switch value {
        case .scalar, .string: break
        case .vector(let samples): writeOn(samples, to: &writer)
        case .matrix(let all): writeOn(all, to: &writer)
        }
    }

    private mutating func writeOn(_ samples: [VectorSample], to writer: inout AnswerWriter) {
        while series < samples.count {
            if writer.text.count >= Self.pieceBytes { return }
            writer.raw(series > 0 ? #",{"metric":"# : #"{"metric":"#)
            writer.labels(samples[series].labels)
            if let histogram = samples[series].histogram {
                writer.raw(#","histogram":"#)
                writer.point(samples[series].timestamp, histogram)
            } else {
                writer.raw(#","value":"#)
                writer.point(samples[series].timestamp, samples[series].value)
            }
            writer.raw("}")
            series += 1
        }
        writer.raw("]")
        end(&writer)
    }

    private mutating func writeOn(_ all: [MatrixSeries], to writer: inout AnswerWriter) {
        while series < all.count {
            if sample == 0 && histogram == 0 {
                if writer.text.count >= Self.pieceBytes { return }
                writer.raw(series > 0 ? #",{"metric":"# : #"{"metric":"#)
                writer.labels(all[series].labels)
            }
            guard write(all[series].samples, to: &writer), write(all[series].histograms, to: &writer) else { return }
            writer.raw("}")
            series += 1
            sample = 0
            histogram = 0
        }
        writer.raw("]")
        end(&writer)
    }

    /// True when the columns are written to their end.
    private mutating func write(_ columns: SampleColumns, to writer: inout AnswerWriter) -> Bool {
        let timestamps = columns.timestamps
        let values = columns.values
        guard sample < timestamps.count else { return true }
        if sample == 0 { writer.raw(#","values":["#) }
        while sample < timestamps.count {
            // Where nothing of a column is written the next piece would begin it anew.
            if sample > 0, writer.text.count >= Self.pieceBytes { return false }
            // Few enough that a piece becomes not much longer than it may be.
            let end = min(timestamps.count, sample + 256)
            for index in sample..<end {
                if index > 0 { writer.raw(",") }
                writer.point(timestamps[index], values[index])
            }
            sample = end
        }
        writer.raw("]")
        return true
    }

    private mutating func write(_ columns: HistogramColumns, to writer: inout AnswerWriter) -> Bool {
        guard !columns.isEmpty else { return true }
        if histogram == 0 { writer.raw(#","histograms":["#) }
        while histogram < columns.count {
            if histogram > 0, writer.text.count >= Self.pieceBytes { return false }
            if histogram > 0 { writer.raw(",") }
            writer.point(columns.timestamps[histogram], columns.histograms[histogram])
            histogram += 1
        }
        writer.raw("]")
        return true
    }

    private mutating func end(_ writer: inout AnswerWriter) {
        if let statistics { statistics.write(to: &writer) }
        if let explanation { writer.explanation(explanation) }
        writer.raw("}")
        writer.end(warnings: warnings, infos: infos)
        stage = .done
    }
}

extension ResultWriter {
    /// What is written first, on the thread that evaluated, and the rest, if the result is larger than one piece.
    struct Answer: Sendable {
        let first: ByteBuffer
        let rest: ResultWriter?
    }

    func begun() -> Answer {
        var writer = AnswerWriter(capacity: 16 << 10)
        var copy = self
        copy.writePiece(to: &writer)
        return Answer(first: writer.text.buffer(), rest: copy.isDone ? nil : copy)
    }
}

extension Response {
    /// A small result as one body with its length; a large one in pieces, as fast as the client takes them.
    static func answer(_ answer: ResultWriter.Answer) -> Response {
        guard let rest = answer.rest else { return .answer(answer.first) }
        return Response(
            status: .ok, headers: .jsonAnswer,
            body: ResponseBody { writer in
                try await writer.write(answer.first)
                var rest = rest
                var text = AnswerWriter(capacity: ResultWriter.pieceBytes + 16384)
                while !rest.isDone {
                    text.text.removeAll()
                    rest.writePiece(to: &text)
                    try await writer.write(text.text.buffer())
                }
                try await writer.finish(nil)
            })
    }
}

/// The bytes of a query's answer as the API gives it, for those who evaluate without a server.
package func answerBytes(_ result: QueryResult) -> [UInt8] {
    var writer = AnswerWriter(capacity: 64 << 10)
    var rest = ResultWriter(result)
    var bytes: [UInt8] = []
    while !rest.isDone {
        writer.text.removeAll()
        rest.writePiece(to: &writer)
        bytes += writer.text.array
    }
    return bytes
}
