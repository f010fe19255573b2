/// Names of metrics and labels that PromQL takes without quotes, made of names in which other protocols allow anything:
/// whatever is not a letter or a digit of ASCII becomes `_`, as in Prometheus' own exporters for StatsD and Graphite.
enum PlainNames {
    /// Letters, digits, `_` and `:`; `_` in front of a digit at the beginning. Empty only for an empty name.
    static func metric(_ name: some Sequence<UInt8>) -> String { plain(name, allowsColon: true) }

    /// As of a metric, without `:`.
    static func label(_ name: some Sequence<UInt8>) -> String { plain(name, allowsColon: false) }

    private static func plain(_ name: some Sequence<UInt8>, allowsColon: Bool) -> String {
        var plain: [UInt8] = []
        for byte in name {
            // Of a character with several bytes one underscore is enough.
            if byte & 0xC0 == 0x80 { continue }
            if plain.isEmpty, ASCII.digit(byte) <= 9 { plain.append(0x5F) }
            let isAllowed = OTLPNames.isNameByte(byte) && (allowsColon || byte != ASCII.colon)
            plain.append(isAllowed ? byte : 0x5F)
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
