/// Why a record was refused. The raw values are part of the API: clients match on them, so they never change.
package enum RejectionReason: String, CaseIterable, Sendable {
    case invalidJSON = "invalid_json"
    case invalidUTF8 = "invalid_utf8"
    case nestingTooDeep = "nesting_too_deep"
    case notAnObject = "not_an_object"
    case missingField = "missing_field"
    case unknownField = "unknown_field"
    case duplicateKey = "duplicate_key"
    case wrongType = "wrong_type"
    case emptyValue = "empty_value"
    case valueTooLong = "value_too_long"
    case controlCharacter = "control_character"
    case invalidTimestamp = "invalid_timestamp"
    case timestampOutOfRange = "timestamp_out_of_range"
    case numberOutOfRange = "number_out_of_range"
    case unknownSeverity = "unknown_severity"
    case reservedTag = "reserved_tag"
    case tooManyTags = "too_many_tags"
    case seriesLimit = "series_limit"
    case sourceSeriesLimit = "source_series_limit"
    case tokenSeriesLimit = "token_series_limit"
    /// A line that the protocol's grammar does not have.
    case invalidLine = "invalid_line"
    /// Bytes that are not the protocol's message.
    case invalidMessage = "invalid_message"
    case invalidHistogram = "invalid_histogram"
    /// A value that is no number, such as a text.
    case unsupportedValue = "unsupported_value"
    /// Differences from point to point, where running totals are needed.
    case unsupportedTemporality = "unsupported_temporality"
    /// A stage of the pipeline did not let it pass.
    case refusedByPipeline = "refused_by_pipeline"
    /// More different values within an interval than are counted.
    case tooManyValues = "too_many_values"
    /// A limit of the scrape's configuration.
    case scrapeLimit = "scrape_limit"
}

/// A record that was not accepted, with all that is needed to understand, mend and replay it.
package struct RejectedRecord: Sendable, Equatable {
    /// Position in its request, from 0.
    package let index: Int
    /// The field at fault (`metric_value`, `tags.region`), or nil when the record as a whole is.
    package let field: String?
    package let reason: RejectionReason
    /// One sentence: what was expected and what came.
    package let message: String
    /// The record's own bytes, as received after decompression.
    package let payload: [UInt8]
    /// `source_id` if the record had a readable one.
    package let sourceID: String?
    /// What the request said beside its body and without which the payload is not understood, as a query string
    /// (`precision=s&db=plant`); empty if there is no such thing.
    package let parameters: String

    package init(
        index: Int, field: String?, reason: RejectionReason, message: String, payload: [UInt8], sourceID: String?,
        parameters: String = ""
    ) {
        self.index = index
        self.field = field
        self.reason = reason
        self.message = message
        self.payload = payload
        self.sourceID = sourceID
        self.parameters = parameters
    }
}
