import LabelPattern
import Testing

@Suite struct ExpansionTests {
    @Test(arguments: [
        ("$1", "host"), ("${1}:${port}", "host:80"), ("$1x", ""), ("${1}x", "hostx"), ("$$1", "$1"),
        ("$port-$1", "80-host"),
        ("$0", "host:80"), ("$9", ""), ("$absent", ""), ("$", "$"), ("a$", "a$"), ("$-", "$-"), ("${1", "${1"),
        ("${}", "${}"), ("$01", ""), ("${port}$port", "8080"), ("$3", ""), ("é$1é", "é"), ("é${1}é", "éhosté"),
        ("$99999999999999999999", ""), ("plain", "plain"), ("$none", ""),
    ])
    func templates(template: String, expected: String) throws {
        let pattern = try LabelPattern("(.*):(?P<port>[0-9]+)(?P<none>x)?")
        let groups = try #require(pattern.firstMatch("host:80"))
        #expect(pattern.expand(template, groups) == expected)
    }
}
