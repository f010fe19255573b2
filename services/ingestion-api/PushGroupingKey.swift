import HTTPSupport
package import TelemetryModel
import WireFormats

/// The labels that a Pushgateway path names: `job/<job>{/<label>/<value>}`, percent-encoded, or base64url after
/// `<label>@base64`.
package struct PushGroupingKey {
    /// With a slash at the end.
    static let roots = ["/metrics/", "/api/v1/import/prometheus/metrics/"]
    private static let encodedSuffix = "@base64"

    /// In the order of the path, each name once. A value may be empty.
    package let labels: [Label]

    /// By which groups are told apart.
    var group: LabelSet { LabelSet(labels) }

    package init(path: String) throws {
        guard let root = PushGroupingKey.roots.first(where: path.hasPrefix) else { throw PushGroupingKey.noJob(path) }
        let parts = path.dropFirst(root.count).split(separator: "/").map { Array($0.utf8) }
        guard parts.count.isMultiple(of: 2) else {
            throw APIError(
                .badData,
                "the path has a label without a value: expected \(root)job/<job>{/<label>/<value>}, got "
                    + "\"\(path.prefix(200))\"; an empty value is written as <label>@base64/=")
        }
        var labels: [Label] = []
        for index in stride(from: 0, to: parts.count, by: 2) {
            let label = try PushGroupingKey.label(parts[index], parts[index + 1])
            guard !labels.contains(where: { $0.name == label.name }) else {
                throw APIError(.badData, "the path names the label \"\(label.name.prefix(64))\" more than once")
            }
            labels.append(label)
        }
        guard let first = labels.first, first.name == "job", !first.value.isEmpty else {
            throw PushGroupingKey.noJob(path)
        }
        self.labels = labels
    }

    private static func noJob(_ path: String) -> APIError {
        APIError(
            .badData,
            "expected the path /metrics/job/<job>{/<label>/<value>} with a job that is not empty, got \"\(path.prefix(200))\""
        )
    }

    private static func label(_ name: [UInt8], _ value: [UInt8]) throws -> Label {
        var name = try decoded(name)
        var value = try decoded(value)
        if name.hasSuffix(encodedSuffix) {
            name = String(name.dropLast(encodedSuffix.count))
            value = try base64URL(value, of: name)
        }
        guard !name.isEmpty, !name.hasPrefix("__") else {
            throw APIError(
                .badData,
                "the path names the label \"\(name.prefix(64))\": expected a name that does not begin with __")
        }
        return Label(name, value)
    }

    private static func decoded(_ part: [UInt8]) throws -> String {
        do {
            // In a path a plus sign is a plus sign.
            return try FormText.decode(part, plusIsSpace: false)
        } catch {
            throw APIError(.badData, "in the path, \(error.description)")
        }
    }

    /// RFC 4648, section 5; padding may be left out.
    private static func base64URL(_ text: String, of name: String) throws -> String {
        guard let bytes = Base64.bytes(Array(text.utf8)), let value = String(validating: bytes, as: UTF8.self)
        else {
            throw APIError(
                .badData,
                "the path's value of \(name.prefix(64))@base64: expected UTF-8 as base64url (RFC 4648, section 5), got "
                    + "\"\(text.prefix(64))\"")
        }
        return value
    }
}
