import ArgumentParser
import Foundation

struct NABCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nab",
        abstract: "Compress recorded metrics at their own timestamps: bytes per sample, file by file.",
        discussion: """
            Reads CSV files `timestamp,value` with times like 2014-04-01 00:05:00, as the Numenta Anomaly Benchmark has them \
            (github.com/numenta/NAB, folder data). The bytes are those of the columns that a block \
            holds: of one day each, and, in brackets, of 2,048 samples each whatever the day.
            """)

    @Option(help: "The folder with the CSV files, at any depth.")
    var folder: String

    @OptionGroup var report: ReportOptions

    func run() throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            print("nab: skipped, there is no folder \(folder)")
            return
        }
        let names = (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(".csv") }.sorted()
        guard !names.isEmpty else {
            print("nab: skipped, there are no CSV files in \(folder)")
            return
        }
        var report = Report()
        var total = (samples: 0, bytes: 0, uncutBytes: 0)
        for name in names {
            let recording = try Recording(path: "\(folder)/\(name)")
            let times = recording.timestamps
            let bytes = StoreDriver.encodedByteCount(timestamps: times, values: recording.values, isCutAtDays: true)
            let uncut = StoreDriver.encodedByteCount(timestamps: times, values: recording.values, isCutAtDays: false)
            total.samples += recording.values.count
            total.bytes += bytes
            total.uncutBytes += uncut
            let count = Double(recording.values.count)
            report.add(
                name, Double(bytes) / count, "bytes/sample",
                "(\(String(rounded: Double(uncut) / count)))  \(recording.values.count) samples, "
                    + "\(recording.decimals) decimals")
        }
        let count = Double(total.samples)
        report.add(
            "all", Double(total.bytes) / count, "bytes/sample",
            "(\(String(rounded: Double(total.uncutBytes) / count)))  \(total.samples) samples")
        try report.write(to: self.report.json)
    }
}

/// One recorded series, ascending by time.
private struct Recording {
    struct Malformed: Error, CustomStringConvertible {
        let path: String
        let line: Int
        let text: String
        var description: String {
            "\(path):\(line): expected `2014-04-01 00:05:00,12.5`, found `\(text.prefix(80))`"
        }
    }

    var timestamps: [Int64] = []
    var values: [Double] = []
    /// The most that a value was written with.
    var decimals = 0

    init(path: String) throws {
        var samples: [(timestamp: Int64, value: Double)] = []
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for (index, line) in text.split(whereSeparator: \.isNewline).enumerated().dropFirst() {
            let fields = line.split(separator: ",")
            guard fields.count == 2, let timestamp = Recording.milliseconds(fields[0]), let value = Double(fields[1])
            else { throw Malformed(path: path, line: index + 1, text: String(line)) }
            samples.append((timestamp, value))
            if !fields[1].contains("e"), let point = fields[1].firstIndex(of: ".") {
                decimals = max(decimals, fields[1].distance(from: point, to: fields[1].endIndex) - 1)
            }
        }
        // Recordings in local time repeat an hour in autumn: chunks hold ascending times. Sorting keeps equal ones in order.
        samples.sort { $0.timestamp < $1.timestamp }
        guard !samples.isEmpty else { throw Malformed(path: path, line: 2, text: "") }
        timestamps = samples.map(\.timestamp)
        values = samples.map(\.value)
    }

    /// `2014-04-01 00:05:00`, perhaps with a fraction, read as UTC.
    private static func milliseconds(_ text: Substring) -> Int64? {
        let numbers = text.split(whereSeparator: { "- :.".contains($0) }).compactMap { Int64($0) }
        guard numbers.count == 6 || numbers.count == 7, (1...12).contains(numbers[1]) else { return nil }
        // Days from a civil date: Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
        let year = numbers[1] <= 2 ? numbers[0] - 1 : numbers[0]
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (numbers[1] + (numbers[1] > 2 ? -3 : 9)) + 2) / 5 + numbers[2] - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return ((days * 24 + numbers[3]) * 60 + numbers[4]) * 60_000 + numbers[5] * 1_000
    }
}
