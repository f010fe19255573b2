import Testing
import YAMLReading

@Suite struct YAMLReaderTests {
    private enum Colour: String, CaseIterable { case red, green }

    private func problems(_ text: String) -> String {
        var reader = YAMLReader(file: "f.yml")
        do throws(YAMLProblems) {
            guard let node = try reader.document(text),
                let fields = reader.fields(node, of: "the file", keys: ["colour", "size", "on", "names"])
            else {
                try reader.finish()
                return "nothing"
            }
            _ = reader.choice("colour", in: fields, of: Colour.self)
            _ = reader.number("size", in: fields)
            _ = reader.flag("on", in: fields)
            if let names = fields["names"] { _ = reader.texts(names, called: "names") }
            try reader.finish()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func goodValuesAreRead() {
        #expect(problems("colour: red\nsize: -1.5e3\non: true\nnames: [a, b]") == "")
        #expect(problems("names: a") == "")
        #expect(problems("size:\n") == "")
        #expect(problems("") == "nothing")
    }

    @Test func everythingThatIsWrongIsNamedWithItsPlace() {
        #expect(
            problems("colour: blue\nsiez: 1\nsize: [1]\non: maybe\nnames: {a: b}\n") == """
                f.yml:1:9: `colour` must be `red`, `green`, but it is `blue`
                f.yml:2:1: the file has no key `siez`; did you mean `size`?
                f.yml:3:7: `size` must be a text, but it is a list
                f.yml:4:5: `on` must be true or false, but it is `maybe`
                f.yml:5:8: `names` must be a list, but it is a mapping
                """)
        #expect(problems("- a").contains("f.yml:1:1: the file must be a mapping of keys to values, but it is a list"))
        #expect(problems("a: [").contains("the file is not valid YAML"))
        #expect(problems("on: true\non: false\n").contains("the key `on` is given twice in one mapping"))
        #expect(problems("size: nan").contains("must be a number"))
    }

    @Test func theNearestNameIsFound() {
        #expect(NearestName.of("intervall", among: ["interval", "match"]) == "interval")
        #expect(NearestName.of("zzzzzz", among: ["interval", "match"]) == nil)
        #expect(NearestName.nearest(to: "zzzzzz", among: ["interval", "match"]) == "match")
    }
}
