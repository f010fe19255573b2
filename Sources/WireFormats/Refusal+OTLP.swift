import NativeHistograms
import TelemetryModel

/// The sentences about OpenTelemetry's points.
extension Refusal {
    static func noTemporality() -> Refusal {
        Refusal(
            .unsupportedTemporality, field: "aggregationTemporality",
            "aggregationTemporality: expected delta (1) or cumulative (2), got none, without which nobody knows what the point "
                + "says.")
    }

    static func noTime() -> Refusal {
        Refusal(.missingField, field: "timeUnixNano", "The point has no timeUnixNano, which every point needs.")
    }

    static func timeOutOfRange(_ nanoseconds: UInt64) -> Refusal {
        Refusal(
            .timestampOutOfRange, field: "timeUnixNano",
            "timeUnixNano: expected nanoseconds of a year from 1970 to 2099, got \(nanoseconds). Check the client's clock."
        )
    }

    /// Not for clients: such a resource has no `target_info`.
    static func nothingToSay() -> Refusal {
        Refusal(.missingField, "The resource has no attributes to tell of, or none to tell it by.")
    }

    static func noNumber() -> Refusal {
        Refusal(.missingField, field: "asDouble", "The point has neither asDouble nor asInt, of which it needs one.")
    }

    static func noMetric(_ name: String) -> Refusal {
        name.isEmpty
            ? Refusal(.missingField, field: "name", "The metric has no name, which every metric needs.")
            : Refusal(
                .emptyValue, field: "name",
                "name: expected at least one letter or digit of ASCII, got \"\(Excerpt.text(Array(name.utf8)))\".")
    }

    static func noLabel(_ key: String) -> Refusal {
        Refusal(
            .emptyValue, field: "attributes",
            "attributes: expected at least one letter or digit of ASCII in a key, got \"\(Excerpt.text(Array(key.utf8)))\"."
        )
    }

    static func scaleTooCoarse(_ scale: Int64) -> Refusal {
        Refusal(
            .invalidHistogram, field: "scale",
            "scale: expected at least \(NativeHistogram.exponentialSchemas.lowerBound), got \(scale). Observations so far apart "
                + "need explicit buckets, or more buckets at a finer scale (the view's maximum size).")
    }

    static func bucketOutOfRange(_ index: Int64) -> Refusal {
        Refusal(
            .invalidHistogram, field: "offset",
            "offset: expected buckets of numbers that a 64-bit float can hold, got one with index \(index).")
    }

    static func bucketsAndBounds(buckets: Int, bounds: Int) -> Refusal {
        Refusal(
            .invalidHistogram, field: "bucketCounts",
            "bucketCounts: expected \(bounds + 1) of them for \(bounds) explicitBounds, got \(buckets).")
    }

    static func boundNotFinite(_ bound: Double) -> Refusal {
        Refusal(
            .invalidHistogram, field: "explicitBounds",
            "explicitBounds: expected numbers, got \(bound). The bucket for all above the last bound needs none.")
    }

    static func boundsDescend(_ lower: Double, _ upper: Double) -> Refusal {
        Refusal(
            .invalidHistogram, field: "explicitBounds",
            "explicitBounds: expected ascending numbers, got \(upper) after \(lower).")
    }

    static func tooManyAttributeBytes(limit: Int, got count: Int) -> Refusal {
        .tooLong("attributes", limit: limit, got: count, of: "bytes times buckets")
    }
}
