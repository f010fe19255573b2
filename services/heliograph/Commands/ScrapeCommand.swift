import ArgumentParser
import PromQLSyntax
import ScrapeConfig
import Scraper

struct ScrapeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrape", abstract: "Tools for scraping.", subcommands: [CheckScrapeCommand.self])
}

/// Says what scraping would make of a file.
struct CheckScrapeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a prometheus.yml and print its jobs, and the targets that it names itself, after relabelling.")

    @Argument(help: "The file.")
    var file: String

    func run() throws {
        let configuration: ScrapeConfiguration
        do throws(ScrapeConfigurationError) {
            configuration = try ScrapeConfiguration.load(file)
        } catch {
            throw CommandFailure("\(error)")
        }
        for note in configuration.notes { print("note: \(note)") }
        for job in configuration.jobs {
            print("\(job.name): every \(PromQLDuration.format(job.intervalMilliseconds))")
            for discovery in job.discoveries { list(discovery, of: job) }
        }
    }

    private func list(_ discovery: Discovery, of job: ScrapeJob) {
        switch discovery {
        case .fixed(let groups):
            for group in groups {
                for own in group.targets { print("  \(words(for: job.target(own, in: group)))") }
            }
        case .files(let files): print("  targets from files: \(files.paths.joined(separator: ", "))")
        case .dns(let dns): print("  targets from DNS, \(dns.record.rawValue): \(dns.names.joined(separator: ", "))")
        case .http(let http): print("  targets from \(http.url)")
        }
    }

    private func words(for target: DiscoveredTarget) -> String {
        switch target {
        case .target(let target): "\(target.url)  \(target.labels)"
        case .dropped(let discovered): "dropped by relabelling: \(discovered)"
        case .invalid(let reason, let discovered): "no target, as \(reason): \(discovered)"
        }
    }
}
