import Foundation
import HTTPSupport
import Logging
import Settings

/// One JSON object a line on standard error.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var json = JSONText()
        json.object { line in
            line.field("time", Date().iso8601Milliseconds)
            line.field("level", event.level.rawValue)
            line.field("label", label)
            line.field("message", "\(event.message)")
            let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
            for (key, value) in all.sorted(by: { $0.key < $1.key }) { line.field(key, "\(value)") }
        }
        FileHandle.standardError.write(Data((json.text + "\n").utf8))
    }
}

/// Lines of text on standard error, as swift-log's own handler writes them.
///
/// That one makes text of all its metadata whenever any is set, which happens with every request and is for nothing if the
/// request logs nothing. This one keeps them as they are until something is logged.
struct TextLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let stream: StreamLogHandler

    init(_ stream: StreamLogHandler) { self.stream = stream }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var stream = stream
        stream.metadata = metadata
        stream.log(event: event)
    }
}

extension Logger {
    static func heliograph(_ settings: HeliographSettings.Logging) -> Logger {
        var logger = Logger(label: "heliograph") { label in
            switch settings.format {
            case .text: TextLogHandler(StreamLogHandler.standardError(label: label))
            case .json: JSONLogHandler(label: label)
            }
        }
        logger.logLevel = Logger.Level(rawValue: settings.level.rawValue) ?? .info
        return logger
    }
}
