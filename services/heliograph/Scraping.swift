import ScrapeConfig
import Scraper
import ServiceLifecycle
import Settings

/// Scrapes what the setting `scrape.config_file` names, from the server's start to its end.
struct Scraping: Service {
    private let scraper: ScrapeService
    private let configuration: ScrapeConfiguration

    /// - Throws: `CommandFailure` if the file cannot be used.
    init(platform: Platform) throws {
        scraper = platform.scraper
        let path = platform.settings.scrape.configFile
        guard !path.isEmpty else {
            configuration = ScrapeConfiguration()
            return
        }
        do throws(ScrapeConfigurationError) {
            configuration = try ScrapeConfiguration.load(path)
        } catch {
            throw CommandFailure("scrape.config_file: \(error)")
        }
        platform.reloads.register("scrape.config_file") { [scraper] in
            await scraper.apply(try ScrapeConfiguration.load(path))
        }
    }

    func run() async throws {
        await scraper.apply(configuration)
        try await scraper.run()
    }
}
