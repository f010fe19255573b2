import TestSupport
import Testing

@testable import AdminAPI

@Suite struct FrequentNamesTests {
    @Test func countsAreExactWithinTheCapacity() {
        var generator = SeededGenerator.seeded("countsAreExactWithinTheCapacity")
        var names = FrequentNames(capacity: 50)
        var truth: [String: Int] = [:]
        for _ in 0..<5000 {
            let name = "n\(generator.next() % 50)"
            names.add(name)
            truth[name, default: 0] += 1
        }
        #expect(names.error == 0)
        #expect(names.largest(7).map(\.count) == Array(truth.values.sorted(by: >).prefix(7)))
        for (name, count) in names.largest(50) { #expect(truth[name] == count) }
    }

    @Test func beyondItCountsAreTooSmallByTheErrorAtMost() {
        var generator = SeededGenerator.seeded("beyondItCountsAreTooSmallByTheErrorAtMost")
        var names = FrequentNames(capacity: 20)
        var truth: [String: Int] = [:]
        for _ in 0..<20_000 {
            // A quarter is one name, the others are spread over many.
            let name = generator.next() % 4 == 0 ? "often" : "n\(generator.next() % 3000)"
            names.add(name)
            truth[name, default: 0] += 1
        }
        #expect(names.error > 0 && names.error <= 20_000 / 21)
        #expect(names.largest(1).first?.name == "often")
        let counts = Dictionary(uniqueKeysWithValues: names.largest(20).map { ($0.name, $0.count) })
        #expect(counts.count <= 20)
        for (name, count) in truth {
            let found = counts[name] ?? 0
            #expect(found <= count && found >= count - names.error, "\(name)")
        }
    }
}
