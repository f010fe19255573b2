package import Yams

/// The fields of one mapping of a configuration file, of which every key must be known.
///
/// Merge keys (`<<`) are resolved; the mapping's own keys win. Null stands for a field that is not given.
package struct ConfigurationFields {
    /// The mapping, for errors about it as a whole.
    package let node: Node
    /// What the mapping is, in words: "a scrape configuration".
    package let place: String
    private let nodes: [String: Node]
    private let keyNodes: [String: Node]

    /// - Parameters:
    ///   - keys: all that there may be; nil if any may, for those who read the names themselves.
    ///   - place: begins sentences such as "`place` has no key `x`".
    package init(_ node: Node, place: String, keys: [String]?) throws(ConfigurationFault) {
        self.node = node
        self.place = place
        var nodes: [String: Node] = [:]
        var keyNodes: [String: Node] = [:]
        for (name, value) in try Self.entries(of: node, place: place) {
            if let keys, !keys.contains(name.string) {
                let nearest = NearestName.of(name.string, among: keys)
                throw ConfigurationFault(
                    at: .scalar(name),
                    "\(place) has no key `\(name.string)`; "
                        + (nearest.map { "did you mean `\($0)`?" } ?? "it may have \(keys.joined(separator: ", "))"))
            }
            if nodes[name.string] == nil {
                keyNodes[name.string] = .scalar(name)
                if value.null == nil { nodes[name.string] = value }
            }
        }
        self.nodes = nodes
        self.keyNodes = keyNodes
    }

    /// The field's value; nil if it is not given or null.
    package subscript(key: String) -> Node? { nodes[key] }

    /// Where the key itself stands, also if its value is null.
    package func keyNode(_ key: String) -> Node? { keyNodes[key] }

    /// Those that have a value, in the order of their names.
    package var names: [String] { nodes.keys.sorted() }

    /// The pairs of a mapping, its own before merged ones; none for null.
    private static func entries(
        of node: Node, place: String
    ) throws(ConfigurationFault) -> [(Node.Scalar, Node)] {
        if node.null != nil { return [] }
        guard case .mapping(let mapping) = node else {
            throw ConfigurationFault(at: node, "\(place) is a mapping of keys to values, but this is \(node.inWords)")
        }
        var own: [(Node.Scalar, Node)] = []
        var merged: [(Node.Scalar, Node)] = []
        for (name, value) in mapping {
            guard case .scalar(let name) = name else {
                throw ConfigurationFault(at: name, "the keys of \(place) are texts, but this one is \(name.inWords)")
            }
            guard name.string == "<<" else {
                own.append((name, value))
                continue
            }
            var sources = [value]
            if case .sequence(let list) = value { sources = Array(list) }
            for source in sources {
                guard case .mapping(let mapping) = source else {
                    throw ConfigurationFault(at: source, "`<<` takes a mapping, but this is \(source.inWords)")
                }
                for case (.scalar(let name), let value) in mapping { merged.append((name, value)) }
            }
        }
        return own + merged
    }
}

extension Node {
    /// For sentences that say what came instead of what was expected.
    package var inWords: String {
        switch self {
        case .scalar(let scalar): null != nil ? "empty" : "`\(scalar.string.prefix(80))`"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
