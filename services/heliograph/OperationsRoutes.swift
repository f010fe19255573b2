import HTTPSupport
import Hummingbird
import IngestLog
import Processor
import SelfMetrics
import TelemetryModel

/// `/healthz`, `/readyz`, `/metrics` and `/api/v1/ledger`.
struct OperationsRoutes: Sendable {
    static let shownSources = 1000

    let platform: Platform

    func add(to router: Router<AppContext>) {
        router.get("/healthz") { _, _ in "ok\n" }
        router.get("/readyz") { _, _ in readiness }
        // The names under which Prometheus' clients ask for the same.
        router.get("/-/healthy") { _, _ in health }
        router.get("/-/ready") { _, _ in readiness }
        router.head("/-/healthy") { _, _ in health.createHeadResponse() }
        router.head("/-/ready") { _, _ in readiness.createHeadResponse() }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: .init(string: platform.metrics.render())))
        }
        router.get("/api/v1/ledger") { _, _ in ledger }
    }

    private var health: Response { .text("Heliograph is Healthy.\n") }

    /// Ingestion is open from the start; queries are complete when the log has been read back.
    private var readiness: Response {
        let replay = platform.processor.replay
        var json = JSONText()
        json.object { answer in
            answer.field("status", replay.isComplete ? "ready" : "replaying")
            answer.field("phase", replay.isComplete ? "serving" : "reading the log back")
            answer.field("ingestion", "open")
            answer.field("queries", replay.isComplete ? "open" : "refused")
            answer.field("replay_progress", replay.share)
            answer.key("batches")
            answer.object { batches in
                batches.field("done", replay.batches.done)
                batches.field("total", replay.batches.total)
            }
            answer.key("samples")
            answer.object { samples in
                samples.field("done", replay.samples.done)
                samples.field("total", replay.samples.total)
            }
            answer.field("seconds_left", replay.secondsLeft)
        }
        return .json(json, status: replay.isComplete ? .ok : .serviceUnavailable)
    }

    private var ledger: Response {
        let snapshot = platform.processor.ledger.snapshot(of: platform.log)
        var json = JSONText()
        json.object { answer in
            answer.field("status", "success")
            answer.key("data")
            answer.object { data in
                data.field("balanced", snapshot.isBalanced)
                data.key("totals")
                data.object { totals in
                    totals.field("received", snapshot.receivedTotal)
                    let fates = snapshot.totals
                    totals.field("stored", fates.stored)
                    totals.field("duplicate", fates.duplicate)
                    totals.field("dropped", fates.dropped)
                    totals.field("dead_lettered", fates.deadLettered)
                    totals.field("pending", snapshot.pending)
                }
                data.key("dead_letters")
                data.object { snapshot.letters.write(to: &$0) }
                data.key("protocols")
                data.array { protocols in
                    for (ingestProtocol, records) in snapshot.received.sorted(by: { $0.key.rawValue < $1.key.rawValue })
                    {
                        protocols.object { item in
                            item.field("protocol", ingestProtocol.name)
                            item.field("received", records)
                        }
                    }
                }
                data.key("sources")
                data.array { sources in
                    for account in snapshot.accounts.prefix(OperationsRoutes.shownSources) {
                        write(account, to: &sources)
                    }
                }
                data.field("sources_omitted", max(0, snapshot.accounts.count - OperationsRoutes.shownSources))
            }
        }
        return .json(json)
    }

    private func write(_ account: LedgerSnapshot.Account, to sources: inout JSONText) {
        sources.object { item in
            item.field("protocol", account.id.ingestProtocol.name)
            item.field("source_id", account.id.sourceID)
            item.field("received", account.received)
            item.field("stored", account.counts.stored)
            item.field("duplicate", account.counts.duplicate)
            item.field("dropped", account.counts.dropped)
            item.field("dead_lettered", account.deadLettered)
            if account.deadLettered > 0 {
                item.key("dead_letters")
                item.object { account.letters.write(to: &$0) }
            }
        }
    }
}

extension DeadLetterCounts {
    /// What became of those that were dead-lettered: the four add up to them.
    fileprivate func write(to object: inout JSONText) {
        object.field("waiting", waiting)
        object.field("replayed", replayed)
        object.field("discarded", discarded)
        object.field("expired", expired)
    }
}
