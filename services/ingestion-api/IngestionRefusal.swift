package import HTTPSupport
import HTTPTypes
package import Hummingbird
import WireFormats

/// A refusal before a request came to its route, in the form of the route's protocol.
package enum IngestionRefusal {
    /// Nil for paths whose errors have the form that all routes share.
    package static func response(_ error: APIError, to request: Request) -> Response? {
        let contentType = request.headers[.contentType] ?? ""
        switch request.uri.path {
        case "/v1/metrics", "/api/v1/otlp/v1/metrics":
            return OTLPAnswer.failure(error, OTLPEncoding(contentType: contentType) ?? .json)
        case "/write": return LineProtocolFailure(error, .one).response(.one)
        case "/api/v2/write": return LineProtocolFailure(error, .two).response(.two)
        case "/api/v1/write":
            return RemoteWriteRoute.response(
                error, DecodedWrite(), RemoteWriteVersion(contentType: contentType) ?? .one)
        default: return nil
        }
    }
}
