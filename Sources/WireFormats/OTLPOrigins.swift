import Synchronization

/// Short numbers for resources (and scopes) by the bytes that spell them, so that the keys of their series can be short.
///
/// A number is never given twice. When there are too many, all are forgotten, and the next requests pay for new ones.
final class OTLPOrigins: Sendable {
    private struct State {
        var numbers: [[UInt8]: UInt64] = [:]
        var byteCount = 0
        var next: UInt64 = 0
    }

    private static let mostEntries = 65_536
    private static let mostBytes = 64 << 20

    private let state = Mutex(State())

    func number(of spelling: [UInt8]) -> UInt64 {
        state.withLock { state in
            if let known = state.numbers[spelling] { return known }
            if state.numbers.count >= Self.mostEntries || state.byteCount + spelling.count > Self.mostBytes {
                state.numbers = [:]
                state.byteCount = 0
            }
            let number = state.next
            // Not in a process' life do 2^64 of them come in.
            state.next &+= 1
            state.numbers[spelling] = number
            state.byteCount += spelling.count
            return number
        }
    }
}

/// Where the points that follow come from: a resource, and a scope if its labels are wanted.
struct OTLPOrigin {
    /// Lists of attributes in the form that `OTLPAttributes` reads.
    var resource: [UInt8] = []
    /// Name, version and schema stand among its attributes.
    var scope: [UInt8] = []
    var places = OTLPPlaces()
    /// Set when it is known to `OTLPOrigins`.
    var number: UInt64 = 0

    /// What tells it from other origins.
    var spelling: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + resource.count + scope.count)
        bytes.append(littleEndian: UInt64(resource.count))
        return bytes + resource + scope
    }

    func labels(_ translation: OTLPTranslation) throws(Refusal) -> OTLPOriginLabels {
        try OTLPOriginLabels(
            resource: try OTLPAttributes.read(ByteRange(start: 0, end: resource.count), resource.span),
            scope: try OTLPAttributes.read(ByteRange(start: 0, end: scope.count), scope.span), translation)
    }
}
