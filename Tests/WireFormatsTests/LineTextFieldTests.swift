import TelemetryModel
import Testing

@testable import WireFormats

/// Texts as values of fields, where they are left out.
@Suite struct LineTextFieldTests {
    private let decoding = LineDecoding(textFields: .skip)

    private func skipped(_ counts: [String: Int], others: Int = 0) -> SkippedFields {
        var skipped = SkippedFields()
        for (metric, count) in counts { skipped.add(metric, count) }
        return skipped
    }

    @Test func theRestOfTheLineIsTaken() throws {
        let decoded = try decoding.decode(
            """
            system,host=a load1=0.5,uptime_format=" 2:07, x=1 ",n_cpus=4i 1700000000000000000
            # only a text, with a line feed in it
            system,host=a uptime_format="a
            b \\"c\\"",value="" 1700000000000000000
            ok f=t,g="true",h=F
            """)
        #expect(
            decoding.outcomes(decoded.request) == [
                #"system_load1{host="a"} 0.5@1700000000000"#, #"system_n_cpus{host="a"} 4.0@1700000000000"#,
                "ok_f 1.0@1700000000000", "ok_h 0.0@1700000000000",
            ])
        #expect(decoded.request.rejected.isEmpty && decoded.request.recordCount == 4)
        #expect(decoded.skipped == skipped(["system_uptime_format": 2, "system": 1, "ok_g": 1]))
        // A text makes no series.
        #expect(decoding.registry.count == 4)
    }

    @Test func aBrokenLineIsRefusedAsAWhole() throws {
        let lines = [
            #"m s="a",f=x"#, #"m s="a" soon"#, #"m s="a" -1"#, #"m s="a"b"#, #"m,bad s="a""#, "m,bad s=\"a\nb\"",
            #"m s="a"#,
        ]
        for line in lines {
            let decoded = try decoding.decode("first s=\"t\"\n" + line)
            #expect(decoded.request.rejected.map { String(decoding: $0.payload, as: UTF8.self) } == [line], "\(line)")
            #expect(decoded.skipped == skipped(["first_s": 1]), "\(line)")
        }
    }

    @Test func textsAreBoundedAsRecordsAreAndNamesAreToldApartUpToABound() throws {
        let few = LineDecoding(maximumRecords: 10, textFields: .skip)
        #expect(throws: TooManyLines.self) {
            try few.decode("m " + (0...11).map { "f\($0)=\"\"" }.joined(separator: ","))
        }
        // Those of many lines are no records.
        let text = (0..<600).map { "m f\($0 % 150)=\"\"" }.joined(separator: "\n")
        let decoded = try few.decode(text)
        #expect(decoded.request.recordCount == 0 && decoded.skipped.counts.count == 100)
        #expect(decoded.skipped.counts.values.allSatisfy { $0 == 4 } && decoded.skipped.others == 200)
        var sum = decoded.skipped
        sum += decoded.skipped
        #expect(sum.counts["m_f0"] == 8 && sum.others == 400)
        sum += skipped(["another": 3])
        #expect(sum.others == 403)
    }
}
