package import TelemetryModel

/// What is made of the series in a text that one sender names in his own way: a target that is scraped.
package struct SeriesTransform: Sendable {
    package enum Outcome: Sendable {
        /// The series' labels, in any order; those with an empty value count as absent.
        case series([Label])
        /// It is left out.
        case dropped
        /// A limit that its sender was given is exceeded: which, as a sentence.
        case refused(String)
    }

    /// What tells the sender's series from those of others, with which they may share the text. The same sender must always
    /// come with the same outcome for a series, as it is remembered.
    package let sender: UInt64
    /// False if times in the text do not count.
    package let takesTimestamps: Bool
    /// Samples to which the transform is put; those beyond are counted only, and their series stay unknown. 0 for all.
    package let sampleLimit: Int
    /// Asked once for each series that was not seen before, with the labels in the order of the text.
    package let apply: @Sendable ([Label]) -> Outcome

    package init(
        sender: UInt64, takesTimestamps: Bool, sampleLimit: Int = 0, apply: @escaping @Sendable ([Label]) -> Outcome
    ) {
        self.sender = sender
        self.takesTimestamps = takesTimestamps
        self.sampleLimit = sampleLimit
        self.apply = apply
    }

    /// What stands before the text, and so in every key. Extra labels, whose place it is, do not begin with these bytes.
    var keyPrefix: [UInt8] {
        [0xFE, 0xFE] + stride(from: 0, to: UInt64(64), by: 8).map { UInt8(truncatingIfNeeded: sender >> $0) }
    }

    /// The labels of a series; nil for one that is left out.
    func labels(_ spelled: [Label]) throws(Refusal) -> LabelSet? {
        _ = try LabelSet.series(spelled)
        switch apply(spelled) {
        case .series(let labels): return try LabelSet.series(labels)
        case .dropped: return nil
        case .refused(let sentence): throw Refusal(.scrapeLimit, sentence)
        }
    }
}

extension SeriesReference {
    /// Stands in a cache for a series that is left out. No registry hands it out.
    static let dropped = SeriesReference(.max)
}
