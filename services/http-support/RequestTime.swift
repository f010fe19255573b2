package import Foundation

/// Times as request parameters have them: RFC 3339, or seconds since 1970 with any fraction, as in Prometheus' API.
package enum RequestTime {
    /// - Returns: milliseconds since 1970-01-01T00:00:00Z.
    package static func milliseconds(_ text: String, parameter: String) throws -> Int64 {
        if let seconds = Double(text), seconds.isFinite, abs(seconds) < 9e12 {
            return Int64((seconds * 1000).rounded())
        }
        let styles = [
            Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle(),
        ]
        for style in styles {
            if let date = try? style.parse(text) { return Int64((date.timeIntervalSince1970 * 1000).rounded()) }
        }
        throw APIError(
            .badData,
            "\(parameter): expected a time as RFC 3339 (2026-01-31T12:00:00Z) or seconds since 1970, got \"\(text.prefix(64))\""
        )
    }
}

extension Date {
    package init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// `2026-01-31T12:00:00.000Z`
    package var iso8601Milliseconds: String {
        // What is behind the third digit is cut off, and few milliseconds are exact as a Double.
        addingTimeInterval(0.000_1).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
