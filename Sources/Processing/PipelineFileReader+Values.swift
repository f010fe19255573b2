import ConfigurationYAML
import Yams

/// Values of kinds that only pipeline files have.
extension ConfigurationFields {
    /// What `parse` makes of a text.
    func value<Value>(
        _ key: String, expected: String, _ parse: (String) -> Value?
    ) throws(ConfigurationFault) -> Value? {
        guard let text = try text(key) else { return nil }
        guard let value = parse(text) else {
            throw ConfigurationFault(
                at: self[key], "`\(key)` must be \(expected), but it is \(self[key]?.inWords ?? "empty")")
        }
        return value
    }

    func number(_ key: String) throws(ConfigurationFault) -> Double? {
        try value(key, expected: "a number") { text in Double(text).flatMap { $0.isNaN ? nil : $0 } }
    }

    /// One of a few words.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of type: Choice.Type = Choice.self
    ) throws(ConfigurationFault) -> Choice? {
        try value(key, expected: Choice.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")) {
            Choice(rawValue: $0)
        }
    }

    /// Milliseconds, above zero.
    func positiveDuration(_ key: String) throws(ConfigurationFault) -> Int64? {
        let milliseconds = try duration(key)
        guard milliseconds != 0 else { throw ConfigurationFault(at: self[key], "`\(key)` must be above zero") }
        return milliseconds
    }

    func requiredDuration(_ key: String) throws(ConfigurationFault) -> Int64 {
        _ = try requiredText(key)
        return try positiveDuration(key) ?? 0
    }
}
