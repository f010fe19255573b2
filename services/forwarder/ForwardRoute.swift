package import HTTPSupport
package import Hummingbird
import IngestLog

/// `GET /api/v1/forward`: how far each receiver is.
///
/// - Parameter forwarding: nil if there is no receiver.
package func addForwardRoute(to router: Router<AppContext>, forwarding: Forwarding?) {
    router.get("/api/v1/forward") { _, _ in Forwarding.answer(forwarding?.lanes ?? []) }
}

extension Forwarding {
    fileprivate static func answer(_ lanes: [ForwardLane]) -> Response {
        .json(
            .success { data in
                data.object { data in
                    data.key("receivers")
                    data.array { list in
                        for lane in lanes {
                            let status = lane.status
                            list.object { item in
                                item.field("name", lane.receiver.name)
                                item.field("offset", status.position.offset)
                                item.field("sent_samples", status.position.sent)
                                item.field("failed_samples", status.position.failed)
                                item.field("missed_records", status.position.missed)
                                item.field("sent_exemplars", status.exemplars)
                                item.field("requests", status.requests)
                                item.field("retries", status.retries)
                                item.field("lag_seconds", status.lagSeconds)
                                item.field("pending_batches", status.pendingBatches)
                                item.field("problem", status.problem)
                            }
                        }
                    }
                }
            })
    }
}
