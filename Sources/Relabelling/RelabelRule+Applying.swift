import Crypto
import LabelPattern
package import TelemetryModel

extension Sequence where Element == RelabelRule {
    /// What the rules, one after the other, make of labels; nil if one of them drops what bears the labels.
    package func apply(to labels: LabelSet) -> LabelSet? {
        var changed = RelabelledLabels(labels)
        for rule in self {
            guard rule.apply(to: &changed) else { return nil }
        }
        return LabelSet(changed.labels)
    }
}

extension RelabelRule {
    /// False if what bears the labels is dropped.
    func apply(to labels: inout RelabelledLabels) -> Bool {
        switch action {
        case .keep: return pattern.matchesWhole(source(labels))
        case .drop: return !pattern.matchesWhole(source(labels))
        case .keepequal: return isEqual(labels)
        case .dropequal: return !isEqual(labels)
        case .replace: replace(&labels)
        case .lowercase: labels.set(targetLabel, source(labels).mappedByScalar(to: .lowercase))
        case .uppercase: labels.set(targetLabel, source(labels).mappedByScalar(to: .uppercase))
        case .hashmod: labels.set(targetLabel, String(digest(source(labels)) % modulus))
        case .labelmap:
            for label in labels.labels {
                guard let groups = pattern.firstMatch(label.name) else { continue }
                labels.set(pattern.expand(replacement, groups), label.value)
            }
        case .labeldrop:
            for label in labels.labels where pattern.matchesWhole(label.name) { labels.remove(label.name) }
        case .labelkeep:
            for label in labels.labels where !pattern.matchesWhole(label.name) { labels.remove(label.name) }
        }
        return true
    }

    private func source(_ labels: RelabelledLabels) -> String {
        sourceLabels.map { labels[$0] }.joined(separator: separator)
    }

    /// Byte by byte, where `String`'s `==` would equate canonically equivalent texts.
    private func isEqual(_ labels: RelabelledLabels) -> Bool {
        labels[targetLabel].utf8.elementsEqual(source(labels).utf8)
    }

    private func replace(_ labels: inout RelabelledLabels) {
        guard let groups = pattern.firstMatch(source(labels)) else { return }
        let target = pattern.expand(targetLabel, groups)
        // No label has an empty name; Prometheus passes over it, too.
        guard !target.isEmpty else { return }
        labels.set(target, pattern.expand(replacement, groups))
    }

    /// The last eight bytes of the text's MD5 as a number, the first of them the most significant, as in Prometheus.
    private func digest(_ text: String) -> UInt64 {
        Insecure.MD5.hash(data: Array(text.utf8)).dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

private enum LetterCase { case lowercase, uppercase }

extension String {
    /// Scalar by scalar, as Go's `strings.ToLower` and `ToUpper` do it: by Unicode's simple mappings, of which none makes two
    /// scalars of one ("ß" stays in capitals).
    fileprivate func mappedByScalar(to letterCase: LetterCase) -> String {
        var mapped = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let properties = scalar.properties
            let candidates =
                switch letterCase {
                case .lowercase: [properties.lowercaseMapping]
                // Where the full mapping is longer, the title case is the simple mapping, if there is one.
                case .uppercase: [properties.uppercaseMapping, properties.titlecaseMapping]
                }
            let simple = candidates.first { $0.unicodeScalars.count == 1 }?.unicodeScalars.first
            // U+0130 is the one whose mapping to small letters is longer; the simple one drops its dot.
            mapped.append(simple ?? (scalar == "\u{130}" ? "i" : scalar))
        }
        return String(mapped)
    }
}
