import PromQLSyntax
import TelemetryModel

extension LabelSet {
    /// As Prometheus' errors name series: `{__name__="up", job="a"}`.
    var textInBraces: String {
        let pairs = labels.map {
            "\($0.name.isLabelIdentifier ? $0.name : $0.name.promQLQuoted)=\($0.value.promQLQuoted)"
        }
        return "{\(pairs.joined(separator: ", "))}"
    }
}
