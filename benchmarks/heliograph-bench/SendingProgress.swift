import Foundation
import Synchronization

/// What servers have acknowledged so far, of all connections.
final class SendingProgress: Sendable {
    private struct State {
        var samples = 0
        var marks: [(share: Int, residentBytes: Double)] = []
        var samplesBySource: [Int]
    }

    private let total: Int
    private let metricsPerSource: Int
    private let pid: Int32?
    private let state: Mutex<State>

    /// - Parameter pid: the server's, whose memory is read at every tenth of the way.
    init(file: RequestFile, pid: Int32?) {
        total = file.sampleCount
        metricsPerSource = file.metricsPerSource
        self.pid = pid
        state = Mutex(State(samplesBySource: Array(repeating: 0, count: file.seriesCount / file.metricsPerSource)))
    }

    /// Resident memory when so many per cent of the samples were acknowledged, bytes.
    var marks: [(share: Int, residentBytes: Double)] { state.withLock { $0.marks } }

    /// By source, in the workload's order.
    var samplesBySource: [Int] { state.withLock { $0.samplesBySource } }

    func acknowledged(_ request: RequestFile.Request) {
        state.withLock { state in
            let samplesPerSeries = request.samples / request.series.count
            for series in request.series { state.samplesBySource[series / metricsPerSource] += samplesPerSeries }
            let before = state.samples * 10 / total
            state.samples += request.samples
            guard let pid, state.samples * 10 / total > before else { return }
            state.marks.append((state.samples * 10 / total * 10, ProcessUsage(pid: pid).residentBytes))
        }
    }
}
