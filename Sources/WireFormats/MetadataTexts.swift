import Synchronization
import TelemetryModel

/// Metadata by the bytes with which senders say it. What was seen before is not decoded again, and all who keep it share its
/// texts. One per decoder; thread-safe.
final class MetadataTexts: Sendable {
    private struct State {
        var items: [[UInt8]: FamilyMetadata?] = [:]
        /// Of the keys; their texts are about as long.
        var keyBytes = 0
    }

    /// Beyond it all are forgotten, and made again when they come again.
    private static let mostKeyBytes = 16 << 20
    /// A longer key is not kept.
    private static let longestKey = 8192
    /// What an item takes beside its key's bytes and texts.
    private static let overhead = 128

    private let known = Mutex(State())

    /// - Parameters:
    ///   - key: bytes that say all of it.
    ///   - make: what they say; nil if that is nothing.
    func item(for key: [UInt8], make: () -> FamilyMetadata?) -> FamilyMetadata? {
        if let item = known.withLock({ $0.items[key] }) { return item }
        let item = make()
        guard key.count <= Self.longestKey else { return item }
        known.withLock { known in
            if known.keyBytes > Self.mostKeyBytes { known = State() }
            if known.items.updateValue(item, forKey: key) == nil { known.keyBytes += key.count + Self.overhead }
        }
        return item
    }
}
