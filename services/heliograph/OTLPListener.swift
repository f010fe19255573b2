import Hummingbird
import LineListeners
import Logging
import NIOCore
import ServiceLifecycle
import Settings

/// The second address, at which OpenTelemetry's exporters send that are told nothing else.
///
/// At its default it is a service to whoever sends there, and no reason not to run where something else has it, such as a
/// collector; one that was set must be had.
struct OTLPListener: Service {
    private static let setting = "ingest.otlp.listen"

    private let platform: Platform
    private let address: ListenAddress
    private let certificates: CertificateFiles?

    /// Nil if it is off.
    init?(_ platform: Platform, certificates: CertificateFiles?) {
        guard let address = platform.settings.ingest.otlpListen else { return nil }
        self.platform = platform
        self.address = address
        self.certificates = certificates
    }

    func run() async throws {
        let logger = platform.logger
        let application = buildOTLPApplication(platform: platform, address: address, certificates: certificates) {
            host, port in
            logger.info("listening for OpenTelemetry's metrics and logs", metadata: ["address": "\(host):\(port)"])
        }
        do {
            try await OnEventLoops(service: application).run()
        } catch let error as IOError {
            let isDefault = SettingKey.all.first { $0.name == Self.setting }
                .map { platform.settings.place(of: $0) == .builtIn }
            guard isDefault == true else {
                throw ListenFailure(
                    setting: Self.setting, address: "\(address.host):\(address.port)", reason: error.description)
            }
            logger.warning(
                "the usual address of OpenTelemetry's receivers is taken; send to this server's own address, or set \(Self.setting)",
                metadata: ["address": "\(address.host):\(address.port)", "reason": "\(error.description)"])
            try? await gracefulShutdown()
        }
    }
}
