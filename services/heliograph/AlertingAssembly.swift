import AlertRules
import Alerting
import EmbeddedStore
import Foundation
import HTTPSupport
import IngestLog
import Logging
import Processor
import PromQLEngine
import Settings
import TelemetryModel

/// Connects alerting to the rest of the platform.
struct AlertingAssembly {
    let platform: Platform

    /// - Throws: `CommandFailure` if the rule files or the stored states cannot be read.
    func service() throws -> AlertingService {
        let settings = platform.settings.alerts
        var configuration = AlertingConfiguration()
        configuration.ruleFiles = settings.ruleFiles
        configuration.evaluationInterval = settings.evaluationInterval
        configuration.receivers = settings.webhooks.map { WebhookReceiver(url: $0) }
        configuration.externalURL = settings.externalURL.isEmpty ? listenURL : settings.externalURL
        do {
            let database = try AlertStateDatabase(folder: platform.folder.path)
            for damage in database.damages { platform.logger.error("\(damage)") }
            guard platform.settings.demo, settings.ruleFiles.isEmpty else {
                return try AlertingService(
                    configuration: configuration, ports: ports(database), metrics: platform.metrics,
                    logger: platform.logger)
            }
            return try AlertingService(
                configuration: configuration, rules: [RuleFile.parse(DemoRules.text, path: DemoRules.path)],
                ports: ports(database), metrics: platform.metrics, logger: platform.logger)
        } catch {
            throw CommandFailure("alerts: \(error)")
        }
    }

    /// Empty while nobody knows the port.
    private var listenURL: String {
        let listen = platform.settings.listen
        guard listen.port != 0 else { return "" }
        return "http://\(listen.host.contains(":") ? "[\(listen.host)]" : listen.host):\(listen.port)"
    }

    private func ports(_ database: AlertStateDatabase) -> AlertingService.Ports {
        let platform = platform
        return AlertingService.Ports(
            evaluate: { expression, time in
                await platform.processor.waitUntilVisible()
                return try await platform.queryWork.run(isBegun: true) {
                    let result = try platform.engine.instant(expression, at: time, budget: platform.budget())
                    return try RuleEvaluator.samples(of: result)
                }
            },
            record: { samples in
                _ = try await platform.log.append(submission(samples))
            },
            waitUntilReady: { await platform.processor.waitUntilVisible() },
            store: database)
    }

    /// A sample that would begin a series over a budget becomes a dead letter, like any other record, and rules go on.
    private func submission(_ samples: [RecordedSample]) -> LogSubmission {
        var batch = TelemetryBatch()
        var rejected: [RejectedRecord] = []
        for (index, sample) in samples.enumerated() {
            do throws(SeriesBudgetExceeded) {
                let reference = try platform.log.registry.register(sample.labels)
                batch.append(reference, at: sample.timestamp, value: sample.value)
            } catch {
                rejected.append(
                    RejectedRecord(
                        index: index, field: nil, reason: error.reason, message: error.message,
                        payload: Array(sample.record.text.utf8), sourceID: sample.labels["source_id"]))
            }
        }
        return LogSubmission(
            batch: batch, rejected: rejected, ingestProtocol: .rules,
            receivedAt: Int64(Date().timeIntervalSince1970 * 1000))
    }
}

extension RecordedSample {
    /// What the sample says, to be kept as a dead letter.
    fileprivate var record: JSONText {
        var json = JSONText()
        json.object { record in
            record.field("timestamp", timestamp)
            record.key("labels")
            record.object { all in
                for label in labels.labels { all.field(label.name, label.value) }
            }
            record.field("value", value)
        }
        return json
    }
}

extension AlertStateDatabase: AlertStateStore {}
