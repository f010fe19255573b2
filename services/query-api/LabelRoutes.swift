import HTTPSupport
import Hummingbird
import NIOCore
import TelemetryModel
import TimeSeriesStore

/// `/api/v1/series`, `/api/v1/labels` and `/api/v1/label/<name>/values`.
struct LabelRoutes: Sendable {
    let runner: QueryRunner

    private var environment: QueryEnvironment { runner.environment }

    @Sendable func series(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let matchers = try parameters.matcherLists()
        guard !matchers.isEmpty else { throw APIError(.badData, "no match[] parameter provided") }
        let range = try parameters.timeRange()
        let limit = try parameters.resultLimit()
        let store = environment.store
        // As of queries: the search by patterns does not say what it needs.
        let isLight = matchers.joined().allSatisfy { if case .equal = $0.condition { true } else { false } }
        let body = try await runner.run(context, isLight: isLight) { budget in
            let series = try store.series(matchers, in: range, budget: budget)
            return truncated(series, limit) { $0.labelSets($1) }
        }
        return .answer(body)
    }

    @Sendable func names(_ request: Request, _ context: AppContext) async throws -> Response {
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let matchers = try parameters.matcherLists()
        let range = try parameters.timeRange()
        let limit = try parameters.resultLimit()
        let store = environment.store
        let body = try await runner.run(context) { budget in
            let names = try store.labelNames(matchers, in: range, budget: budget)
            return truncated(names, limit) { $0.strings($1) }
        }
        return .answer(body)
    }

    @Sendable func values(_ request: Request, _ context: AppContext) async throws -> Response {
        let name = try labelName(context)
        var request = request
        let parameters = try await RequestParameters(reading: &request, limit: environment.limits.bodyBytes)
        let matchers = try parameters.matcherLists()
        let range = try parameters.timeRange()
        let limit = try parameters.resultLimit()
        let store = environment.store
        let body = try await runner.run(context) { budget in
            let values = try store.labelValues(of: name, matchers, in: range, budget: budget)
            return truncated(values, limit) { $0.strings($1) }
        }
        return .answer(body)
    }

    private func truncated<Element>(
        _ list: [Element], _ limit: Int?, _ write: (inout AnswerWriter, ArraySlice<Element>) -> Void
    ) -> ByteBuffer {
        let kept = list.prefix(limit ?? list.count)
        return AnswerWriter.success(warnings: kept.count < list.count ? [QueryRoutes.truncated] : []) {
            write(&$0, kept)
        }
    }

    private func labelName(_ context: AppContext) throws -> String {
        let encoded = context.parameters.get("name") ?? ""
        guard let text = try? FormText.decode(encoded.utf8, plusIsSpace: false),
            let name = EscapedLabelName.decode(text), !name.isEmpty
        else {
            throw APIError(
                .badData,
                "invalid label name: expected a label's name, or its U__ form, URL-encoded, got "
                    + "\"\(encoded.prefix(64))\""
            )
        }
        return name
    }
}

/// The form that label names of any characters take where only letters, digits and underscores may stand: `U__`, then
/// `__` for an underscore and `_HEX_` for any other character
/// (https://prometheus.io/docs/instrumenting/escaping_schemes/#value-encoding-escaping).
enum EscapedLabelName {
    /// The name behind an escaped one; names without the prefix as they are; nil if the escapes are broken.
    static func decode(_ text: String) -> String? {
        guard text.hasPrefix("U__") else { return text }
        var name = String.UnicodeScalarView()
        var rest = text.unicodeScalars.dropFirst(3)
        while let scalar = rest.popFirst() {
            guard scalar == "_" else {
                name.append(scalar)
                continue
            }
            let digits = rest.prefix { $0 != "_" }
            guard digits.count <= 6, digits.endIndex < rest.endIndex else { return nil }
            rest = rest[rest.index(after: digits.endIndex)...]
            if digits.isEmpty {
                name.append("_")
            } else {
                let isHexadecimal = digits.allSatisfy { $0.properties.isASCIIHexDigit }
                guard isHexadecimal, let code = UInt32(String(digits), radix: 16), let decoded = Unicode.Scalar(code)
                else { return nil }
                name.append(decoded)
            }
        }
        return String(name)
    }
}
