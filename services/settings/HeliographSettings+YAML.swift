extension HeliographSettings {
    /// Every setting with its value in force, as a YAML file that `load` would read. Secrets are left out.
    package var yaml: String {
        var text = ""
        var group: Substring?
        for key in SettingKey.all {
            let parts = key.name.split(separator: ".", maxSplits: 1)
            let own = parts.count > 1 ? parts[0] : nil
            if own != group, let own { text += "\(own):\n" }
            group = own
            text += own == nil ? "" : "  "
            let shown = key.shownText(of: self)
            let value =
                key.isList
                ? "[" + shown.split(separator: ",").map { HeliographSettings.quoted($0) }.joined(separator: ", ") + "]"
                : HeliographSettings.scalar(shown)
            text += "\(parts[parts.count - 1]): \(value)\n"
        }
        return text
    }

    /// Plain where YAML reads the text as itself, or as the number or truth value that it is.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
        return isPlain && !text.isEmpty ? text : quoted(text)
    }

    private static func quoted(_ text: some StringProtocol) -> String {
        var quoted = "\""
        for character in text {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "\""
    }
}
