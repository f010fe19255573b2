import Foundation

/// The rows of several recorded files in the order of their times, as they become due.
final class ReplayFeed {
    private final class Reader {
        var file: ReplayFile
        var head: ReplayRow?

        init(_ file: consuming ReplayFile) { self.file = file }
    }

    private var readers: [Reader] = []
    private let speed: ReplayOptions.Speed
    private let recordsPerSecond: Double?
    private let start: Int64
    private var shift: Int64 = 0
    private var firstTimestamp: Int64?
    /// Which reader has the earliest row, and when that was recorded; nil at the end.
    private var next: (reader: Int, timestamp: Int64)?
    private var time = TimestampText()
    private var sent = 0
    private let onBadRow: (BadRow) -> Void

    static let extensions: Set = ["csv", "ndjson", "jsonl", "json"]

    /// Opens all files; reads them through once first if they are to be shifted.
    ///
    /// - Parameters:
    ///   - now: Milliseconds since 1970: where the last row lands when rows are shifted, and the start of the pace.
    ///   - onBadRow: Told once of each line that is no record.
    init(
        options: ReplayOptions, rate: ProducerOptions.Rate, now: Int64, onBadRow: @escaping (BadRow) -> Void
    ) throws(ProducerError) {
        speed = options.speed
        start = now
        self.onBadRow = onBadRow
        if case .recordsPerSecond(let number) = rate { recordsPerSecond = number } else { recordsPerSecond = nil }
        let paths = try ReplayFeed.files(at: options.paths)
        guard !paths.isEmpty else { throw .nothingToReplay(paths: options.paths) }
        if options.isShiftedToNow {
            var last: Int64?
            for path in paths {
                let reader = try ReplayFeed.open(path, options)
                while let row = try ReplayFeed.nextRow(of: reader, onBadRow: { _ in }) {
                    last = max(last ?? row.timestamp, row.timestamp)
                }
            }
            shift = last.map { now - $0 } ?? 0
        }
        for path in paths {
            let reader = try ReplayFeed.open(path, options)
            reader.head = try ReplayFeed.nextRow(of: reader, onBadRow: onBadRow)
            if reader.head != nil { readers.append(reader) }
        }
        findNext()
        firstTimestamp = next?.timestamp
    }

    /// When the next row is to be sent, in milliseconds since 1970; nil at the end.
    var nextDue: Int64? {
        guard let first = firstTimestamp, let next else { return nil }
        var due = Double(start)
        if case .factor(let factor) = speed { due += Double(next.timestamp - first) / factor }
        if let recordsPerSecond { due = max(due, Double(start) + Double(sent) / recordsPerSecond * 1000) }
        return Int64(min(due, 0x1p62))
    }

    /// Writes the next row, if there is one.
    func step(into records: inout RecordBuffer) throws(ProducerError) {
        guard let index = next?.reader, let row = readers[index].head else { return }
        let range = TimestampText.range
        time.set(min(max(row.timestamp + shift, range.lowerBound), range.upperBound))
        records.append(row.prefix, at: time, value: row.value, message: row.message)
        sent += 1
        readers[index].head = try ReplayFeed.nextRow(of: readers[index], onBadRow: onBadRow)
        if readers[index].head == nil { readers.remove(at: index) }
        findNext()
    }

    private func findNext() {
        next = nil
        for (index, reader) in readers.enumerated() {
            guard let timestamp = reader.head?.timestamp else { continue }
            if timestamp < next?.timestamp ?? .max { next = (index, timestamp) }
        }
    }

    private static func open(_ path: String, _ options: ReplayOptions) throws(ProducerError) -> Reader {
        do {
            return Reader(try ReplayFile(path: path, metric: options.metric, source: options.source))
        } catch {
            throw .unreadable(path: path, reason: (error as NSError).localizedDescription)
        }
    }

    private static func nextRow(
        of reader: Reader, onBadRow: (BadRow) -> Void
    ) throws(ProducerError) -> ReplayRow? {
        do {
            while let result = try reader.file.next() {
                switch result {
                case .success(let row): return row
                case .failure(let bad): onBadRow(bad)
                }
            }
            return nil
        } catch {
            throw .unreadable(path: reader.file.path, reason: (error as NSError).localizedDescription)
        }
    }

    /// Files as they are, folders as the recorded data in them (not below), each sorted by name.
    private static func files(at paths: [String]) throws(ProducerError) -> [String] {
        var files: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw .unreadable(path: path, reason: "there is no such file or folder")
            }
            guard isFolder.boolValue else {
                files.append(path)
                continue
            }
            do {
                let names = try FileManager.default.contentsOfDirectory(atPath: path)
                files += names.filter { name in
                    extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased())
                }.sorted().map { URL(fileURLWithPath: path).appending(path: $0).path }
            } catch {
                throw .unreadable(path: path, reason: (error as NSError).localizedDescription)
            }
        }
        return files
    }
}
