import Foundation
import Testing

@testable import heliograph

@Suite struct DemoRulesTests {
    @Test func areThoseOfTheExampleFile() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("infra/rules/example.rules.yml")
        #expect(try String(contentsOf: file, encoding: .utf8) == DemoRules.text)
    }
}
