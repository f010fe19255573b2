/// A stretch of a request's body: from `start` up to, not including, `end`.
struct ByteRange: Equatable {
    var start: Int
    var end: Int

    /// Stands for a field that the record does not have.
    static let absent = ByteRange(start: 0, end: 0)

    var count: Int { end - start }
    var isEmpty: Bool { end == start }
}
