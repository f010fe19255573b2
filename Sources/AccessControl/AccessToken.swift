/// A token as it is kept: everything but the secret.
package struct AccessToken: Equatable, Sendable {
    package let id: String
    /// For people; not unique.
    package let name: String
    package let scope: AccessScope
    /// SHA-256 of the secret.
    package let digest: [UInt8]
    /// Times are milliseconds since 1970-01-01T00:00:00Z.
    package let createdAt: Int64
    /// Nil for never.
    package let expiresAt: Int64?
    package var revokedAt: Int64?
    /// Records a second that may be sent with it; nil for what holds for all.
    package let recordsPerSecond: Int?
    /// New series that it may begin, ever; nil for as many as there may be.
    package let maximumSeries: Int?

    package init(
        id: String, name: String, scope: AccessScope, digest: [UInt8], createdAt: Int64, expiresAt: Int64? = nil,
        revokedAt: Int64? = nil, recordsPerSecond: Int? = nil, maximumSeries: Int? = nil
    ) {
        self.id = id
        self.name = name
        self.scope = scope
        self.digest = digest
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.recordsPerSecond = recordsPerSecond
        self.maximumSeries = maximumSeries
    }

    package enum State: String, Sendable { case valid, expired, revoked }

    /// - Parameter now: milliseconds since 1970.
    package func state(at now: Int64) -> State {
        if revokedAt != nil { return .revoked }
        if let expiresAt, expiresAt <= now { return .expired }
        return .valid
    }
}
