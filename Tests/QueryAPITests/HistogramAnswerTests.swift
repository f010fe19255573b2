import Foundation
import NIOCore
import NativeHistograms
import PromQLEngine
import TelemetryModel
import Testing
import TimeSeriesStore

@testable import QueryAPI

/// The JSON of native histograms, as Prometheus' API documentation describes it.
@Suite struct HistogramAnswerTests {
    private func data(_ value: QueryValue) -> String {
        let bytes = answerBytes(QueryResult(value: value))
        return String(decoding: bytes, as: UTF8.self)
    }

    private let histogram = NativeHistogram(
        schema: 0, zeroThreshold: 0.5, zeroCount: 2, count: 10.5, sum: -3, positiveSpans: [.init(offset: 0, length: 2)],
        positiveBuckets: [1, 4.5], negativeSpans: [.init(offset: 1, length: 1)], negativeBuckets: [3])
    private let text =
        #"{"count":"10.5","sum":"-3","buckets":[[1,"-2","-1","3"],[3,"-0.5","0.5","2"],[0,"0.5","1","1"],[0,"1","2","4.5"]]}"#

    @Test func ofAVector() {
        let vector = [
            VectorSample(labels: LabelSet(["__name__": "h"]), timestamp: 1500, histogram: histogram),
            VectorSample(labels: .empty, timestamp: 1500, value: 1),
        ]
        #expect(
            data(.vector(vector))
                == #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[1.500,"#
                + text + #"]},{"metric":{},"value":[1.500,"1"]}]}}"#)
    }

    @Test func ofAMatrix() {
        let empty = NativeHistogram(customValues: [])
        let mixed = MatrixSeries(
            labels: .empty, samples: SampleColumns(timestamps: [0], values: [7]),
            histograms: HistogramColumns(timestamps: [1000, 2000], histograms: [histogram, empty]))
        let only = MatrixSeries(
            labels: LabelSet(["a": "b"]), samples: SampleColumns(),
            histograms: HistogramColumns(timestamps: [1000], histograms: [empty]))
        #expect(
            data(.matrix([mixed, only]))
                == #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"7"]],"histograms":[[1,"#
                + text
                + #"],[2,{"count":"0","sum":"0"}]]},{"metric":{"a":"b"},"histograms":[[1,{"count":"0","sum":"0"}]]}]}}"#
        )
    }

    @Test func ofManyPieces() {
        let many = (0..<3000).map { index in
            MatrixSeries(
                labels: LabelSet(["i": "\(index)"]), samples: SampleColumns(),
                histograms: HistogramColumns(timestamps: [0, 1000], histograms: [histogram, histogram]))
        }
        let whole = data(.matrix(many))
        #expect(whole.utf8.count > 4 * ResultWriter.pieceBytes)
        #expect(whole.components(separatedBy: text).count == 6001)
    }
}
