import Foundation
import Testing

@testable import heliograph

@Suite struct PlanTableTests {
    private let answer = #"""
        {"status":"success","data":{"resultType":"vector","result":[],"explain":{"samples":2892,"memory_bytes":46500,
        "plan":{"expression":"sum by (zone) (\n  avg_over_time(load[1d])\n)","kind":"aggregation","notes":[],
        "evaluations":1,"steps":1,"series":2,"samples":12,"own_ms":0.0125,"total_ms":1.5,"children":[
        {"expression":"avg_over_time(load[1d])","kind":"function","notes":["evaluated once: it is the same at every step"],
        "evaluations":1,"steps":1,"series":3,"samples":12,"own_ms":0.25,"total_ms":1.4875,"children":[
        {"expression":"load[1d]","kind":"matrix selector","notes":[],"selection":{"matchers":["__name__=\"load\"","zone!=\"c\""],
        "start":1767139200.001,"end":1767225600,"newest_sample_only":false,"statistics_allowed":true,"reads":1,"series":3,
        "samples":12,"statistics":72,"statistics_samples":17268},"evaluations":1,"steps":1,"series":3,"samples":12,
        "own_ms":1.2375,"total_ms":1.2375,"children_omitted":2,"children":[]}]}]}}}}
        """#

    @Test func aPlanIsATreeWithItsCosts() throws {
        let text = try PlanTable(json: Array(answer.utf8), style: TerminalStyle()).text()
        #expect(
            text == """
                own ms  total ms  steps  series  samples  expression
                 0.013     1.500      1       2       12  sum by (zone) ( avg_over_time(load[1d]) )
                 0.250     1.488      1       3       12    avg_over_time(load[1d])
                                                              evaluated once: it is the same at every step
                 1.238     1.238      1       3       12      load[1d]
                                                                matchers: __name__="load", zone!="c"
                                                                read: 2025-12-31 00:00:00.001 – 2026-01-01 00:00:00
                                                                72 chunk statistics for 17268 samples
                                                                2 parts are left out here

                samples counted: 2892; memory counted: 46500 bytes

                """, "\(text)")
    }

    @Test func anAnswerWithoutAPlanIsSaid() {
        for text in [#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, "x"] {
            #expect(throws: CommandFailure.self) { try PlanTable(json: Array(text.utf8), style: TerminalStyle()) }
        }
    }
}
