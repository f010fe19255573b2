/// What a tree says about the values that match as a whole, without running it.
enum LiteralAnalysis {
    static let maximumAlternativeCount = 256
    /// Bounds what is written out, in scalars, over all alternatives.
    static let maximumScalarCount = 65_536
    static let maximumPrefixScalarCount = 1_024

    // MARK: Flat form

    /// The sequence of parts that a whole value must match, without groups; anchors at the outer ends, which are always
    /// true there, are left out.
    static func flattened(_ node: PatternNode) -> [PatternNode] {
        var parts: [PatternNode] = []
        flatten(node, into: &parts)
        var slice = parts[...]
        while case .assertion(.textStart)? = slice.first { slice.removeFirst() }
        while case .assertion(.textEnd)? = slice.last { slice.removeLast() }
        return Array(slice)
    }

    private static func flatten(_ node: PatternNode, into parts: inout [PatternNode]) {
        switch node {
        case .empty: break
        case .group(let body, _): flatten(body, into: &parts)
        case .concatenation(let members):
            for member in members { flatten(member, into: &parts) }
        case .scalar, .set, .assertion, .alternation, .repetition: parts.append(node)
        }
    }

    // MARK: Alternatives

    /// All values that match, if they are few; in the pattern's order of preference, without doubles.
    static func alternatives(of parts: [PatternNode]) -> [[UInt32]]? {
        guard let all = alternatives(of: .concatenation(parts)) else { return nil }
        var seen: Set<[UInt32]> = []
        return all.filter { seen.insert($0).inserted }
    }

    private static func alternatives(of node: PatternNode) -> [[UInt32]]? {
        switch node {
        case .empty: return [[]]
        case .scalar(let scalar): return [[scalar]]
        case .assertion: return nil
        case .group(let body, _): return alternatives(of: body)
        case .set(let set):
            // Half a scalar cannot be in a value.
            guard set.count <= maximumAlternativeCount else { return nil }
            return set.ranges.flatMap { $0.filter { Unicode.Scalar($0) != nil }.map { [$0] } }
        case .concatenation(let parts):
            var result: [[UInt32]] = [[]]
            for part in parts {
                // The usual case, without quadratic copying.
                if case .scalar(let scalar) = part {
                    for index in result.indices { result[index].append(scalar) }
                    continue
                }
                guard let tails = alternatives(of: part), let product = product(result, tails) else { return nil }
                result = product
            }
            return withinBounds(result)
        case .alternation(let branches):
            guard branches.count <= maximumAlternativeCount else { return nil }
            var result: [[UInt32]] = []
            for branch in branches {
                guard let some = alternatives(of: branch) else { return nil }
                result += some
                guard result.count <= maximumAlternativeCount else { return nil }
            }
            return withinBounds(result)
        case .repetition(let body, let minimum, let maximum, _):
            guard let maximum, maximum <= maximumAlternativeCount, let one = alternatives(of: body) else { return nil }
            var power: [[UInt32]] = [[]]
            var result: [[UInt32]] = minimum == 0 ? [[]] : []
            for round in 0..<maximum {
                guard let next = product(power, one) else { return nil }
                power = next
                if round + 1 >= minimum { result += power }
                guard result.count <= maximumAlternativeCount else { return nil }
            }
            return withinBounds(result)
        }
    }

    private static func product(_ heads: [[UInt32]], _ tails: [[UInt32]]) -> [[UInt32]]? {
        guard heads.count * tails.count <= maximumAlternativeCount else { return nil }
        return withinBounds(heads.flatMap { head in tails.map { head + $0 } })
    }

    private static func withinBounds(_ texts: [[UInt32]]) -> [[UInt32]]? {
        texts.reduce(0) { $0 + $1.count } <= maximumScalarCount ? texts : nil
    }

    // MARK: Prefix

    /// What every matching value begins with; `isWhole` if the node matches nothing longer.
    static func prefix(of node: PatternNode) -> (scalars: [UInt32], isWhole: Bool) {
        switch node {
        // An assertion consumes nothing; it can only make fewer values match.
        case .empty, .assertion: return ([], true)
        case .scalar(let scalar): return ([scalar], true)
        case .set(let set):
            guard set.count == 1, Unicode.Scalar(set.ranges[0].lowerBound) != nil else { return ([], false) }
            return ([set.ranges[0].lowerBound], true)
        case .group(let body, _): return prefix(of: body)
        case .concatenation(let parts):
            var scalars: [UInt32] = []
            for part in parts {
                let next = prefix(of: part)
                scalars += next.scalars
                if scalars.count > maximumPrefixScalarCount {
                    return (Array(scalars.prefix(maximumPrefixScalarCount)), false)
                }
                if !next.isWhole { return (scalars, false) }
            }
            return (scalars, true)
        case .alternation(let branches):
            guard let first = branches.first else { return ([], true) }
            var (shared, isWhole) = prefix(of: first)
            for branch in branches.dropFirst() where !shared.isEmpty || isWhole {
                let next = prefix(of: branch)
                isWhole = isWhole && next.isWhole && next.scalars == shared
                shared = Array(zip(shared, next.scalars).prefix { $0 == $1 }.map(\.0))
            }
            return (shared, isWhole)
        case .repetition(let body, let minimum, let maximum, _):
            guard minimum > 0 else { return ([], maximum == 0) }
            let one = prefix(of: body)
            guard one.isWhole, one.scalars.count * minimum <= maximumPrefixScalarCount else {
                return (one.scalars, false)
            }
            let scalars = Array(repeatElement(one.scalars, count: minimum).joined())
            return (scalars, maximum == minimum || one.scalars.isEmpty)
        }
    }

    // MARK: One gap

    /// Parts that are literal but for one `.*` or `.+` over any scalar.
    struct Affixes: Sendable {
        let prefix: [UInt8]
        let suffix: [UInt8]
        let isGapRequired: Bool
    }

    static func affixes(of parts: [PatternNode]) -> Affixes? {
        var prefix: [UInt32] = []
        var suffix: [UInt32] = []
        var isGapRequired: Bool?
        for part in parts {
            switch part {
            case .scalar(let scalar):
                if isGapRequired == nil { prefix.append(scalar) } else { suffix.append(scalar) }
            case .repetition(.set(.all), let minimum, nil, _) where minimum <= 1 && isGapRequired == nil:
                isGapRequired = minimum == 1
            default: return nil
            }
        }
        return isGapRequired.map {
            Affixes(prefix: Array(text(prefix).utf8), suffix: Array(text(suffix).utf8), isGapRequired: $0)
        }
    }

    static func text(_ scalars: [UInt32]) -> String {
        var text = String.UnicodeScalarView()
        for value in scalars {
            if let scalar = Unicode.Scalar(value) { text.append(scalar) }
        }
        return String(text)
    }
}
