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

    @Test func theNextSeriesIsFoundWithoutItsHash() {
        var cache = RawSeriesCache(mostEntries: 3000, mostBytes: 64 << 20)
        let long = String(repeating: "t", count: 5000)
        let series = (0..<1000).map { Series("s\($0)", "m", "info", $0 % 3 == 0 ? long : "{}") }
        func hash(_ index: Int) -> UInt64 { UInt64(index) &* 0x9E37_79B9_7F4A_7C15 }
        func reference(_ index: Int, at cursor: inout RawSeriesCache.Cursor) -> UInt32? {
            let (bytes, fields) = (series[index].bytes, series[index].fields)
            return cache.reference(at: &cursor, of: fields, in: bytes.span, lengths: fields.packedLengths ?? 0)?
                .rawValue
        }
        func find(_ index: Int, moving cursor: inout RawSeriesCache.Cursor) -> UInt32? {
            let (bytes, fields) = (series[index].bytes, series[index].fields)
            return cache.reference(
                of: fields, in: bytes.span, hash: hash(index), lengths: fields.packedLengths ?? 0, moving: &cursor)?
                .rawValue
        }
        var cursor = RawSeriesCache.Cursor()
        #expect(reference(0, at: &cursor) == nil)
        for index in series.indices { insert(&cache, series[index], UInt32(index), hash: hash(index)) }
        // At the ends of segments the hash is needed.
        var byHash = 0
        for index in series.indices {
            if let found = reference(index, at: &cursor) {
                #expect(found == UInt32(index))
            } else {
                byHash += 1
                #expect(find(index, moving: &cursor) == UInt32(index))
            }
        }
        #expect(1...3 ~= byHash)
        // Behind the last one there is nothing; another one than the next is not taken for it, and does not move the cursor.
        #expect(reference(0, at: &cursor) == nil)
        #expect(find(10, moving: &cursor) == 10)
        #expect(reference(12, at: &cursor) == nil && reference(10, at: &cursor) == nil)
        #expect(reference(11, at: &cursor) == 11)
        // What was put in since the cache was emptied is not found by where something else lay before.
        for index in 0..<3000 { insert(&cache, Series("other\(index)"), 7, hash: hash(index + 5000)) }
        #expect(cache.count < 3000)
        for index in series.indices { insert(&cache, series[index], UInt32(index), hash: hash(index)) }
        #expect(reference(12, at: &cursor) == nil)
        #expect(find(12, moving: &cursor) == 12 && reference(13, at: &cursor) == 13)
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
