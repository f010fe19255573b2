import AccessControl
import HTTPSupport
package import SelfMetrics
import Synchronization
package import TelemetryModel
import WireFormats

/// How much tokens and sources may send. Thread-safe.
///
/// A request passes whole or is refused whole: who is told 429 sends all of it again, and nothing is lost or stored twice.
package final class IngestLimiter: Sendable {
    /// Records a second; 0 for no limit.
    package struct Rates: Sendable {
        package var perToken: Int
        package var perSource: Int
        /// Seconds' worth that may come at once.
        package var burst: Double

        package init(perToken: Int, perSource: Int, burst: Double) {
            self.perToken = perToken
            self.perSource = perSource
            self.burst = burst
        }
    }

    private let rates: Rates
    private let limits: Mutex<RateLimits>
    private let sources: SeriesSources
    private let budgets = TokenBudgets()
    private let limitedTokens = Counter()
    private let limitedSources = Counter()
    private let began = ContinuousClock.now

    package init(rates: Rates, registry: SeriesRegistry, metrics: MetricsRegistry) {
        self.rates = rates
        limits = Mutex(RateLimits(burst: rates.burst))
        sources = SeriesSources(registry: registry)
        let counters = [("token", limitedTokens), ("source", limitedSources)]
        metrics.register(
            "heliograph_rate_limited_total", .counter, help: "Requests that were put off because of a rate limit."
        ) {
            counters.map { .init(Double($0.1.value), labels: [("by", $0.0)]) }
        }
    }

    /// New series that tokens with a budget have begun: read at start, written down now and then.
    package var seriesCounts: [String: Int] { budgets.counts }
    package func restoreSeriesCounts(_ counts: [String: Int]) { budgets.restore(counts) }

    func seriesBudget(of token: AccessToken?) -> SeriesBudget? { token.flatMap(budgets.budget) }

    /// Refuses a token that has yet to pay back what it sent before.
    func check(_ token: AccessToken?) throws {
        if let charge = charge(token, records: 0) { try take([charge]) }
    }

    /// Takes the records of a request from all accounts that it concerns, or from none.
    func take(_ decoded: DecodedRequest, of token: AccessToken?) throws {
        // An exemplar a record comes with it.
        let records = max(decoded.batch.count + decoded.rejected.count, decoded.batch.exemplars.count)
        let own = charge(token, records: records)
        guard rates.perSource > 0 else {
            if let own { try take([own]) }
            return
        }
        var charges = sources.counts(of: decoded).map { RateCharge(.source($0), rate: rates.perSource, records: $1) }
        if let own { charges.append(own) }
        try take(charges)
    }

    private func charge(_ token: AccessToken?, records: Int) -> RateCharge? {
        guard let token else { return nil }
        let rate = token.recordsPerSecond ?? rates.perToken
        return rate > 0 ? RateCharge(.token(token.id), rate: rate, records: records) : nil
    }

    private func take(_ charges: [RateCharge]) throws {
        let now = (ContinuousClock.now - began).seconds
        let result: Result<Void, RateExceeded> = limits.withLock { limits in
            do throws(RateExceeded) {
                return .success(try limits.take(charges, at: now))
            } catch {
                return .failure(error)
            }
        }
        guard case .failure(let excess) = result else { return }
        switch excess.key {
        case .token: limitedTokens.add()
        case .source: limitedSources.add()
        }
        throw APIError(excess)
    }
}

extension APIError {
    init(_ excess: RateExceeded) {
        let who =
            switch excess.key {
            case .token: "this token"
            case .source(let source): "source_id \"\(source.prefix(80).filter { !$0.isNewline })\""
            }
        // A bound, for a rate may be small and a request large.
        let seconds = Int(min(3600, max(1, excess.delay.rounded(.up))))
        self.init(
            .overloaded,
            "\(who) may send \(excess.rate) records a second and has sent more; nothing of this request was taken, send it again "
                + "in \(seconds) s", retryAfterSeconds: seconds)
    }
}
