import Synchronization
import TelemetryModel

/// Metadata by the bytes with which senders say it. What was seen before is not decoded again, and all who keep it share its
/// texts. One per decoder; thread-safe.
final class MetadataTexts: Sendable {
    /// Beyond so many all are forgotten, and made again when they come again.
    private static let most = 65_536
    /// A longer key is not kept.
    private static let longestKey = 8192

    private let known = Mutex<[[UInt8]: FamilyMetadata?]>([:])

    /// - Parameters:
    ///   - key: bytes that say all of it.
    ///   - make: what they say; nil if that is nothing.
    func item(for key: [UInt8], make: () -> FamilyMetadata?) -> FamilyMetadata? {
        if let item = known.withLock({ $0[key] }) { return item }
        let item = make()
        guard key.count <= Self.longestKey else { return item }
        known.withLock { known in
            if known.count >= Self.most { known.removeAll() }
            known.updateValue(item, forKey: key)
        }
        return item
    }
}
