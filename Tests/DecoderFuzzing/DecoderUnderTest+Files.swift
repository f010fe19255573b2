import AlertRules
import ConfigurationYAML
import KPIAnalytics
import Processing
import Relabelling
import ScrapeConfig

extension DecoderUnderTest {
    /// What operators write, and what discovery answers.
    static let files = [
        file("yaml", of: ["ConfigurationFault"], []) { try ConfigurationFault.compose($0) == nil ? "empty" : "a node" },
        file("relabel-rules", of: ["RelabelRule+Reading"], relabelKeys) { text in
            guard let node = try ConfigurationFault.compose(text) else { return "none" }
            let rules = try RelabelRule.rules(yaml: node, key: "relabel_configs")
            return rules.map { "\($0)" }.joined(separator: "\n")
        },
        file("scrape-config", of: ["ScrapeConfiguration+Reading"], relabelKeys + scrapeKeys) { text in
            let configuration = try ScrapeConfiguration.read(text, directory: "/nowhere")
            return "\(configuration.jobs.map(\.name)) \(configuration.notes)"
        },
        file("target-groups-yaml", of: ["TargetGroup+Reading"], targetKeys) { text in
            "\(try TargetGroup.groups(yaml: text))"
        },
        file("target-groups-json", of: ["TargetGroup+Reading"], targetKeys) { text in
            // Two labels of one name leave either, and of two that are wrong JSON's reader names either.
            guard let groups = try? TargetGroup.groups(json: text) else { return "refused" }
            return "\(groups.count)"
        },
        file("pipeline", of: ["ProcessingPipeline+Parsing"], relabelKeys + pipelineKeys) { text in
            let pipeline = try ProcessingPipeline.parse(text, file: "pipeline.yaml") { _ in "id,site\na,b\n" }
            return "\(pipeline.stages.map(\.name)) \(pipeline.stages.map(\.kind))"
        },
        file("alert-rules", of: ["RuleFile+Parsing"], ruleKeys) { text in
            "\(try RuleFile.parse(text, path: "rules.yml"))"
        },
        file("kpi-definitions", of: ["KPIDefinition+Files"], kpiKeys) { text in
            "\(try KPIDefinition.parse(text, path: "kpi.yaml").map(\.name))"
        },
        file("lookup-csv", of: ["LookupTable+Files"], [",", ";", "\t", "\"", "\"\"", "\r\n", "\r", "id", "\u{FEFF}"]) {
            let table = try LookupTable(text: $0, name: "a.csv", key: "id", match: .exact)
            return "\(table.columns) \(table.count)"
        },
        file("lookup-json", of: ["LookupTable+Files"], ["{", "}", "[", "]", "\"id\":", "null", "1e400", "\"", ","]) {
            let table = try LookupTable(text: $0, name: "a.json", key: "id", match: .exact)
            return "\(table.count)"
        },
    ]

    private static let yamlTokens = [
        "- ", ": ", "\n", "  ", "\n  ", "[", "]", "{", "}", "&a ", "*a", "!!str ", "|\n", ">-\n", "\"", "'", "#",
        "---\n",
        "...\n", "? ", "<<: ", "~", "null", "true", "0x1F", "1e400", "\t", "é", "\u{0}", "\u{85}", "%YAML 1.1\n",
    ]
    private static let relabelKeys = [
        "source_labels: ", "regex: ", "target_label: ", "replacement: ", "action: ", "modulus: ", "hashmod", "labelmap",
    ]
    private static let scrapeKeys = [
        "scrape_configs:\n", "job_name: ", "static_configs:\n", "targets: ", "scrape_interval: ", "dns_sd_configs:\n",
    ]
    private static let targetKeys = ["targets", "labels", "__meta_", ":9090", "/", "[", "{", "\""]
    private static let pipelineKeys = [
        "drop: ", "keep: ", "bounds: ", "enrich: ", "aggregate: ", "file: ", "key: ", "match: ", "by: ", "interval: ",
    ]
    private static let ruleKeys = [
        "groups:\n", "name: ", "rules:\n", "record: ", "alert: ", "expr: ", "for: ", "labels:\n", "annotations:\n",
        "{{ $value }}",
    ]
    private static let kpiKeys = ["kpis:\n", "name: ", "title: ", "unit: ", "summary: ", "$source", "interval: "]

    /// - Parameter read: says what was read.
    private static func file(
        _ name: String, of sources: [String], _ tokens: [String],
        _ read: @escaping @Sendable (String) throws -> String
    ) -> DecoderUnderTest {
        var decoder = DecoderUnderTest(name, of: sources) {
            { input in
                var account = DecodingAccount()
                do {
                    let result = try read(String(decoding: input, as: UTF8.self))
                    account.note(result, size: result.utf8.count)
                } catch {
                    let message = "\(error)"
                    // Yams says where one of the keys stands, of several any one.
                    account.note(message.contains("is given twice in one mapping") ? "a key twice" : message)
                    account.require(!message.isEmpty, "an error without a message")
                }
                return account
            }
        }
        decoder.tokens = tokens + yamlTokens
        return decoder
    }
}
