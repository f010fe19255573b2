import Foundation
import PromQLEngine
import PromQLScripts
import PromQLSyntax
import Testing
import TimeSeriesStore

@Suite struct DepthTests {
    /// The deepest queries that the parser lets through must fit a small thread's stack, also in a debug build.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            String(repeating: "(", count: 99) + "m" + String(repeating: ")", count: 99),
            String(repeating: "abs(", count: 99) + "m" + String(repeating: ")", count: 99),
            String(repeating: "sum(", count: 99) + "m" + String(repeating: ")", count: 99),
            String(repeating: "info(", count: 99) + "m" + String(repeating: ")", count: 99),
            String(repeating: "-(", count: 49) + "m" + String(repeating: ")", count: 49),
            "m" + String(repeating: " + on () group_left () fill (0) m", count: 299),
            "m" + String(repeating: " + m", count: 299), "m" + String(repeating: " or m", count: 299),
            "m" + String(repeating: " ^ m", count: 99),
            String(repeating: "max_over_time(", count: 99) + "m" + String(repeating: "[5m:1m])", count: 99),
            String(repeating: "max_over_time(", count: 99) + "m"
                + String(
                    repeating: "[" + String(repeating: "(1+", count: 14) + "1" + String(repeating: ")", count: 14)
                        + ":1m])", count: 99),
            String(repeating: "label_replace(", count: 99) + "m"
                + String(repeating: ", \"a\", \"b\", \"c\", \"d\")", count: 99),
        ])
    func deepestQueriesFitASmallStack(_ query: String) async {
        let outcome: String = await withCheckedContinuation { continuation in
            let thread = Thread {
                do {
                    let engine = PromQLEngine(store: InMemoryStore())
                    let result = try engine.instant(query, at: 0, budget: QueryBudget())
                    _ = try PromQLParser.parse(query).description
                    continuation.resume(returning: "\(result.annotations.count)")
                } catch {
                    continuation.resume(returning: "\(error)")
                }
            }
            thread.stackSize = 1 << 21
            thread.start()
        }
        #expect(outcome == "0")
    }
}
