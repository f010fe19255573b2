import TelemetryModel

/// Short, stable names of label sets and texts.
enum Fingerprint {
    /// FNV-1a, 64 bit (draft-eastlake-fnv).
    static func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { hash, byte in (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    /// Alertmanager's fingerprint of an alert: FNV-1a over name, 0xFF, value, 0xFF of each label in order.
    static func of(_ labels: LabelSet) -> String {
        hex(fnv1a(labels.labels.lazy.flatMap { Array($0.name.utf8) + [0xFF] + Array($0.value.utf8) + [0xFF] }))
    }

    /// Sixteen digits.
    static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
