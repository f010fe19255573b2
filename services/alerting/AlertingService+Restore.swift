import AlertRules
import Logging
import Synchronization

extension AlertingService {
    /// Takes up stored states and notifications. Alerts of rules that are gone are resolved, and receivers are told; a record
    /// that cannot be read is left where it is, and logged.
    func restore(_ records: [String: [UInt8]]) {
        let now = ports.clock.now()
        var groupsByKey: [String: GroupProgress] = [:]
        for progress in groups {
            groupsByKey[GroupRecord.key(file: progress.group.file, group: progress.group.name)] = progress
        }
        restoreNotifications(records.filter { $0.key.hasPrefix(OutboxRecord.keyPrefix) }, now: now)
        for (key, bytes) in records.sorted(by: { $0.key < $1.key }) where key.hasPrefix(GroupRecord.keyPrefix) {
            guard let record = readable(GroupRecord.self, key, bytes, version: \.version, GroupRecord.currentVersion)
            else { continue }
            let orphans = restore(record, into: groupsByKey[key], now: now)
            if !orphans.isEmpty {
                let changed = groupsByKey[key].map {
                    GroupRecord($0, $0.snapshot, evaluatedAt: record.evaluatedAt).bytes
                }
                queue(orphans, with: [key: changed ?? nil])
            } else if groupsByKey[key] == nil {
                writer.stage([key: nil])
            }
        }
    }

    /// Returns notifications about alerts that fired under rules that are gone.
    private func restore(_ record: GroupRecord, into progress: GroupProgress?, now: Int64) -> [AlertNotification] {
        var snapshot = progress?.snapshot
        let identities = progress?.ruleIdentities ?? []
        var orphans: [AlertNotification] = []
        for rule in record.rules {
            let state = AlertRuleState(
                rule.state, evaluatedAt: record.evaluatedAt, now: now,
                outageToleranceMilliseconds: configuration.outageTolerance.milliseconds)
            if let index = identities.firstIndex(of: rule.identity) {
                snapshot?.rules[index].alerts = state
                continue
            }
            let url = GeneratorURL.text(externalURL: configuration.externalURL, expression: rule.expression)
            let resolved = state.active.filter { $0.state == .firing && $0.lastNotifiedAt != nil }.map {
                NotifiedAlert($0, endsAt: now, generatorURL: url)
            }
            guard !resolved.isEmpty else { continue }
            let topic = AlertNotification.Topic(file: record.file, group: record.group, alertName: rule.alertName)
            orphans.append(AlertNotification(topic: topic, firing: [], resolved: resolved))
        }
        if let progress, let snapshot { progress.publish(snapshot) }
        return orphans
    }

    private func restoreNotifications(_ records: [String: [UInt8]], now: Int64) {
        for (key, bytes) in records {
            guard let record = readable(OutboxRecord.self, key, bytes, version: \.version, OutboxRecord.currentVersion)
            else { continue }
            guard wakes[record.entry.key.receiver] != nil else {
                logger.warning(
                    "a notification for a receiver that is no longer configured is given up",
                    metadata: [
                        "receiver": "\(record.entry.key.receiver)", "alert": "\(record.entry.key.topic.alertName)",
                    ])
                writer.stage([key: nil])
                continue
            }
            outbox.withLock { $0.restore(record.entry, now: now) }
        }
    }

    private func readable<Record: Decodable>(
        _ type: Record.Type, _ key: String, _ bytes: [UInt8], version: KeyPath<Record, Int>, _ expected: Int
    ) -> Record? {
        do {
            let record = try StoredJSON.value(type, from: bytes)
            if record[keyPath: version] == expected { return record }
            logger.error(
                "stored alert state is of another version and is not used",
                metadata: ["key": "\(key)", "version": "\(record[keyPath: version])"])
        } catch {
            logger.error("stored alert state cannot be read", metadata: ["key": "\(key)", "error": "\(error)"])
        }
        return nil
    }
}
