import AccessControl
import Alerting
import AsyncHTTPClient
import DataBackup
import EmbeddedStore
import Forwarder
import Foundation
import HTTPSupport
import Hummingbird
import IngestLog
import KPIAnalytics
import LineListeners
import Logging
import NIOCore
import Processor
import Producer
import PromQLEngine
import QueryAPI
import ServiceLifecycle
import Settings
import TimeSeriesStore
import UnixSignals

/// `heliograph run`: from settings to a running server, and to its end.
struct PlatformRunner {
    let settings: HeliographSettings
    let logger: Logger

    /// How often lookup files are looked at for a change.
    private static let lookupInterval = Duration.seconds(5)

    func run() async throws {
        if BackupRestore.isUnfinished(settings.data.dir) {
            throw CommandFailure(
                "the data folder \(settings.data.dir) holds a restore that was broken off: remove what is in it, then run "
                    + "heliograph restore again")
        }
        let platform: Platform
        do {
            platform = try Platform(settings: settings, logger: logger)
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw CommandFailure("cannot open the data folder \(settings.data.dir): \(error)")
        }
        platform.processor.start()
        do {
            try platform.access.checkMayListen(settings)
            try await serve(platform)
        } catch {
            try? platform.close()
            throw error
        }
        try platform.close()
        logger.info("stopped")
    }

    private func serve(_ platform: Platform) async throws {
        let alerting = try AlertingAssembly(platform: platform).service()
        let scraping = try Scraping(platform: platform)
        let forwarding = try platform.forwarding()
        let (addresses, announcement) = AsyncStream.makeStream(of: String.self)
        let certificates = settings.tls.isOn ? try CertificateFiles(settings.tls, logger: logger) : nil
        let application = buildApplication(
            platform: platform, queries: try platform.queryEnvironment(), alerting: alerting, forwarding: forwarding,
            certificates: certificates
        ) { host, port in
            let shown = ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
            let url =
                "\(certificates == nil ? "http" : "https")://\(shown.contains(":") ? "[\(shown)]" : shown):\(port)"
            Announcement(url: url).print()
            announcement.yield(url)
            announcement.finish()
        }
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: Schedule(interval: settings.head.flushInterval) { platform.processor.flushDueWindows() }),
            .init(service: Schedule(interval: settings.compaction.interval) { platform.processor.compactor.wake() }),
            .init(
                service: Schedule(interval: .milliseconds(500)) {
                    platform.access.look()
                    certificates?.look()
                }),
            .init(service: alerting),
            .init(service: scraping),
            .init(service: ReloadSignal(reloads: platform.reloads, logger: logger)),
            .init(service: OnEventLoops(service: application)),
        ]
        if let reload = platform.pipelineReload {
            services.append(
                .init(
                    service: Schedule(interval: PlatformRunner.lookupInterval) {
                        Task { await reload.reloadIfLookupsChanged() }
                    }))
        }
        if let listener = OTLPListener(platform, certificates: certificates) {
            services.append(.init(service: listener))
        }
        if let forwarding { services.append(.init(service: forwarding)) }
        for listener in platform.lineListeners() { services.append(.init(service: listener)) }
        if settings.deadLetters.maxAge > .zero {
            services.append(.init(service: DeadLetterExpiry(platform: platform).schedule))
        }
        if let expiry = MetadataExpiry(platform: platform).schedule { services.append(.init(service: expiry)) }
        if settings.demo {
            services.append(
                .init(
                    service: DemoFleet(
                        addresses: addresses, isFirstRun: platform.log.durableOffset == 0,
                        credentials: fleetCredentials(platform),
                        logger: logger),
                    successTerminationBehavior: .ignore,
                    failureTerminationBehavior: .ignore))
        }
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.shutdown.timeout
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as ListenFailure {
            throw CommandFailure("\(error)")
        } catch let error as IOError {
            throw CommandFailure(
                "cannot listen on \(settings.listen.host):\(settings.listen.port): \(error.description); choose another "
                    + "address with --listen")
        }
    }
}

extension PlatformRunner {
    /// Of the fleet that is simulated here and sends to this very process.
    private func fleetCredentials(_ platform: Platform) -> ServerCredentials {
        var credentials = ServerCredentials(token: platform.access.fleetToken.text)
        credentials.verifiesServer = false
        return credentials
    }
}

/// Does a service's work on the event loops that it comes from (`CurrentEventLoopExecutor`).
struct OnEventLoops<Inner: Service>: Service {
    let service: Inner

    func run() async throws {
        try await withTaskExecutorPreference(CurrentEventLoopExecutor()) { try await service.run() }
    }
}

/// What a person sees when the server takes requests.
struct Announcement {
    let url: String

    func print() {
        let text = """
            Heliograph \(Heliograph.version) is running.
              dashboard  \(url)/
              send an event:
              curl -H 'Content-Type: application/json' -d '{"source_id":"me","metric_name":"greeting","metric_value":1,"message":"hello"}' \(url)/api/v1/telemetry

            """
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}

/// Does something every so often, until the server is told to stop.
struct Schedule: Service {
    let interval: Duration
    let work: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                await work()
            }
        }
    }
}
