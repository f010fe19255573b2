import PromQLEngine
package import TimeSeriesStore

/// How long the samples of some series, and their rollups, are kept: `7d {env="test"}` or `7d/90d/0 {env="test"}`.
///
/// One duration for everything, or three: of samples, 5-minute and 1-hour rollups. `0` stands for ever.
package struct RetentionRule: Hashable, Sendable {
    package let raw: Duration
    package let rollup5m: Duration
    package let rollup1h: Duration
    /// As it was written.
    package let selector: String
    /// What the selector says: all of them must accept a series.
    package let matchers: [LabelMatcher]

    /// Nil if the text is no such rule; `check` says why.
    init?(_ text: String) {
        guard case .success(let rule) = RetentionRule.read(text) else { return nil }
        self = rule
    }

    private init(_ durations: [Duration], _ selector: String, _ matchers: [LabelMatcher]) {
        raw = durations[0]
        rollup5m = durations[durations.count == 3 ? 1 : 0]
        rollup1h = durations[durations.count == 3 ? 2 : 0]
        self.selector = selector
        self.matchers = matchers
    }

    /// What is wrong with a rule, to be read after "expected … , found …".
    struct Fault: Error {
        let reason: String
    }

    static func read(_ text: String) -> Result<RetentionRule, Fault> {
        let trimmed = text.drop { $0.isWhitespace }
        let head = trimmed.prefix { !$0.isWhitespace && $0 != "{" }
        let parts = head.split(separator: "/", omittingEmptySubsequences: false)
        let durations = parts.compactMap { DurationText.duration(in: String($0)) }
        guard durations.count == parts.count, parts.count == 1 || parts.count == 3 else {
            return .failure(
                Fault(reason: "\(quoted(String(head))) is neither a duration nor three with slashes between them"))
        }
        var selector = trimmed.dropFirst(head.count).drop { $0.isWhitespace }
        while selector.last?.isWhitespace == true { selector.removeLast() }
        do {
            return .success(RetentionRule(durations, String(selector), try PromQLEngine.matchers(String(selector))))
        } catch {
            return .failure(Fault(reason: "the selector \(quoted(String(selector))) is not valid: \(error)"))
        }
    }

    /// Text that `init` turns into an equal rule.
    var text: String {
        let all = [raw, rollup5m, rollup1h]
        let durations = Set(all).count == 1 ? [raw] : all
        return durations.map { DurationText.text(of: $0) }.joined(separator: "/") + " " + selector
    }

    package static func == (a: RetentionRule, b: RetentionRule) -> Bool { a.text == b.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// Rules in the order in which they are asked: the first that fits a series decides.
package struct RetentionRules: Sendable {
    package let list: [RetentionRule]

    package init(_ list: [RetentionRule] = []) { self.list = list }
}

extension RetentionRules: SettingValue {
    static var expected: String {
        "a list of rules, each a duration (or three: samples/5m rollups/1h rollups) and a selector, such as "
            + "7d {env=\"test\"}"
    }
    static var isList: Bool { true }
    var settingText: String { list.map(\.text).joined(separator: "; ") }

    /// In one text, rules are separated by semicolons: selectors have commas of their own.
    init?(_ input: SettingInput) {
        var rules: [RetentionRule] = []
        for text in RetentionRules.texts(input) {
            guard let rule = RetentionRule(text) else { return nil }
            rules.append(rule)
        }
        list = rules
    }

    static func faults(_ input: SettingInput) -> String? {
        for (number, text) in texts(input).enumerated() {
            if case .failure(let fault) = RetentionRule.read(text) { return "rule \(number + 1): \(fault.reason)" }
        }
        return nil
    }

    private static func texts(_ input: SettingInput) -> [String] {
        switch input {
        case .list(let elements): elements
        case .scalar(let text): parts(of: text)
        }
    }

    /// Splits at semicolons outside of quotation marks; parts with nothing in them do not count.
    private static func parts(of text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var quote: Character?
        var isEscaped = false
        for character in text {
            if character == ";", quote == nil {
                parts.append(part)
                part = ""
                continue
            }
            part.append(character)
            if isEscaped {
                isEscaped = false
            } else if let open = quote {
                if character == open { quote = nil }
                // Between backquotes nothing is an escape.
                isEscaped = character == "\\" && open != "`"
            } else if "\"'`".contains(character) {
                quote = character
            }
        }
        return (parts + [part]).filter { part in part.contains { !$0.isWhitespace } }
    }
}
