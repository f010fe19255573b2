import Logging
import SelfMetrics
import Synchronization

extension AlertingService {
    /// Delivers what is queued for one receiver, one notification at a time, until cancelled.
    func deliverRepeatedly(to receiver: WebhookReceiver) async throws {
        guard let wake = wakes[receiver.name] else { return }
        let client = WebhookClient(client: ports.httpClient, externalURL: configuration.externalURL)
        while true {
            try Task.checkCancellation()
            switch outbox.withLock({ $0.next(for: receiver.name, now: ports.clock.now()) }) {
            case .nothing: try await wake.wait()
            case .waitUntil(let time): try await wake.wait(until: time, clock: ports.clock)
            case .deliver(let entry): try await deliver(entry, to: receiver, client)
            }
        }
    }

    private func deliver(
        _ entry: NotificationOutbox.Entry, to receiver: WebhookReceiver, _ client: WebhookClient
    ) async throws {
        // A receiver that wants no resolved alerts may have nothing to be told.
        let isEmpty = entry.notification.firing.isEmpty && entry.notification.resolved.isEmpty
        do throws(DeliveryFailure) {
            if !isEmpty { try await client.post(entry.notification, to: receiver) }
            if !isEmpty { metrics.deliveries.add() }
            settle(entry) { $0.delivered(entry) }
        } catch {
            try Task.checkCancellation()
            metrics.failedDeliveries.add()
            logger.warning(
                "a notification was not delivered; trying again",
                metadata: [
                    "receiver": "\(receiver.name)", "alert": "\(entry.key.topic.alertName)", "error": "\(error)",
                    "failures": "\(entry.failures + 1)",
                ])
            let now = ports.clock.now()
            settle(entry) { $0.failed(entry, error, now: now, backoff: configuration.backoff) }
        }
        await flushState()
    }

    /// Changes the outbox and stages what is left of the entry, in the order in which changes happen.
    private func settle(
        _ entry: NotificationOutbox.Entry, _ change: (inout NotificationOutbox) -> NotificationOutbox.Entry?
    ) {
        outbox.withLock { outbox in
            let left = change(&outbox)
            writer.stage([OutboxRecord.key(of: entry.key): left.map { OutboxRecord($0).bytes }])
        }
    }
}
