package import TelemetryModel

/// A record that was refused, as it is kept.
package struct DeadLetter: Sendable, Equatable {
    /// The raw values are stored and never reused.
    package enum State: Int, Sendable {
        /// It can be edited, replayed and discarded.
        case waiting = 0
        /// What it holds was taken; the letter stays to be looked at, and is the first to go where room is needed.
        case replayed = 1
    }

    package let id: Int64
    /// When the record came, milliseconds since 1970-01-01T00:00:00Z.
    package let receivedAt: Int64
    package let ingestProtocol: IngestProtocol
    package let sourceID: String?
    /// Why it was refused the last time; `field` and `message` belong to that.
    package let reason: String
    package let field: String?
    package let message: String
    /// Position in its request, from 0.
    package let recordIndex: Int
    package let payload: [UInt8]
    /// What the request said beside its body and without which the payload is not understood, as a query string.
    package let parameters: String
    /// Why it was refused when it came: under this it is counted.
    package let firstReason: String
    package let state: State
    /// How often it was replayed.
    package let attempts: Int
    /// When it was last edited or replayed; nil if never.
    package let changedAt: Int64?
    /// The payload as it came, if that was edited.
    package let original: [UInt8]?
    /// Changes with every edit and replay, so that nobody acts upon what is no longer there.
    package let revision: Int
}

/// Which letters are meant.
package struct DeadLetterSelection: Sendable {
    /// Time received, both ends inclusive, milliseconds since 1970-01-01T00:00:00Z.
    package var from: Int64 = .min
    package var through: Int64 = .max
    package var reason: String?
    package var sourceID: String?
    package var ingestProtocol: IngestProtocol?
    /// Nil for any.
    package var state: DeadLetter.State? = .waiting
    /// Only those with a smaller id: the next page.
    package var beforeID: Int64?
    /// Only those with a greater id.
    package var afterID: Int64?
    package var limit = 100
    /// Payload bytes after which no further letter is read.
    package var maximumBytes = 32 << 20
    /// By id; newest first if not.
    package var isAscending = false

    package init() {}
}

/// How many letters there ever were, and what became of them.
package struct DeadLetterCounts: Sendable, Equatable {
    package var records = 0
    package var replayed = 0
    package var discarded = 0
    /// Deleted because of their age or for want of room.
    package var expired = 0

    package var waiting: Int { records - replayed - discarded - expired }

    package init(records: Int = 0, replayed: Int = 0, discarded: Int = 0, expired: Int = 0) {
        self.records = records
        self.replayed = replayed
        self.discarded = discarded
        self.expired = expired
    }

    package static func += (a: inout DeadLetterCounts, b: DeadLetterCounts) {
        a.records += b.records
        a.replayed += b.replayed
        a.discarded += b.discarded
        a.expired += b.expired
    }
}

extension [DeadLetterKey: DeadLetterCounts] {
    package var sum: DeadLetterCounts { values.reduce(into: DeadLetterCounts()) { $0 += $1 } }
}

package struct DeadLetterKey: Hashable, Sendable {
    package let ingestProtocol: IngestProtocol
    /// Empty if the record had no readable source.
    package let sourceID: String
    /// That of the record's arrival.
    package let reason: String

    package init(ingestProtocol: IngestProtocol, sourceID: String, reason: String) {
        self.ingestProtocol = ingestProtocol
        self.sourceID = sourceID
        self.reason = reason
    }
}

/// What a submission does to the letter that it is a replay of, in the transaction that commits it.
package struct DeadLetterSettlement: Sendable {
    package enum Outcome: Sendable {
        /// Something of it was taken.
        case replayed
        /// Nothing was; the letter stays, with this reason.
        case refused(RejectedRecord)
    }

    package let id: Int64
    /// Of the letter as it was read: nothing is committed if it is another one by then.
    package let revision: Int
    /// When the letter came, milliseconds since 1970-01-01T00:00:00Z.
    package let arrival: Int64
    package let outcome: Outcome
    /// Takes the place of the kept payload.
    package let edited: [UInt8]?

    package init(of letter: DeadLetter, _ outcome: Outcome, edited: [UInt8]? = nil) {
        id = letter.id
        revision = letter.revision
        arrival = letter.receivedAt
        self.outcome = outcome
        self.edited = edited
    }
}

extension DeadLetterKey {
    /// Whether the records had been accepted before, and were refused by the pipeline.
    package var wasAccepted: Bool { reason == RejectionReason.refusedByPipeline.rawValue }
}
