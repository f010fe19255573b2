#!/usr/bin/env python3
"""OpenTelemetry's SDK sends differences; they are added up exactly, over kills and repeated requests. usage: otlp_delta_test.py"""
import threading
import time

from harness import Checks, Server, add_python_packages, temporary_folder

add_python_packages()

import requests  # noqa: E402
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics  # noqa: E402
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: E402
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service  # noqa: E402
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics import export as sdk  # noqa: E402
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.util.instrumentation import InstrumentationScope  # noqa: E402

DELTA = sdk.AggregationTemporality.DELTA
SECOND = 1_000_000_000


def value(server, expression, **parameters):
    """Of the only series; None if there is another number of them."""
    result = server.query(expression, **parameters)
    return float(result[0]["value"][1]) if len(result) == 1 else None


class Exporter(sdk.MetricExporter):
    """The SDK's exporter of differences, to whichever server it is told."""

    def __init__(self):
        super().__init__(preferred_temporality={Counter: DELTA, Histogram: DELTA})
        self.inner = None

    def connect(self, port):
        self.inner = OTLPMetricExporter(endpoint=f"http://127.0.0.1:{port}/v1/metrics")

    def export(self, metrics_data, timeout_millis=10_000, **kwargs):
        return self.inner.export(metrics_data, timeout_millis, **kwargs)

    def force_flush(self, timeout_millis=10_000):
        return self.inner.force_flush(timeout_millis)

    def shutdown(self, timeout_millis=30_000, **kwargs):
        self.inner.shutdown(timeout_millis, **kwargs)


class Application:
    """Instruments of an application."""

    def __init__(self):
        self.exporter = Exporter()
        reader = sdk.PeriodicExportingMetricReader(self.exporter, export_interval_millis=3_600_000)
        self.provider = MeterProvider(
            metric_readers=[reader], resource=Resource({"service.name": "delta"}),
            views=[View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())])
        meter = self.provider.get_meter("m")
        self.orders, self.wait, self.size = meter.create_counter("orders"), meter.create_histogram("wait", "s"), meter.create_histogram("size")

    def work(self, check):
        """One interval."""
        self.orders.add(3, {"kind": "web"})
        for n in range(1, 11):
            self.wait.record(n / 10)
            self.size.record(2 ** n)
        check(self.provider.force_flush(), "the SDK could export")
        # So that the next interval ends in a later millisecond.
        time.sleep(0.005)


def totals(check, server, intervals, what):
    check.equal(value(server, 'orders_total{kind="web"}'), 3 * intervals, f"{what}: a counter")
    check.equal(value(server, "wait_seconds_count"), 10 * intervals, f"{what}: a histogram's count")
    check.equal(round(value(server, "wait_seconds_sum"), 6), round(5.5 * intervals, 6), f"{what}: its sum")
    check.equal(value(server, 'wait_seconds_bucket{le="+Inf"}'), 10 * intervals, f"{what}: its last bucket")
    check.equal(value(server, "histogram_count(size)"), 10 * intervals, f"{what}: an exponential histogram's count")
    check.equal(value(server, "histogram_sum(size)"), 2046 * intervals, f"{what}: its sum")
    check.equal(value(server, "resets(orders_total[5m])"), 0, f"{what}: it never falls")


def kills(check, folder):
    """The same application over servers of which each is killed or stopped."""
    application, intervals = Application(), 0
    for ending in ("kill", "kill", "stop", None):
        with Server(folder) as server:
            server.wait_until_ready()
            application.exporter.connect(server.port)
            for _ in range(3):
                application.work(check)
                intervals += 1
            totals(check, server, intervals, f"after {intervals} intervals")
            if ending:
                getattr(server, ending)()
                continue
            check.equal(value(server, "count_over_time(orders_total[5m])"), intervals, "a sample an interval")
            ledger = server.ledger()
            check(ledger["balanced"] and ledger["totals"]["dead_lettered"] == 0, f"the ledger: {ledger['totals']}")
            application.provider.shutdown()


def request(*points, name="jobs", monotonic=True):
    """A request with points (start, end, value), in seconds."""
    numbers = [sdk.NumberDataPoint({}, start * SECOND, end * SECOND, v) for start, end, v in points]
    metric = sdk.Metric(name, "", "", sdk.Sum(numbers, DELTA, monotonic))
    scope = sdk.ScopeMetrics(InstrumentationScope("s"), [metric], "")
    return encode_metrics(sdk.MetricsData([sdk.ResourceMetrics(Resource({"service.name": "j"}), [scope], "")])).SerializeToString()


def send(server, body):
    """How many points were refused, and why."""
    answer = requests.post(
        f"http://127.0.0.1:{server.port}/v1/metrics", body, headers={"Content-Type": "application/x-protobuf"})
    if answer.status_code != 200:
        raise AssertionError(f"{answer.status_code} {answer.content}")
    partial = service.ExportMetricsServiceResponse.FromString(answer.content).partial_success
    return partial.rejected_data_points, partial.error_message


def intervals(check, folder):
    """Requests that come twice, overlap, or leave something out."""
    t = int(time.time()) - 1000
    with Server(folder) as server:
        check.equal(send(server, request((t, t + 10, 5)))[0], 0, "the first interval")
        check.equal(send(server, request((t + 10, t + 20, 7)))[0], 0, "the next one")
        # As if its answer had been lost.
        check.equal(send(server, request((t + 10, t + 20, 7)))[0], 0, "the same once more")
        check.equal(value(server, "jobs_total", time=t + 20), 12, "counts once")
        server.kill()
    with Server(folder) as server:
        server.wait_until_ready()
        check.equal(send(server, request((t + 10, t + 20, 7)))[0], 0, "the same once more, after a kill")
        check.equal(value(server, "jobs_total", time=t + 20), 12, "counts once")
        for points, words in (
                ((t, t + 10, 5), "twice or out of order"), ((t + 15, t + 30, 1), "two senders"), ((t + 40, t + 35, 1), "before")):
            refused, why = send(server, request(points))
            check.equal(refused, 1, f"{points}: {why}")
            check(words in why, f"{words} in {why}")
        letters = server.json("/api/v1/dead-letters", reason="overlapping_interval")[1]["data"]["dead_letters"]
        check.equal(len(letters), 3, "dead letters")
        check.equal(send(server, request((t + 30, t + 40, 2)))[0], 0, "an interval after a gap")
        check.equal(value(server, "jobs_total", time=t + 40), 2, "begins anew")
        check.equal(value(server, "increase(jobs_total[1m]) > bool 0", time=t + 40), 1, "which is no fall")
        check.equal(value(server, "start_timestamp(jobs_total)", time=t + 40), t + 30, "with a start of its own")
        # Out of order within a request they are put in order.
        check.equal(send(server, request((t + 50, t + 60, 1), (t + 40, t + 50, 1)))[0], 0, "two intervals, the later one first")
        check.equal(value(server, "jobs_total", time=t + 60), 4, "are added up")
        for start, end, change in ((t, t + 10, 5), (t + 20, t + 30, -2)):
            check.equal(send(server, request((start, end, change), name="level", monotonic=False))[0], 0, "a level")
        check.equal(value(server, "level", time=t + 30), 3, "a level goes on after a gap")
        refused, why = send(server, request((t + 60, t + 70, -1)))
        check.equal(refused, 1, f"a counter that falls: {why}")
        crowd(check, server, t)
        check(server.ledger()["balanced"], "the ledger adds up")


def crowd(check, server, t):
    """Many senders at once: no difference is lost or counted twice."""
    def sender(n):
        for step in range(20):
            body = request((t + step, t + step + 1, 1), name=f"crowd{n % 4}.{n}")
            for _ in range(2):
                check.equal(send(server, body)[0], 0, "a request among many")

    threads = [threading.Thread(target=sender, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [float(r["value"][1]) for r in server.query('{__name__=~"crowd.*"}', time=t + 20)]
    check.equal(found, [20.0] * 8, "totals of all senders")


def main():
    check = Checks()
    with temporary_folder() as folder:
        kills(check, folder)
    with temporary_folder() as folder:
        intervals(check, folder)
    check.finish()


if __name__ == "__main__":
    main()
