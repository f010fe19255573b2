import ChunkCodec
import NativeHistograms
import TelemetryModel

/// What version 3 has behind the messages:
/// ```
/// h │ sample indices as steps │ chunks of histograms, each after its length │ s │ sample indices as steps │ starts as steps
/// ```
/// The values of histograms' records are zeros in the column of values.
extension BatchPayload {
    /// Histograms in one chunk: what their decoding takes of memory beyond themselves goes by it.
    private static let chunkLength = 4096

    /// The values as they are written.
    static func values(of batch: TelemetryBatch) -> [Double] {
        if batch.histograms.isEmpty { return batch.values }
        var values = batch.values
        for record in batch.histograms { values[record.sampleIndex] = 0 }
        return values
    }

    static func appendDetails(of batch: TelemetryBatch, to out: inout [UInt8]) {
        out.appendVarint(UInt64(batch.histograms.count))
        append(indices: batch.histograms.lazy.map(\.sampleIndex), to: &out)
        for start in stride(from: 0, to: batch.histograms.count, by: chunkLength) {
            let part = batch.histograms[start..<min(start + chunkLength, batch.histograms.count)]
            let chunk = ChunkCodec.encodeHistograms(part.map(\.histogram), effort: .fast)
            out.appendVarint(UInt64(chunk.count))
            out += chunk
        }
        out.appendVarint(UInt64(batch.starts.count))
        append(indices: batch.starts.lazy.map(\.sampleIndex), to: &out)
        var starts = StepWriter(previous: 0, step: 0)
        for record in batch.starts { starts.append(record.startTimestamp, to: &out) }
        starts.finish(&out)
    }

    private static func append(indices: some Sequence<Int>, to out: inout [UInt8]) {
        var steps = StepWriter(previous: -1, step: 1)
        for index in indices { steps.append(Int64(index), to: &out) }
        steps.finish(&out)
    }

    /// Reads what `appendDetails` wrote into a batch that has all the rest.
    static func readDetails(
        _ reader: inout VarintReader, into batch: inout TelemetryBatch
    ) throws(LogCorruption) {
        let histogramIndices = try indices("histograms", &reader, records: batch.count)
        var histograms: [NativeHistogram] = []
        while histograms.count < histogramIndices.count {
            let wanted = min(histograms.count + chunkLength, histogramIndices.count)
            let chunk = try reader.slice(try reader.count("length of histograms"), "histograms")
            do throws(ChunkCorruption) {
                try ChunkCodec.decodeHistograms(chunk, into: &histograms)
            } catch {
                throw LogCorruption(position: reader.position, expected: "intact histograms (\(error))")
            }
            guard histograms.count == wanted else {
                throw LogCorruption(position: reader.position, expected: "\(wanted) histograms by now")
            }
        }
        for (index, histogram) in zip(histogramIndices, histograms) {
            batch.histograms.append(RecordHistogram(sampleIndex: index, histogram: histogram))
            batch.values[index] = histogram.sum
        }
        let startIndices = try indices("start timestamps", &reader, records: batch.count)
        batch.starts.reserveCapacity(startIndices.count)
        var steps = StepReader(previous: 0, step: 0, remaining: startIndices.count)
        while let run = try steps.next(&reader) {
            var start = run.first
            for _ in 0..<run.count {
                batch.starts.append(
                    RecordStart(sampleIndex: startIndices[batch.starts.count], startTimestamp: start))
                start &+= run.step
            }
        }
    }

    /// Sample indices after how many there are; ascending, and below `records`.
    private static func indices(
        _ what: StaticString, _ reader: inout VarintReader, records: Int
    ) throws(LogCorruption) -> [Int] {
        let count = try reader.varint(what)
        guard count <= UInt64(records) else {
            throw LogCorruption(position: reader.position, expected: "at most \(records) \(what)")
        }
        var indices: [Int] = []
        var next: Int64 = 0
        var steps = StepReader(previous: -1, step: 1, remaining: Int(count))
        while let run = try steps.next(&reader) {
            // As both are below 2^26, the end is far from an overflow.
            guard run.first >= next, run.step > 0 || run.count == 1, run.step <= Int64(records),
                run.first < Int64(records), run.first + run.step * Int64(run.count - 1) < Int64(records)
            else { throw LogCorruption(position: reader.position, expected: "ascending record indices (\(what))") }
            for position in 0..<Int64(run.count) { indices.append(Int(run.first + run.step * position)) }
            next = Int64(indices[indices.count - 1]) + 1
        }
        return indices
    }
}
