import NIOCore
import Synchronization

/// The connections of one listener. Thread-safe.
final class OpenConnections: Sendable {
    static let most = 1024

    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var count: Int { channels.withLock { $0.count } }

    /// False if there are as many as may be.
    func add(_ channel: any Channel) -> Bool {
        channels.withLock { channels in
            guard channels.count < OpenConnections.most else { return false }
            channels[ObjectIdentifier(channel)] = channel
            return true
        }
    }

    func remove(_ channel: any Channel) {
        channels.withLock { channels in channels[ObjectIdentifier(channel)] = nil }
    }

    /// Returns when all are closed.
    func closeAll() async {
        let open = channels.withLock { Array($0.values) }
        for channel in open {
            // One that is closed already is all that is wanted.
            try? await channel.close().get()
        }
    }
}
