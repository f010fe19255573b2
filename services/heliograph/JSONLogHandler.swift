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

extension Logger {
    static func heliograph(_ settings: HeliographSettings.Logging) -> Logger {
        var logger = Logger(label: "heliograph") { label in
            switch settings.format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label)
            }
        }
        logger.logLevel = Logger.Level(rawValue: settings.level.rawValue) ?? .info
        return logger
    }
}
