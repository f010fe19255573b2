import HTTPSupport
import Hummingbird
import Logging
import NIOCore
import SelfMetrics
import TelemetryModel
import TimeSeriesStore
import WireFormats

/// Writes an export, read by read and piece by piece, as fast as the client takes it.
struct ExportStream: Sendable {
    /// Text that is written at once.
    private static let pieceBytes = 256 << 10

    let environment: QueryEnvironment
    let plan: ExportPlan
    let format: ContractRecordWriter.Format

    static func budget(_ limits: QueryLimits) -> QueryBudget {
        QueryBudget(
            samples: min(limits.samples, ExportPlan.samplesAtOnce), series: limits.series, timeout: limits.timeout)
    }

    /// - Throws: what stopped it. The client then sees the connection close in the middle of the body.
    func send(to writer: inout any ResponseBodyWriter, _ context: AppContext) async throws -> ExportSummary {
        var summary = ExportSummary()
        var lastSeries: LabelSet?
        let header = ContractRecordWriter.header(format)
        if !header.isEmpty { try await writer.write(ByteBuffer(bytes: header)) }
        // The next read last.
        var reads: [ExportPlan.Read] = plan.reads().reversed()
        do {
            while let read = reads.popLast() {
                guard let series = try await select(read) else {
                    guard let parts = read.parts else {
                        throw QueryLimitError.tooManySamples(
                            limit: ExportPlan.samplesAtOnce, reached: ExportPlan.samplesAtOnce + 1)
                    }
                    reads += parts.reversed()
                    continue
                }
                var position = ExportPosition()
                while position.series < series.count {
                    try Task.checkCancellation()
                    let (from, format) = (position, format)
                    let piece = try await environment.work.run(isBegun: true) {
                        ExportPiece(series, from: from, format: format, maximumBytes: Self.pieceBytes)
                    }
                    if !piece.bytes.isEmpty { try await writer.write(ByteBuffer(bytes: piece.bytes)) }
                    position = piece.end
                    summary.samples += piece.samples
                    summary.leftOut.merge(piece.leftOut) { $0 + $1 }
                    // A series that was read in parts counts once.
                    for labels in piece.written where labels != lastSeries {
                        summary.series += 1
                        lastSeries = labels
                    }
                }
            }
        } catch {
            environment.metrics.failures.add()
            if error is CancellationError { environment.metrics.cancelled.add() }
            context.logger.error("an export broke off", metadata: ["error": "\(error)"])
            throw error
        }
        environment.metrics.samples.add(summary.samples)
        return summary
    }

    /// The series of one read; nil if they are too much for one.
    private func select(_ read: ExportPlan.Read) async throws -> [SelectedSeries]? {
        let budget = Self.budget(environment.limits)
        return try await withTaskCancellationHandler {
            try await environment.work.run(isBegun: true) { [store = environment.store] in
                let found: [SelectedSeries]
                do {
                    found = try store.select(
                        SeriesSelection(matchers: read.matchers, range: read.range), budget: budget)
                } catch QueryLimitError.tooManySamples, QueryLimitError.tooManySeries {
                    // Series are charged once per block.
                    return nil
                }
                let wanted = Set(read.series)
                return found.filter { wanted.contains($0.labels) }
            }
        } onCancel: {
            budget.cancel()
        }
    }
}

/// Where in a list of series an export is.
struct ExportPosition: Sendable, Equatable {
    var series = 0
    var sample = 0
}

/// As many records as make up one piece of text.
struct ExportPiece: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Where the next piece begins.
    private(set) var end: ExportPosition
    private(set) var samples = 0
    private(set) var leftOut: [ContractGap: Int] = [:]
    /// Series with a record in here, in order.
    private(set) var written: [LabelSet] = []

    init(
        _ series: [SelectedSeries], from start: ExportPosition, format: ContractRecordWriter.Format, maximumBytes: Int
    ) {
        end = start
        bytes.reserveCapacity(maximumBytes + 4096)
        while end.series < series.count, bytes.count < maximumBytes {
            append(series[end.series], format, maximumBytes)
        }
    }

    private mutating func append(_ series: SelectedSeries, _ format: ContractRecordWriter.Format, _ maximumBytes: Int) {
        let columns = series.samples
        if end.sample == 0, !series.histograms.isEmpty { leftOut[.histogram, default: 0] += series.histograms.count }
        var writer: ContractRecordWriter
        do throws(ContractGap) {
            writer = try ContractRecordWriter(series.labels, format: format)
        } catch {
            leftOut[error, default: 0] += columns.count - end.sample
            end = ExportPosition(series: end.series + 1)
            return
        }
        let before = samples
        while end.sample < columns.count, bytes.count < maximumBytes {
            let gap = writer.append(
                timestamp: columns.timestamps[end.sample], value: columns.values[end.sample], to: &bytes)
            if let gap { leftOut[gap, default: 0] += 1 } else { samples += 1 }
            end.sample += 1
        }
        if samples > before { written.append(series.labels) }
        if end.sample == columns.count { end = ExportPosition(series: end.series + 1) }
    }
}
