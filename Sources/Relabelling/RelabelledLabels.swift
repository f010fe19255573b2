import TelemetryModel

/// Labels while rules work on them.
///
/// In the order in which Prometheus' builder goes over them, which decides when two labels are mapped to one name: first what
/// there was and is as it was, then what was set, in the order in which it was first set. No name twice, no empty values.
struct RelabelledLabels {
    private(set) var labels: [Label]
    /// So many of them, from the start, are as they were.
    private var originalCount: Int

    init(_ set: LabelSet) {
        labels = set.labels
        originalCount = labels.count
    }

    subscript(name: String) -> String {
        position(of: name).map { labels[$0].value } ?? ""
    }

    /// An empty value removes the label.
    mutating func set(_ name: String, _ value: String) {
        guard !value.isEmpty else { return remove(name) }
        guard let position = position(of: name) else { return labels.append(Label(name, value)) }
        if position < originalCount {
            remove(name)
            labels.append(Label(name, value))
        } else {
            labels[position] = Label(name, value)
        }
    }

    mutating func remove(_ name: String) {
        guard let position = position(of: name) else { return }
        labels.remove(at: position)
        if position < originalCount { originalCount -= 1 }
    }

    private func position(of name: String) -> Int? {
        labels.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }
}
