/// What reads the items of a request: metrics or log records.
protocol OTLPItemDecoding {
    /// As JSON has them: `resourceMetrics`, `scopeMetrics`, `metrics`.
    static var names: (resources: String, scopes: String, items: String) { get }
    /// More came than a request may have; what is left is passed over.
    var isOverfull: Bool { get }
    /// Whether anything is made of scopes.
    var wantsScope: Bool { get }

    /// - Parameter attributes: a list in the form that `OTLPAttributes` reads.
    mutating func begin(resource attributes: [UInt8], _ places: OTLPPlaces)
    /// - Parameter attributes: name, version and schema among them; nil if they are not wanted.
    mutating func begin(scope attributes: [UInt8]?)
    mutating func read(message: ByteRange, _ places: OTLPPlaces, _ body: Span<UInt8>) throws(ProtobufError)
    mutating func read(object: inout JSONCursor, _ places: OTLPPlaces, _ body: Span<UInt8>) throws(JSONFault)
}

extension OTLPDecoding: OTLPItemDecoding {
    static var names: (resources: String, scopes: String, items: String) {
        ("resourceMetrics", "scopeMetrics", "metrics")
    }

    var wantsScope: Bool { decoder.translation.promotesScope }

    mutating func read(message: ByteRange, _ places: OTLPPlaces, _ body: Span<UInt8>) throws(ProtobufError) {
        try OTLPMessages.readMetric(message, places, body, &self)
    }

    mutating func read(object: inout JSONCursor, _ places: OTLPPlaces, _ body: Span<UInt8>) throws(JSONFault) {
        try OTLPObjects.readMetric(&object, places, body, &self)
    }
}
