import KPIAnalytics
import PromQLEngine
import TimeSeriesStore

/// Midnight of 2026-01-01 in UTC: a whole number of every interval used here.
let day: Int64 = 1_767_225_600_000
let minute: Int64 = 60_000
let hour: Int64 = 3_600_000

func report(
    _ store: MemoryStore, _ definitions: [KPIDefinition] = KPIDefinition.builtIn, window: Int64 = hour,
    at time: Int64 = day, source: String? = nil, budget: QueryBudget = QueryBudget()
) throws -> KPIReport {
    try KPICalculator(store: store, engine: PromQLEngine(store: store), definitions: definitions)
        .compute(window: window, at: time, source: source, budget: budget)
}

extension KPIReport {
    func figure(_ name: String) -> Figure? { figures.first { $0.definition.name == name } }

    func value(_ name: String, of source: String) -> Double? {
        figure(name)?.bySource.first { $0.sourceID == source }?.value
    }

    func overall(_ name: String) -> Double? { figure(name)?.overall }
}
