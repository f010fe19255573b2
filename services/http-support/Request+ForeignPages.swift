import HTTPTypes
package import Hummingbird

extension Request {
    /// A form can be posted to any address by any page that somebody has open (https://fetch.spec.whatwg.org/#sec-fetch-site-header
    /// says from where); only pages of this server and programs may do what cannot be undone.
    ///
    /// - Parameters:
    ///   - verb: what the request is for.
    ///   - command: that does the same.
    package func refuseForeignPages(as verb: String, otherwise command: String) throws {
        let foreign = APIError(
            .forbidden, "a page of another site may not \(verb); use this server's own address, curl, or \(command)")
        guard let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ headers[$0] }) else {
            guard let origin = headers[.origin], let host = head.authority, !origin.hasSuffix("//\(host)") else {
                return
            }
            throw foreign
        }
        guard ["same-origin", "none"].contains(site) else { throw foreign }
    }
}
