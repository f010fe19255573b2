import HTTPSupport
import Hummingbird
import PromQLEngine
import TelemetryModel
import TimeSeriesStore

/// `/api/v1/query_exemplars`: the exemplars of all series that a query selects, whatever it does with them.
struct ExemplarRoute: Sendable {
    let runner: QueryRunner

    @Sendable func handle(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let environment = runner.environment
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let range = try parameters.timeRange()
        let query = try parameters.required("query", "a PromQL expression")
        let selectors: [[LabelMatcher]]
        do {
            selectors = try PromQLEngine.selectors(in: query)
        } catch {
            throw APIError.invalid("query", "\(error)")
        }
        // No selector is not every series.
        guard !selectors.isEmpty else { return .answer(AnswerWriter.success { $0.raw("[]") }) }
        let body = try await runner.run(context) { budget in
            let found = try environment.store.exemplars(selectors, in: range, budget: budget)
            return AnswerWriter.success { $0.exemplars(found) }
        }
        return .answer(body)
    }
}

extension AnswerWriter {
    /// `[{"seriesLabels":{…},"exemplars":[{"labels":{…},"value":"…","timestamp":seconds},…]},…]`
    fileprivate mutating func exemplars(_ series: [SeriesExemplars]) {
        list(series) { writer, series in
            writer.raw(#"{"seriesLabels":"#)
            writer.labels(series.labels)
            writer.raw(#","exemplars":"#)
            writer.list(series.exemplars) { writer, exemplar in
                writer.raw(#"{"labels":"#)
                writer.labels(exemplar.labels)
                writer.raw(#","value":"#)
                writer.quoted(exemplar.value)
                writer.raw(#","timestamp":"#)
                SampleText.append(timestamp: exemplar.timestamp, to: &writer.text)
                writer.raw("}")
            }
            writer.raw("}")
        }
    }

    private mutating func list<Element>(_ elements: [Element], _ write: (inout AnswerWriter, Element) -> Void) {
        raw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { raw(",") }
            write(&self, element)
        }
        raw("]")
    }
}
