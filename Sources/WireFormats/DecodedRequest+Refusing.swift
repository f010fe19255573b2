import TelemetryModel

/// What is kept of a refused record stands for itself, so it repeats what the request said once of many: a series' labels, a
/// resource's attributes, a line's tags. Without a bound, a request of a few megabytes would come to letters of terabytes.
extension DecodedRequest {
    /// Bytes of payloads that are kept of one request.
    static let mostRefusedBytes = 128 << 20

    /// Then `rejected` has not all that was refused, and the request is to be refused as a whole.
    package var refusesTooMuch: Bool { refusedBytes > DecodedRequest.mostRefusedBytes }

    /// Keeps a refused record. Callers ask `refusesTooMuch` before they make its payload.
    mutating func refuse(_ record: RejectedRecord) {
        rejected.append(record)
        refusedBytes += record.payload.count
    }

    /// What a request is refused with that refuses too much.
    package static let tooMuchRefused =
        "Expected a request of which at most \(mostRefusedBytes) bytes are refused, got more, as each refused record repeats its "
        + "labels. Send fewer at a time. Nothing was taken."
}
