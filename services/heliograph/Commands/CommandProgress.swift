import DataBackup
import Foundation

/// Tells a person on standard error how long work is getting on: one line that changes on a terminal, else a line now and
/// then, once the work has taken some seconds. One thread at a time.
final class CommandProgress {
    private static let interval = Duration.milliseconds(200)
    private static let intervalOfLines = Duration.seconds(5)

    private let isQuiet: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last = ContinuousClock.now
    private var hasLine = false

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    var receiver: BackupProgressReceiver { { [self] in show($0) } }

    private func show(_ progress: BackupProgress) {
        guard progress.allBytes > 0 else { return show(progress.activity) }
        show("\(progress.activity): \(progress.bytes.byteText) of \(progress.allBytes.byteText)")
    }

    func show(_ text: @autoclosure () -> String) {
        guard !isQuiet else { return }
        let now = ContinuousClock.now
        guard now - last >= (isTerminal ? CommandProgress.interval : CommandProgress.intervalOfLines) else { return }
        last = now
        hasLine = isTerminal
        FileHandle.standardError.write(Data((isTerminal ? "\r\u{1B}[K\(text().prefix(160))" : "\(text())\n").utf8))
    }

    /// Takes the line away, before something else is printed.
    func clear() {
        guard hasLine else { return }
        hasLine = false
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }
}
