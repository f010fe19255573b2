extension HeliographSettings {
    /// Every setting, one a line: its key, its value and where that came from, in three columns. Secrets are left out.
    package func describe() -> String {
        let rows = SettingKey.all.map { key in
            let value = key.shownText(of: self)
            return (key.name, value.isEmpty ? "(empty)" : value, place(of: key).description)
        }
        let keyWidth = rows.map(\.0.count).max() ?? 0
        // One long list of addresses must not push the last column of all other lines off the screen.
        let valueWidth = min(rows.map(\.1.count).max() ?? 0, 32)
        return rows.map { key, value, place in
            padded(key, to: keyWidth) + "  " + padded(value, to: valueWidth) + "  " + place
        }.joined(separator: "\n")
    }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
