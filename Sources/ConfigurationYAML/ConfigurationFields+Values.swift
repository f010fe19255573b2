import PromQLSyntax
package import Yams

extension ConfigurationFields {
    /// Any scalar, as its text.
    package func text(_ key: String) throws(ConfigurationFault) -> String? {
        guard let node = self[key] else { return nil }
        return try node.text(of: key)
    }

    /// As `text`, where the field must be given and not be empty.
    package func requiredText(_ key: String) throws(ConfigurationFault) -> String {
        guard let text = try text(key), !text.isEmpty else {
            throw ConfigurationFault(
                at: self[key] ?? node, "\(place) needs the key `\(key)`, and it is missing or empty")
        }
        return text
    }

    package func boolean(_ key: String) throws(ConfigurationFault) -> Bool? {
        guard let node = self[key] else { return nil }
        guard let value = node.bool else {
            throw ConfigurationFault(at: node, "`\(key)` is true or false, but this is \(node.inWords)")
        }
        return value
    }

    /// In milliseconds; written as Prometheus does: 30s, 1h30m.
    package func duration(_ key: String) throws(ConfigurationFault) -> Int64? {
        guard let node = self[key] else { return nil }
        guard let milliseconds = try? PromQLDuration.parse(node.scalar?.string ?? "") else {
            throw ConfigurationFault(
                at: node, "`\(key)` is a duration such as 30s, 5m or 1h30m, but this is \(node.inWords)")
        }
        return milliseconds
    }

    package func wholeNumber<Number: FixedWidthInteger>(
        _ key: String, in range: ClosedRange<Number>
    ) throws(ConfigurationFault) -> Number? {
        guard let node = self[key] else { return nil }
        guard let number = node.scalar.flatMap({ Number($0.string) }), range.contains(number) else {
            throw ConfigurationFault(
                at: node,
                "`\(key)` is a whole number from \(range.lowerBound) to \(range.upperBound), but this is \(node.inWords)"
            )
        }
        return number
    }

    package func list(_ key: String) throws(ConfigurationFault) -> [Node]? {
        guard let node = self[key] else { return nil }
        guard case .sequence(let list) = node else {
            throw ConfigurationFault(at: node, "`\(key)` is a list, but this is \(node.inWords)")
        }
        return Array(list)
    }

    package func texts(_ key: String) throws(ConfigurationFault) -> [String]? {
        guard let list = try list(key) else { return nil }
        var texts: [String] = []
        for node in list { texts.append(try node.text(of: key)) }
        return texts
    }
}

extension Node {
    /// - Parameter key: what it is the value of, for the error.
    package func text(of key: String) throws(ConfigurationFault) -> String {
        guard case .scalar(let scalar) = self else {
            throw ConfigurationFault(at: self, "`\(key)` is a text, but this is \(inWords)")
        }
        return scalar.string
    }
}
