/// The little that settings need to know of URLs.
enum WebAddress {
    /// `http://` or `https://`, then a host; no white space and no control characters.
    static func isValid(_ text: String) -> Bool {
        guard let start = afterScheme(of: text) else { return false }
        let authority = text[start...].prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return !host.isEmpty && !host.hasPrefix(":")
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
    }

    /// Scheme and host only: user, password, path and query of a webhook's address are what lets one post to it.
    static func withoutSecrets(_ text: String) -> String {
        guard let start = afterScheme(of: text) else { return "…" }
        let authority = text[start...].prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let isWhole = host.count == text[start...].count
        return text[..<start] + host + (isWhole ? "" : "/…")
    }

    private static func afterScheme(of text: String) -> String.Index? {
        for scheme in ["http://", "https://"] where text.lowercased().hasPrefix(scheme) {
            return text.index(text.startIndex, offsetBy: scheme.count, limitedBy: text.endIndex)
        }
        return nil
    }
}
