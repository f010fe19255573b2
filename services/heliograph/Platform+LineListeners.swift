import LineListeners
import Processor
import SelfMetrics
import Settings
import StatsDAggregation
import WireFormats

extension Platform {
    /// Those of StatsD and Graphite that are set; to be asked for once, as they register their metrics.
    func lineListeners() -> [LineListener] {
        var listeners: [LineListener] = []
        if let address = settings.statsD.listen {
            let idle = Int64(settings.statsD.expireAfter.seconds * 1000)
            listeners.append(
                .statsD(
                    place(address), interval: settings.statsD.interval,
                    limits: .init(series: settings.statsD.maxSeries, idleMilliseconds: idle)))
        }
        if let address = settings.graphite.listen {
            listeners.append(
                .graphite(place(address), templates: settings.graphite.templates.compactMap { GraphiteTemplate($0) }))
        }
        LineCounters.register(listeners.map(\.counters), in: metrics)
        return listeners
    }

    private func place(_ address: ListenAddress) -> LineListener.Place {
        LineListener.Place(
            host: address.host, port: address.port, log: log, isBehind: { [processor] in processor.isBehind },
            logger: logger)
    }
}
