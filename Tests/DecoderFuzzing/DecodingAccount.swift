package import TelemetryModel

/// What a decoder made of some bytes, in a form in which two runs can be compared.
package struct DecodingAccount: Sendable {
    /// What was taken, one text an item, or the error. Nothing in it depends on where in its request an item stood.
    package private(set) var items: [String] = []
    /// What was refused, likewise.
    package private(set) var refused: [String] = []
    /// The same, as they would be kept.
    package private(set) var letters: [RejectedRecord] = []
    /// Promises that were broken, each as a sentence.
    package private(set) var faults: [String] = []
    /// Of the bytes and elements that were made, about.
    package private(set) var size = 0

    package init() {}

    package mutating func note(_ item: some CustomStringConvertible, size: Int = 0) {
        items.append(item.description)
        self.size += size
    }

    /// - Parameter sentence: what is wrong if the condition does not hold.
    package mutating func require(_ condition: Bool, _ sentence: @autoclosure () -> String) {
        if !condition { faults.append(sentence()) }
    }

    /// Stands for bytes, within this process; they themselves would be long to write down.
    package static func digest(_ bytes: [UInt8]) -> String { "\(bytes.count) bytes \(bytes.hashValue)" }

    /// Whether it says the same as another; what differs, if not.
    package func difference(from other: DecodingAccount) -> String? {
        if items == other.items, refused == other.refused { return nil }
        for (ours, theirs) in [(items, other.items), (refused, other.refused)] where ours != theirs {
            let place = zip(ours, theirs).enumerated().first { $1.0 != $1.1 }?.offset ?? min(ours.count, theirs.count)
            func item(_ list: [String]) -> String { place < list.count ? list[place] : "nothing" }
            return "item \(place): \(item(ours)) or \(item(theirs))"
        }
        return nil
    }

    /// What several pieces come to.
    package static func sum(_ pieces: [DecodingAccount]) -> DecodingAccount {
        var sum = DecodingAccount()
        for piece in pieces {
            sum.items += piece.items
            sum.refused += piece.refused
            sum.faults += piece.faults
        }
        return sum
    }
}

// MARK: Records

extension DecodingAccount {
    /// Notes a request's records, and whether its parts agree with each other.
    ///
    /// - Parameters:
    ///   - indicesAscend: false where several refused records may have the same index.
    ///   - dropped: records that are neither taken nor refused.
    package mutating func note(
        _ batch: TelemetryBatch, _ rejected: [RejectedRecord], recordCount: Int, _ registry: SeriesRegistry,
        indicesAscend: Bool = true, dropped: Int = 0
    ) {
        require(
            recordCount == batch.count + rejected.count + dropped,
            "\(recordCount) records, but \(batch.count) taken and \(rejected.count) refused")
        note(batch, registry)
        note(rejected)
        if indicesAscend {
            require(
                zip(rejected, rejected.dropFirst()).allSatisfy { $0.index < $1.index }
                    && rejected.allSatisfy { 0..<recordCount ~= $0.index },
                "the refused records' indices do not ascend within the request")
        }
    }

    package mutating func note(_ rejected: [RejectedRecord]) {
        for record in rejected {
            require(!record.message.isEmpty && !record.payload.isEmpty, "a refusal without a message or a payload")
            require(record.message.utf8.count < 2000, "a message of \(record.message.utf8.count) bytes")
            refused.append(
                "\(record.reason.rawValue) \(record.field ?? "-") \(DecodingAccount.digest(record.payload)) \(record.parameters) "
                    + (record.sourceID ?? "-"))
            size += record.payload.count
        }
        letters += rejected
    }

    private mutating func note(_ batch: TelemetryBatch, _ registry: SeriesRegistry) {
        require(
            batch.references.count == batch.count && batch.values.count == batch.count, "columns of different lengths")
        let indices = [
            batch.messages.map(\.sampleIndex), batch.histograms.map(\.sampleIndex), batch.starts.map(\.sampleIndex),
        ]
        for list in indices {
            require(
                list.allSatisfy { 0..<batch.count ~= $0 } && zip(list, list.dropFirst()).allSatisfy { $0 < $1 },
                "indices of messages, histograms or starts do not ascend within the batch")
        }
        require(
            batch.timestamps.allSatisfy { 0...4_102_444_799_999 ~= $0 }, "a time outside of the years 1970 to 2099")
        guard faults.isEmpty else { return }
        var details = [String](repeating: "", count: batch.count)
        for message in batch.messages { details[message.sampleIndex] += " message \(message.text)" }
        for record in batch.histograms { details[record.sampleIndex] += " \(record.histogram)" }
        for start in batch.starts { details[start.sampleIndex] += " from \(start.startTimestamp)" }
        for index in 0..<batch.count {
            note(
                "\(registry.labels(of: batch.references[index])) \(String(batch.values[index].bitPattern, radix: 16)) "
                    + "@\(batch.timestamps[index])\(details[index])", size: 24)
        }
        for one in batch.exemplars {
            note(
                "exemplar of \(registry.labels(of: one.series)): \(one.exemplar.labels) "
                    + "\(String(one.exemplar.value.bitPattern, radix: 16)) @\(one.exemplar.timestamp)", size: 24)
        }
    }
}
