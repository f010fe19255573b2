import Testing

@testable import TelemetryModel

@Suite struct MetadataRegistryTests {
    private static let hour = MetadataRegistry.seenResolution

    private func item(_ family: String, _ type: MetricType = .counter, help: String = "") -> FamilyMetadata {
        FamilyMetadata(family, MetricMetadata(type: type, help: help))
    }

    /// As a commit does; returns what was written.
    @discardableResult
    private func take(_ sent: [FamilyMetadata], into registry: MetadataRegistry, at now: Int64) -> Set<FamilyMetadata> {
        var change = MetadataChange(registry)
        change.add(registry.news(in: sent, at: now), at: now)
        registry.apply(change)
        return Set(change.written.keys)
    }

    @Test func onlyWhatIsNewIsNews() {
        let registry = MetadataRegistry()
        let (a, b) = (item("a"), item("b", .gauge, help: "B"))
        #expect(registry.news(in: [a, b], at: 0) == [a, b])
        // Nothing is known before it is on disk.
        #expect(registry.news(in: [a], at: 0) == [a])
        take([a, b], into: registry, at: 0)
        #expect(registry.news(in: [a, b], at: Self.hour - 1).isEmpty)
        let other = item("a", .gauge)
        #expect(registry.news(in: [a, other], at: 1) == [other])
        take([other], into: registry, at: 1)
        #expect(registry.families().map(\.family) == ["a", "b"])
        #expect(registry.families(named: "a").first?.variants.map(\.metadata) == [other.metadata, a.metadata])
        #expect(registry.families(named: "c").isEmpty)
        #expect(registry.newest(ofSeries: "a") == other.metadata && registry.newest(ofSeries: "c") == nil)
        // OpenMetrics' counters.
        take([item("c"), item("d", .gauge)], into: registry, at: 1)
        #expect(registry.newest(ofSeries: "c_total") == item("c").metadata)
        #expect(registry.newest(ofSeries: "d_total") == nil && registry.newest(ofSeries: "_total") == nil)
        #expect((registry.familyCount, registry.variantCount) == (4, 5))
    }

    @Test func whatGoesOnBeingSentIsWrittenOnceAnHour() {
        let registry = MetadataRegistry()
        take([item("a")], into: registry, at: 0)
        var writes = 0
        for minute in 1...300 { writes += take([item("a")], into: registry, at: Int64(minute) * 60_000).count }
        #expect(writes == 5)
        #expect(registry.families().first?.variants.first?.lastSeen == 5 * Self.hour)
    }

    @Test func familiesBeyondTheLimitAreLeftOutAndCounted() {
        let registry = MetadataRegistry(limits: MetadataLimits(families: 2))
        // Of one request: the limit holds among what it brings.
        #expect(take([item("a"), item("b"), item("c")], into: registry, at: 0) == [item("a"), item("b")])
        #expect(registry.leftOut == .init(familyLimit: 1))
        // They are not written to be refused again, and those that are known go on.
        #expect(registry.news(in: [item("c"), item("a", .gauge)], at: 0) == [item("a", .gauge)])
        #expect(registry.leftOut == .init(familyLimit: 2))
        let none = MetadataRegistry(limits: MetadataLimits(families: 0))
        #expect(none.news(in: [item("a")], at: 0).isEmpty)
    }

    @Test func textsBeyondTheLimitAreLeftOut() {
        var limits = MetadataLimits()
        limits.bytes = 1000
        let registry = MetadataRegistry(limits: limits)
        let all = (0..<4).map { item("family \($0)", help: String(repeating: "h", count: 200)) }
        #expect(take(all, into: registry, at: 0).count == 2)
        #expect(registry.leftOut == .init(byteLimit: 2))
        // What is known goes on, and what goes makes room.
        #expect(take(Array(all[..<2]), into: registry, at: Self.hour).count == 2)
        registry.forget(before: .max)
        #expect(take(Array(all[2...]), into: registry, at: Self.hour).count == 2)
    }

    @Test func ofTooManyVariantsOneThatIsNoLongerSentMakesRoom() {
        let registry = MetadataRegistry()
        let all = (0..<20).map { item("a", help: "\($0)") }
        #expect(take(all, into: registry, at: 0).count == 16)
        #expect(registry.leftOut == .init(variantLimit: 4))
        // All but the first go on.
        take(Array(all[1..<16]), into: registry, at: 2 * Self.hour)
        #expect(take([all[16], all[17]], into: registry, at: 2 * Self.hour) == [all[16]])
        #expect(registry.variantCount == 16)
        #expect(!(registry.families().first?.variants.contains { $0.metadata == all[0].metadata } ?? true))
    }

    @Test func textsAreCutAndLongNamesLeftOut() {
        let registry = MetadataRegistry()
        let long = String(repeating: "é", count: 4000)
        take([item("a", help: "x" + long), item(String(repeating: "n", count: 1025)), item("")], into: registry, at: 0)
        let kept = registry.families(named: "a").first?.variants.first?.metadata.help
        #expect(kept == "x" + long.prefix(2047))
        #expect(registry.cutTexts == 1 && registry.leftOut == .init(nameTooLong: 2) && registry.familyCount == 1)
        // What was cut is known as such.
        #expect(registry.news(in: [item("a", help: "x" + long)], at: 1).isEmpty)
    }

    @Test func whatWasNotSeenIsForgotten() {
        let registry = MetadataRegistry()
        take([item("a"), item("b")], into: registry, at: 0)
        take([item("b"), item("b", .gauge)], into: registry, at: 2 * Self.hour)
        registry.forget(before: 1)
        #expect(registry.families().map(\.family) == ["b"] && registry.variantCount == 2)
        registry.forget(before: .max)
        #expect((registry.familyCount, registry.variantCount) == (0, 0))
    }

    @Test func aGroupOfRequestsIsPlannedTogether() {
        let registry = MetadataRegistry(limits: MetadataLimits(families: 1))
        var change = MetadataChange(registry)
        change.add(registry.news(in: [item("a")], at: 1), at: 1)
        // Both saw the room for it; only one has it.
        change.add(registry.news(in: [item("a"), item("b")], at: 2), at: 2)
        #expect(change.written == [item("a"): 1])
        registry.apply(change)
        #expect(registry.leftOut == .init(familyLimit: 1) && registry.familyCount == 1)
    }
}
