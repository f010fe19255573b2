package import Relabelling
package import TimeSeriesStore

/// Another store that gets what the log holds.
package struct ForwardReceiver: Sendable, Equatable {
    /// Under which its position is kept.
    package var name: String
    package var url: String
    /// Series that fit any of them; all if there is none.
    package var selectors: [[LabelMatcher]] = []
    /// What makes the receiver's labels of a series', or drops it.
    package var relabelRules: [RelabelRule] = []
    package var sendsExemplars = true
    package var headers: [Header] = []
    /// Read anew for each request; nil for none.
    package var bearerTokenFile: String?
    /// Whether the results of own rules and aggregations are sent, too.
    package var sendsOwnResults = true
    /// Whether a receiver that is new gets what is in the log already.
    package var isFromBeginning = false
    package var mostSamples = 2000
    package var timeout = Duration.seconds(30)
    /// How often types, units and help texts are sent; nil for never.
    package var metadataInterval: Duration? = .seconds(60)

    package struct Header: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    package init(name: String, url: String) {
        self.name = name
        self.url = url
    }
}
