package import DecoderFuzzing
import Forwarder
import HTTPSupport
import IngestionAPI
import Scraper
import TelemetryModel
import WireFormats

/// The decoders that belong to services.
extension DecoderUnderTest {
    package static let all = ofEngine + [dnsAnswer, resolver, formText, groupingKey, forwardFile]

    private static func text(_ input: [UInt8]) -> String { String(decoding: input, as: UTF8.self) }

    private static let dnsAnswer: DecoderUnderTest = {
        var decoder = DecoderUnderTest("dns-answer", of: ["DNSMessage"]) {
            { input in
                var account = DecodingAccount()
                for type in [DNSMessage.RecordType.a, .aaaa, .mx, .ns, .srv] {
                    do throws(DNSMessage.Malformed) {
                        let answer = try DNSMessage.answer(input, id: 1, type: type)
                        account.note("\(answer)", size: answer.records.count * 16)
                        account.require(answer.records.count <= input.count, "more records than bytes")
                    } catch {
                        account.note("malformed")
                    }
                }
                return account
            }
        }
        decoder.tokens = ["\u{0}\u{1}\u{0}\u{1}", "\u{3}www", "\u{0}", "\u{0}\u{4}", "\u{0}!\u{0}\u{1}"]
        return decoder
    }()

    private static let resolver: DecoderUnderTest = {
        var decoder = DecoderUnderTest("resolver-configuration", of: ["ResolverConfiguration"]) {
            { input in
                var account = DecodingAccount()
                let configuration = ResolverConfiguration(reading: text(input))
                account.note("\(configuration)", size: input.count)
                account.require(
                    configuration.servers.count <= 3 && configuration.search.count <= 6
                        && 0...15 ~= configuration.dotsOfWholeNames, "more than the manual page allows")
                return account
            }
        }
        decoder.tokens = ["nameserver ", "search ", "options ", "ndots:", "\n", " ", "99999999999999999999", "-1"]
        return decoder
    }()

    private static let formText: DecoderUnderTest = {
        var decoder = DecoderUnderTest("form-text", of: ["FormText", "RequestParameters", "QueryText"]) {
            { input in
                var account = DecodingAccount()
                do throws(FormText.DecodingError) {
                    let pairs = try FormText.parse(text(input))
                    account.note("\(pairs)", size: pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count })
                    let again = try FormText.parse(QueryText.encoded(pairs))
                    account.require(
                        again.elementsEqual(pairs) { $0 == $1 }, "written and read, it is another: \(pairs), \(again)")
                } catch {
                    account.note(error)
                }
                return account
            }
        }
        decoder.tokens = ["&", "=", "%", "%20", "+", "%FF", "%c3%a9", "&&", "%0"]
        return decoder
    }()

    private static let groupingKey: DecoderUnderTest = {
        var decoder = DecoderUnderTest("push-grouping-key", of: ["PushGroupingKey"]) {
            { input in
                var account = DecodingAccount()
                do {
                    let key = try PushGroupingKey(path: "/metrics/" + text(input))
                    account.note("\(key.labels)", size: key.labels.count * 16)
                    account.require(key.labels.first?.name == "job", "no job comes first")
                } catch {
                    account.note("\((error as? APIError)?.message ?? "\(error)")")
                }
                return account
            }
        }
        decoder.tokens = ["/", "job/", "@base64/", "=", "%2F", "%", "YQ==", "__", "instance/"]
        return decoder
    }()

    private static let forwardFile: DecoderUnderTest = {
        var decoder = DecoderUnderTest("forward-file", of: ["ForwardFile"]) {
            { input in
                var account = DecodingAccount()
                do {
                    account.note("\(try ForwardFile.receivers(in: text(input)).map(\.name))")
                } catch {
                    account.note("\(error)")
                }
                return account
            }
        }
        decoder.tokens = [
            "receivers:\n", "- ", "name: ", "url: ", "http://", "match: ", "headers: ", "timeout: ",
            "write_relabel_configs: ", "action: ", "exemplars: ", "{", "}", "\n",
        ]
        return decoder
    }()
}
