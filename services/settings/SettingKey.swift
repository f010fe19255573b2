/// One setting: its name, how its text is read and written, and what it means.
package struct SettingKey: Sendable {
    /// The dotted name: the path in the YAML file and the key of a flag.
    package let name: String
    /// What it sets, in one sentence.
    package let summary: String
    /// What a value must be, to be read after "expected".
    package let expected: String
    /// Several texts rather than one.
    package let isList: Bool
    /// Its values may hold a secret, and are shown without it.
    package let isSecret: Bool

    /// More than "expected …, found …" can say of a value that is none; nil if there is nothing to add.
    let explain: @Sendable (SettingInput) -> String?
    private let readInto: @Sendable (SettingInput, inout HeliographSettings) -> Bool
    private let write: @Sendable (HeliographSettings) -> String

    package static let environmentPrefix = "HELIOGRAPH_"
    /// Names the YAML file when the caller names none.
    package static let fileVariable = "HELIOGRAPH_CONFIG"
    /// Variables of the commands that ask a server, not of the server: the token that they show, and whom they believe.
    package static let clientVariables: Set<String> = ["HELIOGRAPH_TOKEN", "HELIOGRAPH_CA_FILE"]

    init<Value: SettingValue>(
        _ name: String, _ path: any WritableKeyPath<HeliographSettings, Value> & Sendable, _ summary: String,
        expected: String = Value.expected, isSecret: Bool = false,
        explain: @escaping @Sendable (SettingInput) -> String? = { _ in nil },
        where isAllowed: @escaping @Sendable (Value) -> Bool = { _ in true }
    ) {
        self.name = name
        self.summary = summary
        self.expected = expected
        self.isList = Value.isList
        self.isSecret = isSecret
        self.explain = explain
        self.readInto = { input, settings in
            guard let value = Value(input), isAllowed(value) else { return false }
            settings[keyPath: path] = value
            return true
        }
        self.write = { $0[keyPath: path].settingText }
    }

    /// A whole number within a range.
    init(
        _ name: String, _ path: any WritableKeyPath<HeliographSettings, Int> & Sendable, in range: ClosedRange<Int>,
        _ summary: String
    ) {
        self.init(
            name, path, summary, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            where: range.contains)
    }

    /// A number of bytes, at least `least`.
    init(
        _ name: String, _ path: any WritableKeyPath<HeliographSettings, Int> & Sendable, bytesFrom least: Int,
        _ summary: String
    ) {
        self.name = name
        self.summary = summary
        self.expected = "a size of at least \(ByteSizeText.text(of: least)), such as 64MiB, 1GB or plain bytes"
        self.isList = false
        self.isSecret = false
        self.explain = { _ in nil }
        self.readInto = { input, settings in
            guard case .scalar(let text) = input, let bytes = ByteSizeText.bytes(in: text), bytes >= least else {
                return false
            }
            settings[keyPath: path] = bytes
            return true
        }
        self.write = { ByteSizeText.text(of: $0[keyPath: path]) }
    }

    /// `HELIOGRAPH_` and the name in capitals, dots as underscores.
    package var environmentName: String {
        SettingKey.environmentPrefix + String(name.uppercased().map { $0 == "." ? "_" : $0 })
    }

    /// Puts the value into `settings`; false, and nothing changed, when it is not what is expected.
    func read(_ input: SettingInput, into settings: inout HeliographSettings) -> Bool {
        readInto(input, &settings)
    }

    /// The value as text that `read` turns into the same value, secrets included.
    package func text(of settings: HeliographSettings) -> String {
        write(settings)
    }

    /// The value as text for people and logs.
    package func shownText(of settings: HeliographSettings) -> String {
        let text = write(settings)
        guard isSecret else { return text }
        return text.split(separator: ",").map { WebAddress.withoutSecrets(String($0)) }.joined(separator: ",")
    }

    /// The built-in value as text.
    package var defaultText: String { text(of: HeliographSettings()) }
}

/// A value as a source gives it.
enum SettingInput: Equatable {
    case scalar(String)
    case list([String])
}
