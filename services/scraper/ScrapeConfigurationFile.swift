import ConfigurationYAML
import Foundation
package import ScrapeConfig

/// Why there is no scrape configuration, as a sentence that begins with the file's path.
package struct ScrapeConfigurationError: Error, CustomStringConvertible {
    package let description: String
}

extension ScrapeConfiguration {
    /// Bytes.
    private static let largestFile = 16 << 20

    /// Reads a `prometheus.yml`. Blocks.
    package static func load(_ path: String) throws(ScrapeConfigurationError) -> ScrapeConfiguration {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ScrapeConfigurationError(description: "\(path): there is no such file, or it may not be read")
        }
        guard data.count <= largestFile, let text = String(validating: data, as: UTF8.self) else {
            throw ScrapeConfigurationError(
                description: "\(path): expected a text in UTF-8 of at most \(largestFile) bytes, found \(data.count)")
        }
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do throws(ConfigurationFault) {
            return try ScrapeConfiguration.read(text, directory: directory)
        } catch {
            throw ScrapeConfigurationError(description: "\(path):\(error.line):\(error.column): \(error.message)")
        }
    }
}
