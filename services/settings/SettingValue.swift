import WireFormats

/// A type that a setting can have.
protocol SettingValue: Sendable {
    static var expected: String { get }
    static var isList: Bool { get }
    /// Nil when the input is not such a value.
    init?(_ input: SettingInput)
    /// Text that `init` turns into an equal value.
    var settingText: String { get }
}

extension SettingValue {
    static var isList: Bool { false }
}

extension String: SettingValue {
    static var expected: String { "a text" }
    var settingText: String { self }

    init?(_ input: SettingInput) {
        guard case .scalar(let text) = input else { return nil }
        self = text
    }
}

extension Int: SettingValue {
    static var expected: String { "a whole number" }
    var settingText: String { String(self) }

    init?(_ input: SettingInput) {
        guard case .scalar(let text) = input, let number = Int(text) else { return nil }
        self = number
    }
}

extension Bool: SettingValue {
    static var expected: String { "true or false" }
    var settingText: String { self ? "true" : "false" }

    init?(_ input: SettingInput) {
        guard case .scalar(let text) = input else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on", "1": self = true
        case "false", "no", "off", "0": self = false
        default: return nil
        }
    }
}

extension Duration: SettingValue {
    static var expected: String { "a duration, such as 30s, 5m or 1h30m" }
    var settingText: String { DurationText.text(of: self) }

    init?(_ input: SettingInput) {
        guard case .scalar(let text) = input, let duration = DurationText.duration(in: text) else { return nil }
        self = duration
    }
}

extension [String]: SettingValue {
    static var expected: String { "a list of texts" }
    static var isList: Bool { true }
    var settingText: String { joined(separator: ",") }

    /// One text is split at its commas; spaces around an element do not count, nor do elements with nothing in them.
    init?(_ input: SettingInput) {
        switch input {
        case .list(let elements): self = elements
        case .scalar(let text):
            self = text.split(separator: ",").map { element in
                let start = element.drop { $0 == " " }
                return String(
                    start.prefix(
                        upTo: start.lastIndex { $0 != " " }.map { start.index(after: $0) }
                            ?? start.startIndex))
            }.filter { !$0.isEmpty }
        }
    }
}

extension SettingValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    static var expected: String {
        let names = allCases.map(\.rawValue)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }
    var settingText: String { rawValue }

    init?(_ input: SettingInput) {
        guard case .scalar(let text) = input else { return nil }
        self.init(rawValue: text.lowercased())
    }
}

extension LogLevel: SettingValue {}
extension LogFormat: SettingValue {}
extension AccessMode: SettingValue {}
extension LineTextFields: SettingValue {}

extension ListenAddress: SettingValue {
    static var expected: String { "host:port, such as 127.0.0.1:8040 or [::1]:8040" }

    var settingText: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    init?(_ input: SettingInput) {
        guard case .scalar(let text) = input, let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]"), host.count > 2 {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else {
            guard !host.contains(":") else { return nil }
        }
        let portText = text[text.index(after: colon)...]
        let isPlain = !host.isEmpty && host.allSatisfy { !$0.isWhitespace && !"[]/".contains($0) }
        guard isPlain, portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(portText) else {
            return nil
        }
        self.init(host: String(host), port: Int(port))
    }
}

/// An address to listen on, or none.
extension ListenAddress?: SettingValue {
    static var expected: String { "host:port, such as 127.0.0.1:8125, or off" }
    var settingText: String { self?.settingText ?? "off" }

    init?(_ input: SettingInput) {
        if input == .scalar("off") || input == .scalar("") {
            self = .none
            return
        }
        guard let address = ListenAddress(input) else { return nil }
        self = .some(address)
    }
}
