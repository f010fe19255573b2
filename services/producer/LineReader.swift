import Foundation

/// Reads a file line by line, keeping no more than one line and one block of it in memory.
struct LineReader: ~Copyable {
    /// A longer line is no record of anything; what lies beyond is skipped.
    static let maximumLineBytes = 1 << 20
    private static let blockBytes = 1 << 16

    private let handle: FileHandle
    private var block: [UInt8] = []
    private var position = 0
    /// Of the line that was returned last, from 1.
    private(set) var lineNumber = 0

    enum Line: Equatable {
        /// Without its end (`\n` or `\r\n`).
        case text([UInt8])
        case tooLong
    }

    init(path: String) throws {
        handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    }

    deinit {
        try? handle.close()
    }

    /// The next line; nil at the end. What follows the last newline is a line unless it is empty.
    mutating func next() throws -> Line? {
        var line: [UInt8] = []
        var isTooLong = false
        var isStarted = false
        while true {
            if position == block.count {
                block = [UInt8](try handle.read(upToCount: LineReader.blockBytes) ?? Data())
                position = 0
                if block.isEmpty { break }
            }
            isStarted = true
            let end = block[position...].firstIndex(of: 0x0A)
            let part = block[position..<(end ?? block.count)]
            if line.count + part.count > LineReader.maximumLineBytes { isTooLong = true } else { line += part }
            position = end.map { $0 + 1 } ?? block.count
            if end != nil { break }
        }
        guard isStarted else { return nil }
        lineNumber += 1
        if isTooLong { return .tooLong }
        if line.last == 0x0D { line.removeLast() }
        if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        return .text(line)
    }
}
