/// Where alert states and undelivered notifications survive a restart: records by key. Calls block their thread.
package protocol AlertStateStore: Sendable {
    /// All records.
    func load() throws -> [String: [UInt8]]
    /// Writes the records, and removes those whose bytes are nil, in one transaction. When this returns, the change survives a
    /// power loss; when it throws, nothing changed.
    func save(_ changes: [String: [UInt8]?]) throws
}
