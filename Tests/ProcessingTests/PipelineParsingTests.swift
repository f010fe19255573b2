import Processing
import TelemetryModel
import Testing

@Suite struct PipelineParsingTests {
    private func parse(_ text: String, lookups: [String: String] = [:]) throws -> ProcessingPipeline {
        try PipelineSource(name: "p.yml", text: text, lookups: lookups).pipeline()
    }

    private func problem(_ text: String, lookups: [String: String] = [:]) -> String {
        do {
            _ = try parse(text, lookups: lookups)
            return ""
        } catch { return "\(error)" }
    }

    @Test func anEmptyFileHasNoStages() throws {
        for text in ["", "stages:\n", "stages: []", "# nothing\n"] { #expect(try parse(text).isEmpty) }
    }

    @Test func stagesAreNamedByKindAndPlace() throws {
        let pipeline = try parse("stages:\n- drop: a\n- {name: ours, keep: [b, '{x=\"1\"}']}\n- not_finite:\n")
        #expect(pipeline.stages.map(\.name) == ["drop 1", "ours", "not_finite 3"])
        #expect(pipeline.stages.map(\.kind) == ["drop", "keep", "not_finite"])
    }

    @Test(arguments: [
        ("stages: 3", "`stages` is a list, but this is `3`"),
        ("stage: []", "did you mean `stages`?"),
        ("stages: [{}]", "stage 1 must be one of drop, keep"),
        ("stages: [{drop: a, keep: b}]", "stage 1 is drop and keep; make each a stage of its own"),
        ("stages: [{drop: '{'}]", "`{` is no selector such as {job=\"api\"}"),
        ("stages: [{drop: []}]", "`drop` needs a selector"),
        ("stages: [{drop: a, name: x}, {drop: b, name: x}]", "the stage name `x` is used twice"),
        ("stages: [{bounds: {match: m}}]", "`bounds` needs `min`, `max` or both"),
        ("stages: [{bounds: {min: 3, max: 2}}]", "`min` (3.0) must not be greater than `max` (2.0)"),
        ("stages: [{bounds: {min: 3, outside: explode}}]", "must be `drop`, `refuse`, `clamp`"),
        ("stages: [{unit: {from: celsius, to: kelvin}}]", "`unit` needs the key `match`"),
        ("stages: [{unit: {match: m, from: celsius, to: bytes}}]", "they measure different things"),
        ("stages: [{unit: {match: m, from: furlongs, to: meters}}]", "`from` must be one of"),
        ("stages: [{unit: {match: m, from: celsius, multiply: 3}}]", "either `from` and `to`, or `multiply`"),
        ("stages: [{clock: {outside: shift}}]", "`clock` needs `max_age`, `max_ahead` or both"),
        ("stages: [{clock: {max_age: soon}}]", "`max_age` is a duration such as"),
        ("stages: [{deduplicate: {}}]", "`deduplicate` needs the key `interval`"),
        ("stages: [{enrich: {file: no.csv, by: x}}]", "the file `no.csv` cannot be used"),
        ("stages: [{aggregate: {interval: 1m}}]", "`aggregate` needs the key `outputs`"),
        ("stages: [{aggregate: {interval: 1m, outputs: [median]}}]", "`median` is no output"),
        ("stages: [{aggregate: {interval: 1m, outputs: [sum, sum]}}]", "is there twice"),
        ("stages: [{aggregate: {interval: 1m, outputs: [quantile(2)]}}]", "`quantile(2)` is no output"),
        ("stages: [{aggregate: {interval: 1m, outputs: sum, by: a, without: b}}]", "either `by` or `without`"),
        ("stages: [{aggregate: {interval: 1m, outputs: [sum, max], metric: x}}]", "`metric` needs `$output`"),
    ])
    func whatIsWrongIsSaid(text: String, expected: String) {
        #expect(problem(text).contains(expected), "\(problem(text))")
        #expect(problem(text).hasPrefix("p.yml:1:"))
    }

    @Test func twoRulesThatDoTheSameAreOneTooMany() {
        let rule = "{aggregate: {match: m, interval: 1m, outputs: sum}}"
        #expect(problem("stages: [\(rule), \(rule)]").contains("another stage aggregates the same"))
    }

    @Test func lookupFilesAreChecked() {
        let stage = "stages: [{enrich: {file: s.csv, by: source_id, add: [site, floor]}}]"
        #expect(problem(stage, lookups: ["s.csv": "source_id,site\na,b\n"]).contains("has no column `floor`"))
        #expect(
            problem(stage, lookups: ["s.csv": "source_id,site,floor\na,b,c\na,d,e\n"]).contains(
                "row 2: the key `a` is there twice"))
        #expect(
            problem(stage, lookups: ["s.csv": "name,site,floor\na,b,c\n"]).contains("there is no column `source_id`"))
        let json = "stages: [{enrich: {file: s.json, by: source_id}}]"
        #expect(problem(json, lookups: ["s.json": "[1]"]).contains("expected a JSON list of objects"))
    }
}
