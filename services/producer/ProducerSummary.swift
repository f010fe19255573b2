/// What a producer has done.
package struct ProducerSummary: Hashable, Sendable {
    /// Records in requests that the server has answered for good.
    package var sent = 0
    /// Records that the server took.
    package var accepted = 0
    /// Records that the server refused.
    package var rejected = 0
    /// Records that were made but for which no answer came before the producer had to stop.
    package var unanswered = 0
    /// Requests that were answered for good.
    package var requests = 0
    /// Attempts that had to be made again.
    package var retries = 0
    /// Lines of recorded files that were no records.
    package var badRows = 0
    package var bytes = 0
    package var elapsed = Duration.zero

    package init() {}

    package var recordsPerSecond: Double {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        return seconds > 0 ? Double(sent) / seconds : 0
    }

    /// Nothing that was given could be sent, or something went unanswered: an exit code other than 0.
    package var isFailure: Bool {
        unanswered > 0 || (sent == 0 && badRows > 0) || (sent > 0 && accepted == 0)
    }
}

extension ProducerSummary: CustomStringConvertible {
    package var description: String {
        var parts = [
            "sent \(sent.grouped) records in \(requests.grouped) requests (\(Int(recordsPerSecond).grouped)/s)",
            "accepted \(accepted.grouped)", "rejected \(rejected.grouped)", "retries \(retries.grouped)",
        ]
        if unanswered > 0 { parts.append("unanswered \(unanswered.grouped)") }
        if badRows > 0 { parts.append("bad rows \(badRows.grouped)") }
        return parts.joined(separator: ", ")
    }
}

extension Int {
    /// With a comma between each three digits.
    var grouped: String {
        let digits = String(magnitude)
        var text = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }
}
