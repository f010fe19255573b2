/// What a token allows. Each stands for itself: none includes another.
package struct AccessScope: OptionSet, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Send telemetry.
    package static let write = AccessScope(rawValue: 1)
    /// Query what is stored, and look at the server.
    package static let read = AccessScope(rawValue: 2)
    /// Delete.
    package static let admin = AccessScope(rawValue: 4)

    package static let named: [(name: String, scope: AccessScope)] = [
        ("write", .write), ("read", .read), ("admin", .admin),
    ]

    /// Names separated by commas, as in `write,read`; nil if one is none, or there are none.
    package init?(names: String) {
        var scope: AccessScope = []
        for part in names.split(separator: ",") {
            let name = part.filter { $0 != " " }
            guard let found = AccessScope.named.first(where: { $0.name == name }) else { return nil }
            scope.formUnion(found.scope)
        }
        guard !scope.isEmpty else { return nil }
        self = scope
    }

    /// `write,read`
    package var names: String { AccessScope.named.filter { contains($0.scope) }.map(\.name).joined(separator: ",") }
}
