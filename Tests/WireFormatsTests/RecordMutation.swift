import TestSupport

/// Random records of the contract, valid ones and almost valid ones.
struct RecordMutation {
    private static let texts = [
        "a", "pump-17", "é", "e\u{301}", "😀", #"\u0041"#, #"\ud83d\ude00"#, #"a\"b\\"#, "x y", "m",
    ]
    private static let numbers = ["0", "-0", "1", "-17.25", "1e5", "1.5E-7", "123456789.123456789", "4.2", "1e308"]
    private static let times = [
        #""2026-05-04T03:02:01Z""#, #""2024-02-29T23:59:60.5+02:00""#, #""1999-12-31 00:00:00.123456z""#,
        "1777863721500",
        "1.7e12", "0", #""2099-12-31t23:59:59-23:59""#,
    ]
    private static let spaces = ["", "", "", " ", "\t", "\r", "\n", " \r\n "]
    private static let tokens = [
        "\"", "\\", "{", "}", "[", "]", ":", ",", "0", "1", "9", ".", "-", "e", "E", "+", "\n", "\r", "\t", " ",
        "\u{0}", "\u{7f}",
        "\u{1f}", "\\u0000", "\\n", "\\ud800", "\\udc00", "null", "true", "NaN", "Infinity", "__", "source_id",
        "severity",
        "metric_name", "\"\"", "{}", "[]", "1e400", "T", "Z", "z", "+02:00", "-02-29", "é", "\u{feff}", "\"x\":1,",
        "\"message\":\"y\",",
        "\"source_id\":\"b\",",
    ]

    var generator: SeededGenerator

    /// A record that is in order. Newlines stand between its tokens only if `mayHaveLines`.
    mutating func validRecord(mayHaveLines: Bool = true) -> String {
        var fields = [
            #""source_id":"\#(pick(Self.texts))""#, #""metric_name":"\#(pick(Self.texts))""#,
            #""metric_value":\#(pick(Self.numbers))"#,
        ]
        if chance(2) { fields.append(#""timestamp":\#(pick(Self.times))"#) }
        if chance(2) { fields.append(#""severity":"\#(pick(["debug", "info", "warning", "error", "critical"]))""#) }
        if chance(3) { fields.append(#""message":"\#(pick(Self.texts))\n""#) }
        if chance(2) {
            let tags = (0..<Int.random(in: 0...4, using: &generator)).map { index in
                let value = pick([pick(Self.numbers), "\"\(pick(Self.texts))\"", "true", "false", "\"\""])
                return "\"\(pick(Self.texts))\(index)\"\(space(mayHaveLines)):\(space(mayHaveLines))\(value)"
            }
            fields.append(#""tags":{\#(tags.joined(separator: ","))}"#)
        }
        fields.shuffle(using: &generator)
        var text = "{"
        for (index, field) in fields.enumerated() {
            text += (index > 0 ? "," : "") + space(mayHaveLines) + field + space(mayHaveLines)
        }
        return text + "}"
    }

    /// The record with one to three small changes: a token put in, bytes cut out, doubled, moved or replaced.
    mutating func mutated(_ record: String) -> [UInt8] {
        var bytes = Array(record.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let start = Int.random(in: 0..<bytes.count, using: &generator)
            let end = min(bytes.count, start + Int.random(in: 1...6, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1: bytes.insert(contentsOf: Array(pick(Self.tokens).utf8), at: start)
            case 2: bytes.replaceSubrange(start..<end, with: Array(pick(Self.tokens).utf8))
            case 3: bytes.removeSubrange(start..<end)
            case 4: bytes.insert(contentsOf: bytes[start..<end], at: start)
            default: bytes[start] = UInt8.random(in: .min ... .max, using: &generator)
            }
        }
        return bytes
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &generator)]
    }

    mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &generator) == 0 }

    private mutating func space(_ mayHaveLines: Bool) -> String {
        let space = pick(Self.spaces)
        return mayHaveLines ? space : space.filter { !$0.isNewline }
    }
}
