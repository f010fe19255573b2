/// One `name="value"` pair of a series' identity.
package struct Label: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The identity of a series: labels sorted by name (UTF-8 byte order), names unique, no empty values.
///
/// The metric name is the label `__name__`, as in Prometheus. A 64-bit digest over all bytes is kept beside the labels, so
/// that hashing is O(1) and unequal sets are told apart without touching the strings.
package struct LabelSet: Hashable, Sendable {
    package static let metricNameLabel = "__name__"

    package let labels: [Label]
    /// Stable within a process and between processes (it holds no per-process seed); not for untrusted hash tables
    /// whose size is not otherwise bounded.
    package let digest: UInt64

    package static let empty = LabelSet([])

    /// Sorts, drops labels with an empty value (an absent label and an empty one are the same in Prometheus' model), and
    /// keeps the last of several labels with the same name.
    package init(_ unsorted: [Label]) {
        var labels = unsorted
        if !LabelSet.isCanonical(labels) {
            var byName: [String: String] = [:]
            for label in unsorted { byName[label.name] = label.value }
            labels = byName.filter { !$0.value.isEmpty }.map { Label($0.key, $0.value) }
            labels.sort { $0.name.isOrderedBeforeByBytes($1.name) }
        }
        self.labels = labels
        self.digest = LabelSet.digest(of: labels)
    }

    package init(_ pairs: KeyValuePairs<String, String>) {
        self.init(pairs.map { Label($0.key, $0.value) })
    }

    /// Takes over what an earlier set had: its labels in their order, and its digest.
    package init(canonical labels: [Label], digest: UInt64) {
        self.labels = labels
        self.digest = digest
    }

    package var isEmpty: Bool { labels.isEmpty }
    package var metricName: String? { self[LabelSet.metricNameLabel] }

    /// The value of the label called `name`, or nil. O(labels): sets are small.
    package subscript(name: String) -> String? {
        for label in labels where label.name == name { return label.value }
        return nil
    }

    package static func == (a: LabelSet, b: LabelSet) -> Bool {
        a.digest == b.digest && a.labels == b.labels
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(digest)
    }

    private static func isCanonical(_ labels: [Label]) -> Bool {
        for index in labels.indices {
            if labels[index].value.isEmpty { return false }
            if index > 0, !labels[index - 1].name.isOrderedBeforeByBytes(labels[index].name) { return false }
        }
        return true
    }

    /// FNV-1a, 64 bit (draft-eastlake-fnv), over `name 0xFF value 0xFE` of each label; both separators cannot occur in UTF-8.
    private static func digest(of labels: [Label]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ text: String, end: UInt8) {
            let bytes = text.utf8Span.span
            for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
            hash = (hash ^ UInt64(end)) &* 0x100_0000_01b3
        }
        for label in labels {
            mix(label.name, end: 0xFF)
            mix(label.value, end: 0xFE)
        }
        return hash
    }
}

/// Order for results and for blocks: label by label, name before value, bytewise; a prefix comes first.
extension LabelSet: Comparable {
    package static func < (a: LabelSet, b: LabelSet) -> Bool {
        for (left, right) in zip(a.labels, b.labels) {
            let names = left.name.comparedByBytes(with: right.name)
            if names != 0 { return names < 0 }
            let values = left.value.comparedByBytes(with: right.value)
            if values != 0 { return values < 0 }
        }
        return a.labels.count < b.labels.count
    }
}

extension LabelSet: CustomStringConvertible {
    /// PromQL's way to write a series: `name{label="value", …}`.
    package var description: String {
        let pairs = labels.filter { $0.name != LabelSet.metricNameLabel }
            .map { "\($0.name)=\"\($0.value.escapedForLabelText)\"" }
        let name = metricName ?? ""
        return pairs.isEmpty && !name.isEmpty ? name : "\(name){\(pairs.joined(separator: ", "))}"
    }
}

extension String {
    /// Bytewise order of the UTF-8 form, which is also code-point order. Swift's own `<` compares in canonical equivalence
    /// (NFC), which would order and equate strings that are different label values.
    package func isOrderedBeforeByBytes(_ other: String) -> Bool {
        comparedByBytes(with: other) < 0
    }

    /// Below, equal to or above zero as this string comes before, is, or comes after the other in the order of their UTF-8
    /// forms.
    package func comparedByBytes(with other: String) -> Int {
        let mine = utf8Span.span
        let others = other.utf8Span.span
        var index = 0
        let shared = min(mine.count, others.count)
        while index < shared {
            // Safe: below both counts.
            let (a, b) = unsafe (mine[unchecked: index], others[unchecked: index])
            if a != b { return Int(a) - Int(b) }
            index += 1
        }
        return mine.count - others.count
    }

    /// Escapes backslash, double quote and newline as the exposition format does.
    package var escapedForLabelText: String {
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
