import Dispatch
import Foundation
import Synchronization

/// A folder of this process' own that is gone when the process has ended, also if a signal ended it.
final class TemporaryFolder: Sendable {
    let url: URL
    private let watches: Mutex<[any DispatchSourceSignal]>

    /// - Parameters:
    ///   - signals: those that remove the folder.
    ///   - end: what happens then; by default the process ends of the same signal.
    init(
        named name: String, signals: [Int32] = [SIGINT, SIGTERM, SIGHUP],
        end: @escaping @Sendable (Int32) -> Void = { number in
            signal(number, SIG_DFL)
            kill(getpid(), number)
        }
    ) {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        self.url = url
        watches = Mutex(
            signals.map { number in
                // Whom a handler watches, the default action must not end.
                signal(number, SIG_IGN)
                let watch = DispatchSource.makeSignalSource(signal: number, queue: .global())
                watch.setEventHandler {
                    TemporaryFolder.remove(url)
                    end(number)
                }
                watch.resume()
                return watch
            })
    }

    /// The signals do what they did before, and the folder goes.
    func remove() {
        let ended = watches.withLock { watches in
            defer { watches = [] }
            return watches
        }
        for watch in ended { watch.cancel() }
        for watch in ended { signal(Int32(watch.handle), SIG_DFL) }
        TemporaryFolder.remove(url)
    }

    private static func remove(_ url: URL) {
        // While somebody still writes into it, it may not be empty at the end of the first attempt.
        for _ in 0..<10 where FileManager.default.fileExists(atPath: url.path) {
            try? FileManager.default.removeItem(at: url)
        }
    }
}
