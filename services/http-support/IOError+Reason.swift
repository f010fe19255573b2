import Foundation
package import NIOCore

extension IOError {
    /// What the system says, such as "Connection refused", without the call in which it happened.
    package var reason: String { String(cString: strerror(errnoCode)) }
}
