import TelemetryModel
import Testing

@testable import IngestionAPI

/// The memory of pushed groups and its bounds.
@Suite struct PushedGroupsTests {
    private func group(_ job: String) -> LabelSet { LabelSet(["job": job]) }

    private func push(
        _ groups: PushedGroups, _ job: String, _ series: Range<UInt32>, _ replacement: PushedGroups.Replacement = .all
    ) -> [UInt32] {
        groups.push(series.map { SeriesReference($0) }, to: group(job), replacing: replacement) {
            $0.rawValue.isMultiple(of: 2) ? "even" : "odd"
        }.map(\.rawValue)
    }

    @Test func whatIsReplaced() {
        let groups = PushedGroups()
        #expect(push(groups, "a", 0..<4) == [] && push(groups, "b", 0..<4) == [])
        #expect(push(groups, "a", 2..<6) == [0, 1])
        #expect(push(groups, "a", 8..<9, .sameNames) == [2, 4])
        #expect(push(groups, "a", 10..<11, .nothing) == [])
        #expect(groups.remove(group("a")).map(\.rawValue) == [3, 5, 8, 10] && groups.remove(group("a")) == [])
        #expect(push(groups, "b", 0..<0, .sameNames) == [] && push(groups, "b", 0..<0) == [0, 1, 2, 3])
        groups.add([SeriesReference(7)], to: group("b"))
        #expect(push(groups, "b", 0..<1) == [7])
    }

    @Test func theOldestAreForgotten() {
        let groups = PushedGroups(mostGroups: 3, mostSeries: 10)
        for job in ["a", "b", "c"] { _ = push(groups, job, 0..<2) }
        _ = push(groups, "a", 0..<2)
        _ = push(groups, "d", 0..<2)
        #expect(groups.remove(group("b")) == [] && groups.remove(group("a")).count == 2)
        // 4 of c and d, 8 more: c goes, then d stays.
        _ = push(groups, "e", 0..<8)
        #expect(groups.remove(group("c")) == [] && groups.remove(group("d")).count == 2)
        // More than all that may be.
        _ = push(groups, "f", 0..<11)
        #expect(groups.remove(group("e")) == [] && groups.remove(group("f")) == [])
        #expect(push(groups, "g", 0..<10) == [] && push(groups, "g", 0..<0).count == 10)
    }
}
