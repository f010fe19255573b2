import TelemetryModel
import TestSupport
import Testing

@testable import WireFormats

@Suite struct RawSeriesCacheTests {
    private struct Series {
        let bytes: [UInt8]
        let fields: RecordFields

        init(_ source: String, _ name: String = "m", _ severity: String = "", _ tags: String = "") {
            bytes = Array((source + name + severity + tags).utf8)
            var fields = RecordFields(record: ByteRange(start: 0, end: bytes.count), timestamp: 0)
            var end = 0
            func next(_ text: String) -> ByteRange {
                defer { end += text.utf8.count }
                return ByteRange(start: end, end: end + text.utf8.count)
            }
            fields.sourceID = next(source)
            fields.metricName = next(name)
            fields.severity = next(severity)
            fields.tags = next(tags)
            self.fields = fields
        }
    }

    private func insert(_ cache: inout RawSeriesCache, _ series: Series, _ reference: UInt32, hash: UInt64) {
        let lengths = series.fields.packedLengths ?? 0
        cache.insert(
            SeriesReference(reference), for: series.fields, in: series.bytes.span, hash: hash, lengths: lengths)
    }

    private func look(_ cache: RawSeriesCache, _ series: Series, hash: UInt64) -> UInt32? {
        cache.reference(
            of: series.fields, in: series.bytes.span, hash: hash, lengths: series.fields.packedLengths ?? 0)?.rawValue
    }

    @Test func equalHashesAreToldApartByTheirBytes() {
        var cache = RawSeriesCache()
        // The same bytes, cut differently, and bytes that differ in one place only, all under one hash.
        var series = [
            Series("ab", "c"), Series("a", "bc"), Series("", "abc"), Series("abc", ""), Series("a", "", "bc"),
            Series("a", "", "b", "c"),
        ]
        for place in 0..<40 {
            var text = Array(repeating: Character("x"), count: 40)
            text[place] = "y"
            series.append(Series(String(text), "m", "info", "{}"))
            series.append(Series("s", String(text), "info", "{}"))
            series.append(Series("s", "m", String(text), "{}"))
            series.append(Series("s", "m", "info", String(text)))
        }
        for (index, one) in series.enumerated() { insert(&cache, one, UInt32(index), hash: 42) }
        for (index, one) in series.enumerated() { #expect(look(cache, one, hash: 42) == UInt32(index)) }
        #expect(look(cache, Series("zz", "c"), hash: 42) == nil)
        #expect(look(cache, series[0], hash: 43) == nil)
        #expect(cache.count == series.count)
    }

    @Test func growsAndIsEmptiedAtItsBounds() {
        var cache = RawSeriesCache(mostEntries: 5000, mostBytes: 64 << 20)
        func hash(_ index: Int) -> UInt64 { UInt64(index) &* 0x9E37_79B9_7F4A_7C15 }
        for index in 0..<5000 { insert(&cache, Series("s\(index)"), UInt32(index), hash: hash(index)) }
        #expect(cache.count == 5000)
        #expect((0..<5000).allSatisfy { look(cache, Series("s\($0)"), hash: hash($0)) == UInt32($0) })
        insert(&cache, Series("s0"), 0, hash: hash(0))
        #expect(cache.count == 5000)
        insert(&cache, Series("s5000"), 5000, hash: hash(5000))
        #expect(cache.count == 1)
        #expect(look(cache, Series("s5000"), hash: hash(5000)) == 5000)
        #expect(look(cache, Series("s0"), hash: hash(0)) == nil)

        var small = RawSeriesCache(mostEntries: 1_000_000, mostBytes: 3 << 20)
        let long = String(repeating: "t", count: 60_000)
        for index in 0..<200 {
            insert(&small, Series("s\(index)", "m", "", long), UInt32(index), hash: hash(index))
            #expect(small.byteCount <= 3 << 20)
            #expect(look(small, Series("s\(index)", "m", "", long), hash: hash(index)) == UInt32(index))
        }
    }

    @Test func theHashSpreadsAndDependsOnItsKey() {
        var generator = SeededGenerator.seeded("theHashSpreadsAndDependsOnItsKey")
        let first = RawSeriesHash(using: &generator)
        let second = RawSeriesHash(using: &generator)
        var seen: Set<UInt64> = []
        var low: Set<UInt64> = []
        for index in 0..<20_000 {
            let series = Series("pump-\(index % 100)", "metric\(index / 100)", index % 2 == 0 ? "info" : "", "{}")
            let lengths = series.fields.packedLengths ?? 0
            let hash = first.hash(series.bytes.span, series.fields, lengths: lengths)
            seen.insert(hash)
            low.insert(hash & 0xFFFF)
            #expect(hash != second.hash(series.bytes.span, series.fields, lengths: lengths))
        }
        #expect(seen.count == 20_000)
        // 20,000 balls in 65,536 bins fill 17,230 of them on average.
        #expect(low.count > 16_500)
    }
}
