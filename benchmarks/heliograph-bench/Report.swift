import ArgumentParser
import Foundation

/// What a run measured: printed as a table, and written as JSON for other programs.
struct Report {
    struct Figure {
        let name: String
        let value: Double
        let unit: String
        let note: String
    }

    private(set) var figures: [Figure] = []
    private(set) var notes: [String] = []

    mutating func add(_ name: String, _ value: Double, _ unit: String, _ note: String = "") {
        figures.append(Figure(name: name, value: value, unit: unit, note: note))
        let digits = String(rounded: value)
        let shown = String(repeating: " ", count: max(1, 12 - digits.count)) + digits
        let label = name.padding(toLength: max(54, name.count), withPad: " ", startingAt: 0)
        print("  \(label)\(shown) \(unit)\(note.isEmpty ? "" : "   \(note)")")
    }

    mutating func note(_ text: String) {
        notes.append(text)
        print(text)
    }

    /// `{"notes": […], "figures": {name: {"value": …, "unit": …, "note": …}}}`
    func write(to path: String?) throws {
        guard let path else { return }
        var object: [String: [String: Any]] = [:]
        for figure in figures {
            object[figure.name] = ["value": figure.value, "unit": figure.unit, "note": figure.note]
        }
        let data = try JSONSerialization.data(
            withJSONObject: ["notes": notes, "figures": object] as [String: Any],
            options: [.prettyPrinted, .sortedKeys])
        try data.write(to: URL(fileURLWithPath: path))
    }
}

struct ReportOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Also write the figures to this file, as JSON.", valueName: "file"))
    var json: String?
}

extension [Double] {
    /// The value at or above the given share of the values, 0…1 (nearest rank). NaN without values.
    func percentile(_ share: Double) -> Double {
        guard !isEmpty else { return .nan }
        let rank = Int((share * Double(count)).rounded(.up))
        return sorted()[Swift.min(count, Swift.max(1, rank)) - 1]
    }

    var median: Double { percentile(0.5) }
}
