import Foundation

/// Tells a person on standard error how a producer is getting on: one line that changes on a terminal, else a line now
/// and then.
struct ProgressReport: Sendable {
    let tally: ProducerTally
    let isTerminal: Bool
    let write: @Sendable (String) -> Void

    static let interval = Duration.milliseconds(500)
    static let intervalOfLines = Duration.seconds(5)

    init(
        tally: ProducerTally, isTerminal: Bool = isatty(STDERR_FILENO) == 1,
        write: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
    ) {
        self.tally = tally
        self.isTerminal = isTerminal
        self.write = write
    }

    /// Until the task is cancelled.
    func run() async {
        var last = ProducerSummary()
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: isTerminal ? ProgressReport.interval : ProgressReport.intervalOfLines)
            } catch { return }
            let now = tally.summary
            let text = line(now, since: last)
            last = now
            write(isTerminal ? "\r\u{1B}[K\(text.prefix(160))" : text + "\n")
        }
    }

    /// The last line, after which nothing is changed.
    func finish() {
        write((isTerminal ? "\r\u{1B}[K" : "") + tally.summary.description + "\n")
    }

    /// A line of its own, above the one that changes.
    func note(_ text: String) {
        write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
    }

    func line(_ now: ProducerSummary, since last: ProducerSummary) -> String {
        var interval = ProducerSummary()
        interval.sent = now.sent - last.sent
        interval.elapsed = now.elapsed - last.elapsed
        var text =
            "sent \(now.sent.grouped) (\(Int(interval.recordsPerSecond).grouped)/s), accepted \(now.accepted.grouped)"
        text += ", rejected \(now.rejected.grouped), retries \(now.retries.grouped)"
        let (fault, incidents) = tally.conditions
        if let fault { text += " | trying again: \(fault)" }
        if let first = incidents.first { text += " | \(first)" }
        if incidents.count > 1 { text += " and \(incidents.count - 1) more" }
        return text
    }
}
