import ConfigurationYAML
import Foundation
import HTTPSupport
import ScrapeConfig
import TelemetryModel

/// Target groups in files, which are read again soon after they change.
struct FileTargets: TargetSource {
    /// Bytes of one file.
    private static let largestFile = 16 << 20
    private static let mostFiles = 10_000
    /// How often the files' times are looked at.
    private static let attention: Int64 = 1000
    private static let work = BlockingWork(label: "scrape-files", width: 1)

    /// By which a file that was changed is told; its content is not read for that.
    private struct Mark: Hashable, Sendable {
        let size: Int
        let modified: Date
        let number: Int
    }

    private struct Known: Sendable {
        var mark: Mark
        var groups: [TargetGroup]
    }

    let discovery: FileDiscovery
    private var known: [String: Known] = [:]
    private var hasLooked = false

    init(_ discovery: FileDiscovery) { self.discovery = discovery }

    var pauseMilliseconds: Int64 { min(discovery.refreshMilliseconds, Self.attention) }
    var name: String { discovery.paths.joined(separator: ", ") }

    mutating func look() async throws(ScrapeFailure) -> [TargetGroup]? {
        let before = known
        let (now, failure): ([String: Known], ScrapeFailure?)
        do {
            (now, failure) = try await Self.work.run(isBegun: true) { [discovery] in
                Self.read(discovery.paths, knowing: before)
            }
        } catch {
            throw ScrapeFailure("\(error)")
        }
        let isChanged = !hasLooked || now.mapValues(\.groups) != before.mapValues(\.groups)
        known = now
        guard !isChanged else {
            hasLooked = true
            // A file at fault does not keep the others' targets away; it is told of at the next look.
            return now.sorted { $0.key < $1.key }.flatMap(\.value.groups)
        }
        if let failure { throw failure }
        return nil
    }

    /// A file that cannot be read keeps the groups that it had.
    private static func read(_ paths: [String], knowing before: [String: Known]) -> ([String: Known], ScrapeFailure?) {
        var known: [String: Known] = [:]
        var failure: ScrapeFailure?
        for path in paths.flatMap(FilePattern.matches).prefix(mostFiles) where known[path] == nil {
            let old = before[path]
            guard let mark = mark(of: path) else { continue }
            if let old, old.mark == mark {
                known[path] = old
                continue
            }
            do throws(ScrapeFailure) {
                known[path] = Known(mark: mark, groups: try groups(in: path))
            } catch {
                failure = error
                // With its old mark, so that it is read, and told of, again.
                known[path] = old
            }
        }
        return (known, failure)
    }

    private static func mark(of path: String) -> Mark? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let size = attributes[.size] as? Int, let modified = attributes[.modificationDate] as? Date,
            let number = attributes[.systemFileNumber] as? Int
        else { return nil }
        return Mark(size: size, modified: modified, number: number)
    }

    private static func groups(in path: String) throws(ScrapeFailure) -> [TargetGroup] {
        guard let data = FileManager.default.contents(atPath: path), data.count <= largestFile,
            let text = String(data: data, encoding: .utf8)
        else { throw ScrapeFailure("\(path): expected a text of at most \(largestFile) bytes that may be read") }
        do throws(ConfigurationFault) {
            let groups = try path.hasSuffix(".json") ? TargetGroup.groups(json: text) : TargetGroup.groups(yaml: text)
            return groups.map { $0.adding("__meta_filepath", path) }
        } catch {
            throw ScrapeFailure("\(path): \(error)")
        }
    }
}

extension TargetGroup {
    /// With one more label for all of its targets.
    func adding(_ name: String, _ value: String) -> TargetGroup {
        TargetGroup(targets: targets, labels: LabelSet(labels.labels + [Label(name, value)]))
    }
}
