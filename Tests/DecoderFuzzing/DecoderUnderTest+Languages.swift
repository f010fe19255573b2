import AlertRules
import LabelPattern
import PromQLSyntax
import TelemetryModel

extension DecoderUnderTest {
    static let languages = [promQL, selector, duration, labelPattern, template]

    private static func text(_ input: [UInt8]) -> String { String(decoding: input, as: UTF8.self) }

    private static let promQLTokens = [
        "(", ")", "{", "}", "[", "]", "=~", "!=", "\"", "'", "`", "\\", "sum", " by (a)", " on(a) group_left(b) ",
        "rate(", "[5m]", "[5m:1m]", " offset 1h", " @ end()", "1e400", "0x", "NaN", "Inf", " bool ", "^", "-", "==",
        " and ",
        "#", "\n", "é", "__name__", "histogram_quantile(", ", ", " anchored", " smoothed", " fill(0)", "step()",
        "1h30m",
    ]

    /// What is taken survives being printed.
    private static let promQL: DecoderUnderTest = {
        var decoder = DecoderUnderTest("promql", of: ["PromQLParser", "Lexer"]) {
            { input in
                var account = DecodingAccount()
                let query = text(input)
                do throws(PromQLSyntaxError) {
                    let tree = try PromQLParser.parse(query)
                    let printed = tree.description
                    account.note(printed)
                    account.require(
                        (try? PromQLParser.parse(printed))?.description == printed,
                        "printed as \(printed), then otherwise")
                    account.require(
                        (try? PromQLParser.parse(tree.prettyText))?.description == printed,
                        "printed as \(printed), and prettily otherwise")
                    account.note(tree.treeJSON)
                    do throws(PromQLSyntaxError) {
                        account.note("\(try tree.resolvingDurations(step: 15_000, range: 3_600_000, in: query))")
                    } catch {
                        account.note("\(error)")
                    }
                } catch {
                    account.note("\(error)")
                    account.require(
                        error.range.lowerBound >= 0 && error.range.upperBound <= query.utf8.count && error.line > 0
                            && error.column > 0, "the error is outside of the text")
                }
                return account
            }
        }
        decoder.tokens = promQLTokens
        return decoder
    }()

    private static let selector: DecoderUnderTest = {
        var decoder = DecoderUnderTest("promql-selector", of: ["PromQLParser"]) {
            { input in
                var account = DecodingAccount()
                do throws(PromQLSyntaxError) {
                    for matcher in try PromQLParser.parseSelector(text(input)) { account.note("\(matcher)") }
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.tokens = promQLTokens
        return decoder
    }()

    private static let duration: DecoderUnderTest = {
        var decoder = DecoderUnderTest("duration", of: ["PromQLDuration"]) {
            { input in
                var account = DecodingAccount()
                do throws(PromQLDuration.ParseError) {
                    let milliseconds = try PromQLDuration.parse(text(input))
                    account.note(milliseconds)
                    account.require(milliseconds >= 0, "a negative duration")
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.tokens = ["y", "w", "d", "h", "m", "s", "ms", "0", "9223372036854775807", "١"]
        return decoder
    }()

    /// A pattern, a line feed, and a value to put it to.
    private static let labelPattern: DecoderUnderTest = {
        var decoder = DecoderUnderTest("label-pattern", of: ["LabelPattern", "PatternParser"]) {
            { input in
                var account = DecodingAccount()
                let parts = input.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
                let value = text(Array(parts.dropFirst().first ?? []))
                do throws(LabelPatternError) {
                    let pattern = try LabelPattern(text(Array(parts[0])))
                    let groups = pattern.firstMatch(value)
                    account.note("\(groups.map { "\($0)" } ?? "no match")")
                    account.require(pattern.matchesWhole(value) == (groups != nil), "the two ways to match disagree")
                    account.require(
                        groups == nil || value.utf8.starts(with: pattern.literalPrefix.utf8), "a wrong prefix")
                    if let values = pattern.literalAlternatives {
                        account.require(
                            values.contains { $0.utf8.elementsEqual(value.utf8) } == (groups != nil), "wrong literals")
                        account.require(values.count <= 256, "too many literals")
                    }
                    account.note(pattern.expand("$1-${2}-$$-${x}", groups ?? []))
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.tokens = [
            "(", ")", "(?:", "(?i)", "(?P<a>", "[", "]", "[^", "[:alpha:]", "\\pL", "\\d", "\\b", "\\Q", "\\E", "{2,5}",
            "{1000}",
            "*", "+", "?", "*?", "|", "^", "$", ".", "\\", "\\x{10FFFF}", "é", "\n", "a", "-",
        ]
        decoder.growth = 0
        return decoder
    }()

    private static let template: DecoderUnderTest = {
        var decoder = DecoderUnderTest("alert-template", of: ["AlertTemplate", "TemplateParser"]) {
            { input in
                var account = DecodingAccount()
                do throws(AlertTemplate.SyntaxError) {
                    let template = try AlertTemplate(text(input))
                    account.note(template.text(labels: LabelSet(["a": "b", "instance": "é"]), value: -1234.5))
                    account.note(template.text(labels: .empty, value: .nan))
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.growth = 0
        decoder.tokens = [
            "{{", "}}", "{{ $value }}", "{{ $labels.a }}", " | humanize", " | printf \"%.2f\"", "humanizeDuration",
            "\"", "`",
            "(", ")", "$externalURL", "{{-", "-}}", "%999999d", "%q", "toUpper", "{{/*", "*/}}", "reReplaceAll",
            "title",
        ]
        return decoder
    }()
}
