/// How the pipeline keeps a record that it refused, as the letter's parameters say it beside the payload.
package enum PipelineLetterForm: Equatable, Sendable {
    /// A record of the data contract or a line of Prometheus' text format; with the time in milliseconds since 1970 at which the
    /// counting of its value began, for which neither has a place, if that is known.
    case number(startTimestamp: Int64?)
    /// A series of remote write 1.0 with one sample.
    case series

    private static let (form, start) = ("form", "start_timestamp")

    /// As a query string; empty for a number without a start.
    package var parameters: String {
        switch self {
        case .series: QueryText.encoded([(PipelineLetterForm.form, "series")])
        case .number(startTimestamp: nil): ""
        case .number(let startTimestamp?):
            QueryText.encoded([(PipelineLetterForm.start, String(startTimestamp))])
        }
    }

    /// - Parameter value: the value of a parameter, nil if it is not there.
    package init(_ value: (String) -> String?) {
        if value(PipelineLetterForm.form) == "series" {
            self = .series
        } else {
            self = .number(startTimestamp: value(PipelineLetterForm.start).flatMap { Int64($0) })
        }
    }
}
