import Foundation
import Logging
import NIOSSL
import Settings
import Synchronization

/// The server's certificate, read again when its files change. Thread-safe.
///
/// New connections get the newest one that could be read; connections that are open keep theirs.
final class CertificateFiles: Sendable {
    private struct State {
        var context: NIOSSLContext
        var seen: [FileStamp]
    }

    /// By which a file is known to be another one.
    private struct FileStamp: Equatable {
        var inode: UInt64 = 0
        var bytes: Int64 = -1
        var seconds = 0
        var nanoseconds = 0

        init(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return }
            inode = UInt64(status.st_ino)
            bytes = Int64(status.st_size)
            seconds = Int(status.st_mtim.tv_sec)
            nanoseconds = Int(status.st_mtim.tv_nsec)
        }
    }

    private let settings: HeliographSettings.TLS
    private let logger: Logger
    private let state: Mutex<State>

    /// - Throws: `CommandFailure` if they cannot be used.
    init(_ settings: HeliographSettings.TLS, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        let seen = Self.stamps(settings)
        do {
            state = Mutex(State(context: try Self.context(settings), seen: seen))
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    var context: NIOSSLContext { state.withLock { $0.context } }

    /// Reads the files if they are others than before. What cannot be used leaves the old ones in place and is told once.
    func look() {
        let seen = Self.stamps(settings)
        guard state.withLock({ $0.seen != seen }) else { return }
        do {
            let context = try Self.context(settings)
            state.withLock { state in
                state.context = context
                state.seen = seen
            }
            logger.notice("the TLS certificate was read again", metadata: ["file": "\(settings.certificateFile)"])
        } catch {
            // A pair is often written one file after the other: it is looked at again when either changes.
            state.withLock { $0.seen = seen }
            logger.error(
                "the new TLS certificate cannot be used; the old one stays", metadata: ["reason": "\(error)"])
        }
    }

    private static func stamps(_ settings: HeliographSettings.TLS) -> [FileStamp] {
        [settings.certificateFile, settings.keyFile, settings.clientCAFile].filter { !$0.isEmpty }.map(FileStamp.init)
    }

    private static func context(_ settings: HeliographSettings.TLS) throws -> NIOSSLContext {
        let chain = try named("tls.certificate_file", settings.certificateFile) { path in
            let chain = try NIOSSLCertificate.fromPEMFile(path)
            guard !chain.isEmpty else { throw CommandFailure("there is no certificate in it") }
            return chain
        }
        let key = try named("tls.key_file", settings.keyFile) { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if !settings.clientCAFile.isEmpty {
            let authorities = try named("tls.client_ca_file", settings.clientCAFile) {
                let authorities = try NIOSSLCertificate.fromPEMFile($0)
                guard !authorities.isEmpty else { throw CommandFailure("there is no certificate in it") }
                return authorities
            }
            configuration.trustRoots = .certificates(authorities)
            // The names in clients' certificates are theirs to choose.
            configuration.certificateVerification = .noHostnameVerification
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw CommandFailure(
                "tls.key_file: the key in \(settings.keyFile) does not go with the first certificate in "
                    + "\(settings.certificateFile): \(error)")
        }
    }

    private static func named<Value>(_ setting: String, _ path: String, _ read: (String) throws -> Value) throws
        -> Value
    {
        guard !path.isEmpty else {
            throw CommandFailure("\(setting): expected a PEM file, since tls.certificate_file is set; found nothing")
        }
        do {
            return try read(path)
        } catch {
            throw CommandFailure("\(setting): expected a PEM file, cannot use \(path): \(error)")
        }
    }
}
