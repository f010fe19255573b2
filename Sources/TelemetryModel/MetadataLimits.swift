/// How much metadata is kept. What lies beyond costs nobody a sample: it is left out or cut, and counted.
package struct MetadataLimits: Sendable, Equatable {
    /// 0 to keep none.
    package var families: Int
    /// Of all texts and what holds them, about.
    package var bytes = 128 << 20
    /// Different metadata of one family. Beyond it, one that nobody has sent for an hour makes room for a new one.
    package var variantsPerFamily = 16
    /// Bytes of a family's name; a longer one is left out.
    package var familyBytes = 1024
    /// Bytes of a help text, beyond which it is cut.
    package var helpBytes = 4096
    /// Bytes of a unit, beyond which it is cut.
    package var unitBytes = 256

    package init(families: Int = 100_000) { self.families = families }

    /// Bytes that metadata takes, about.
    static func cost(of item: FamilyMetadata) -> Int {
        128 + item.family.utf8.count + item.metadata.help.utf8.count + item.metadata.unit.utf8.count
    }

    /// What is kept of it.
    ///
    /// - Returns: nil if nothing is; and whether a text was cut.
    func fitting(_ sent: FamilyMetadata) -> (kept: FamilyMetadata?, isCut: Bool) {
        guard !sent.family.isEmpty, sent.family.utf8.count <= familyBytes else { return (nil, false) }
        let said = sent.metadata
        guard said.help.utf8.count > helpBytes || said.unit.utf8.count > unitBytes else { return (sent, false) }
        let cut = MetricMetadata(
            type: said.type, help: said.help.cut(toBytes: helpBytes), unit: said.unit.cut(toBytes: unitBytes))
        return (FamilyMetadata(sent.family, cut), true)
    }
}
