import ArgumentParser

enum DeadLetterChoice {
    /// Ids, a filter or all: one of them must be said.
    static func check(ids: [Int64], filter: DeadLetterOptions, all: Bool, verb: String) throws {
        let ways = [!ids.isEmpty, !filter.parameters.isEmpty, all].count { $0 }
        guard ways == 1 else {
            throw ValidationError(
                "say what to \(verb): ids, or a filter such as --reason, or --all"
                    + (ways > 1 ? "; only one of them" : ""))
        }
    }
}
