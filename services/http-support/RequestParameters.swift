import HTTPTypes
package import Hummingbird
import NIOCore
import PromQLSyntax
package import TimeSeriesStore

/// A request's parameters: those of a form in the body first, then those of the URL, as in Go's `net/http`, which
/// clients of Prometheus count on. An empty value is the same as none.
package struct RequestParameters: Sendable {
    private let pairs: [(name: String, value: String)]

    package init(pairs: [(name: String, value: String)]) { self.pairs = pairs }

    /// Those of a URL.
    ///
    /// - Parameter query: what stands behind its question mark.
    package init(query: String) throws {
        do {
            pairs = try FormText.parse(query)
        } catch {
            throw APIError(.badData, error.description)
        }
    }

    /// Reads the body to its end, whatever the method, and leaves an empty one in its place, for routes whose answer is a
    /// stream: they watch the connection through the request's body.
    ///
    /// - Parameter patience: how long the body may take; whoever dribbles is refused.
    package init(
        reading request: inout Request, limit bodyLimit: Int, within patience: Duration = .seconds(30)
    ) async throws {
        let body: ByteBuffer
        do {
            body = try await TimedBody(request).collect(upTo: bodyLimit, within: patience)
        } catch is NIOTooManyBytesError {
            throw APIError(.tooLarge, "the request's body is larger than \(bodyLimit) bytes; expected a short form")
        }
        request.body = RequestBody(buffer: ByteBuffer())
        do {
            var pairs: [(name: String, value: String)] = []
            if [.post, .put, .delete].contains(request.method), body.readableBytes > 0 {
                try RequestParameters.checkContentType(request.headers[.contentType])
                pairs = try FormText.parse(String(buffer: body))
            }
            self.pairs = pairs + (try FormText.parse(request.uri.query ?? ""))
        } catch let error as FormText.DecodingError {
            throw APIError(.badData, error.description)
        }
    }

    private static func checkContentType(_ text: String?) throws {
        guard let text else { return }
        let mediaType = text.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard mediaType == "application/x-www-form-urlencoded" else {
            throw APIError(
                .unsupportedMediaType,
                "Content-Type: expected application/x-www-form-urlencoded, got \"\(mediaType.prefix(64))\"")
        }
    }

    package func text(_ name: String) -> String? {
        for pair in pairs where pair.name == name && !pair.value.isEmpty { return pair.value }
        return nil
    }

    package func texts(_ name: String) -> [String] {
        pairs.filter { $0.name == name && !$0.value.isEmpty }.map(\.value)
    }

    package func required(_ name: String, _ expected: String) throws -> String {
        guard let text = text(name) else { throw APIError.invalid(name, "expected \(expected), got nothing") }
        return text
    }

    // MARK: Typed values

    /// Milliseconds since 1970. Prometheus' own names for the ends of time are taken as the ends of what can be
    /// queried.
    package func time(_ name: String) throws -> Int64? {
        guard let text = text(name) else { return nil }
        switch text {
        case "-292273086-05-16T16:47:06Z": return -Self.latestTime
        case "292277025-08-18T07:12:54.999999999Z": return Self.latestTime
        default: break
        }
        guard let time = try? RequestTime.milliseconds(text, parameter: name), abs(time) <= Self.latestTime else {
            throw APIError.invalid(
                name,
                "cannot parse \"\(text.prefix(64))\" to a valid timestamp: expected RFC 3339 (2026-01-31T12:00:00Z) or "
                    + "seconds since 1970")
        }
        return time
    }

    package func requiredTime(_ name: String) throws -> Int64 {
        guard let time = try time(name) else {
            throw APIError.invalid(
                name, "expected a time as RFC 3339 (2026-01-31T12:00:00Z) or seconds since 1970, got nothing")
        }
        return time
    }

    /// Milliseconds, any sign: PromQL's notation (`1h30m`) or seconds with any fraction.
    package func duration(_ name: String) throws -> Int64? {
        guard let text = text(name) else { return nil }
        if let seconds = Double(text), seconds.magnitude < 1e10 { return Int64((seconds * 1000).rounded()) }
        if let milliseconds = try? PromQLDuration.parse(text) { return milliseconds }
        throw APIError.invalid(
            name,
            "cannot parse \"\(text.prefix(64))\" to a valid duration: expected seconds, or for example 30s or 1h30m")
    }

    package func positiveDuration(_ name: String) throws -> Int64? {
        guard let duration = try duration(name) else { return nil }
        guard duration > 0 else {
            throw APIError.invalid(name, "expected a duration above 0, got \"\(text(name)?.prefix(64) ?? "")\"")
        }
        return duration
    }

    /// A whole number of `range`, or nil.
    package func count(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let count = Int(text), range.contains(count) else {
            let bounds =
                range.upperBound == .max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw APIError.invalid(name, "expected a whole number \(bounds), got \"\(text.prefix(64))\"")
        }
        return count
    }

    /// A whole number of either sign, as Prometheus' limits are, or nil.
    package func wholeNumber(_ name: String) throws -> Int? {
        guard let text = text(name), !text.isEmpty else { return nil }
        guard let number = Int(text) else {
            throw APIError(.badData, "\(name) must be a number, got \"\(text.prefix(64))\"")
        }
        return number
    }

    /// `true` or `false` in any case (also `1`, `0`); false if it is not there.
    package func flag(_ name: String) throws -> Bool {
        switch text(name)?.lowercased() {
        case nil, "false", "0": return false
        case "true", "1": return true
        case let other?: throw APIError.invalid(name, "expected true or false, got \"\(other.prefix(64))\"")
        }
    }

    /// Prometheus' `limit`: the most results, nil (also as 0) for all.
    package func resultLimit() throws -> Int? {
        guard let limit = try count("limit", in: 0...Int.max), limit > 0 else { return nil }
        return limit
    }

    /// `start` and `end`, both inclusive; all of time where they are missing.
    package func timeRange() throws -> TimeRange {
        let range = TimeRange(from: try time("start") ?? .min, through: try time("end") ?? .max)
        guard range.from <= range.through else {
            throw APIError.invalid("end", "end timestamp must not be before start timestamp")
        }
        return range
    }

    /// 2^53: what a double can tell apart, and what the query engine takes.
    package static let latestTime: Int64 = 9_007_199_254_740_991
}

extension APIError {
    package static func invalid(_ parameter: String, _ reason: String) -> APIError {
        APIError(.badData, "invalid parameter \"\(parameter)\": \(reason)")
    }
}
