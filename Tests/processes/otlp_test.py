#!/usr/bin/env python3
"""OpenTelemetry's own SDK and exporter send metrics; PromQL reads them back. usage: otlp_test.py"""
import gzip
import json
import time

from harness import Checks, Server, add_python_packages, temporary_folder

add_python_packages()

import requests  # noqa: E402
from google.protobuf.json_format import MessageToDict  # noqa: E402
from google.rpc.status_pb2 import Status  # noqa: E402
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics  # noqa: E402
from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: E402
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: E402
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service  # noqa: E402
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics import export as sdk  # noqa: E402
from opentelemetry.sdk.metrics.view import (  # noqa: E402
    ExplicitBucketHistogramAggregation, ExponentialBucketHistogramAggregation, View)
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.util.instrumentation import InstrumentationScope  # noqa: E402

RESOURCE = Resource(
    {"service.name": "shop", "service.namespace": "eu", "service.instance.id": "i-1", "host.name": "h1", "os.type": "linux"})
SECOND = 1_000_000_000
IDENTITY = {"job": "eu/shop", "instance": "i-1", "host_name": "h1"}


def url(server, path="/v1/metrics"):
    return f"http://127.0.0.1:{server.port}{path}"


def value(server, expression, **parameters):
    """Of the only series; None if there is another number of them."""
    result = server.query(expression, **parameters)
    return float(result[0]["value"][1]) if len(result) == 1 and "value" in result[0] else None


def application(check, server):
    """Instruments of an application, exported as the SDK exports them."""
    exporter = OTLPMetricExporter(endpoint=url(server), compression=Compression.Gzip)
    # Exports when it is told to, here.
    reader = sdk.PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider(
        metric_readers=[reader], resource=RESOURCE,
        views=[
            View(instrument_name="payload.size", aggregation=ExponentialBucketHistogramAggregation()),
            View(instrument_name="request.duration", aggregation=ExplicitBucketHistogramAggregation((0.1, 0.5, 1)))])
    meter = provider.get_meter("shop", "1.0")
    orders = meter.create_counter("orders", "{order}", "Orders taken.")
    queue = meter.create_up_down_counter("queue.length", "1")
    room = meter.create_gauge("room.temperature", "Cel")
    meter.create_observable_gauge("disk.free", [lambda _: [__import__("opentelemetry").metrics.Observation(5e9, {"disk": "a"})]], "By")
    duration = meter.create_histogram("request.duration", "s")
    size = meter.create_histogram("payload.size", "By")
    for _ in range(2):
        orders.add(3, {"shop.kind": "web", "retry": True})
        queue.add(5)
        queue.add(-2)
        room.set(20.5, {"room": "a"})
        for seconds in (0.05, 0.2, 0.3, 2):
            duration.record(seconds, {"route": "/"})
        for n in range(100):
            size.record(2 ** (n / 10))
        check(provider.force_flush(), "the SDK could export")
        # So that the second export is of a later millisecond.
        time.sleep(0.01)
    labels = {**IDENTITY, "shop_kind": "web", "retry": "true"}
    found = server.query("orders_total")
    check.equal([r["metric"] for r in found], [{"__name__": "orders_total", **labels}], "labels of a counter")
    check.equal(value(server, "orders_total"), 6, "a counter")
    check.equal(value(server, "sum(rate(orders_total[1m])) > bool 0"), 1, "it rises")
    check.equal(value(server, "queue_length"), 6, "an up-down counter")
    check.equal(value(server, 'room_temperature_celsius{room="a"}'), 20.5, "a gauge")
    check.equal(value(server, 'disk_free_bytes{disk="a"}'), 5e9, "an observable gauge")
    check.equal(value(server, 'request_duration_seconds_bucket{le="0.5",route="/"}'), 6, "a bucket")
    check.equal(value(server, 'request_duration_seconds_bucket{le="+Inf"}'), 8, "the last bucket")
    check.equal(value(server, "request_duration_seconds_count"), 8, "a count")
    check.equal(round(value(server, "request_duration_seconds_sum"), 9), 5.1, "a sum")
    check.equal(value(server, "histogram_count(payload_size_bytes)"), 200, "an exponential histogram")
    middle = value(server, "histogram_quantile(0.5, payload_size_bytes)")
    check(28 < middle < 36, f"the median of powers of two up to 2^9.9 is about 2^5: {middle}")
    info = server.query("target_info")
    check.equal(len(info), 1, "one target_info")
    check(info[0]["metric"].items() >= {"job": "eu/shop", "instance": "i-1", "os_type": "linux"}.items(), f"target_info: {info}")
    joined = server.query("orders_total * on (job, instance) group_left (os_type) target_info")
    check.equal([r["metric"].get("os_type") for r in joined], ["linux"], "a join with target_info")
    provider.shutdown()


def points(start, count, step=15):
    """Moments in nanoseconds."""
    return [(start + n * step) * SECOND for n in range(count)]


def data(*metrics, scope="lib"):
    return sdk.MetricsData([
        sdk.ResourceMetrics(RESOURCE, [sdk.ScopeMetrics(InstrumentationScope(scope), list(metrics), "")], "")])


def metric(name, content, unit=""):
    return sdk.Metric(name, "", unit, content)


def history(check, server, start):
    """Half an hour with known numbers: rates and quantiles come out exactly. In one encoding, then in the other."""
    exporter = OTLPMetricExporter(endpoint=url(server))
    cumulative = sdk.AggregationTemporality.CUMULATIVE
    moments = points(start, 120)
    began = moments[0] - SECOND

    def number(t, v, attributes=None):
        return sdk.NumberDataPoint(attributes or {}, began, t, v)

    def classic(t, n):
        return sdk.HistogramDataPoint({}, began, t, 10 * n, 6.5 * n, [2 * n, 3 * n, 4 * n, n], [0.5, 1, 2], 0, 3)

    def exponential(t, n):
        # Scale 0: buckets (1, 2], (2, 4], (4, 8].
        return sdk.ExponentialHistogramDataPoint(
            {}, began, t, 8 * n, 20 * n, 0, 0, sdk.Buckets(0, [2 * n, 4 * n, 2 * n]), sdk.Buckets(0, []), 0, 1, 8)

    def request(prefix):
        return data(
            metric(f"{prefix}.jobs", sdk.Sum([number(t, 3 * n) for n, t in enumerate(moments)], cumulative, True)),
            metric(f"{prefix}.wait", sdk.Histogram([classic(t, n) for n, t in enumerate(moments)], cumulative), "s"),
            metric(f"{prefix}.size", sdk.ExponentialHistogram([exponential(t, n) for n, t in enumerate(moments)], cumulative)))

    result = exporter.export(request("a"))
    check.equal(result, sdk.MetricExportResult.SUCCESS, "the exporter's own result")
    # The same by JSON, to Prometheus' path.
    message = MessageToDict(encode_metrics(request("b")), use_integers_for_enums=True)
    answer = requests.post(
        url(server, "/api/v1/otlp/v1/metrics"), gzip.compress(json.dumps(message).encode()),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    check.equal((answer.status_code, answer.json()), (200, {}), "JSON is taken")
    at = start + 119 * 15
    for prefix in ("a", "b"):
        check.equal(round(value(server, f"rate({prefix}_jobs_total[10m])", time=at), 9), 0.2, f"{prefix}: the rate of a counter")
        classic_quantile = value(server, f"histogram_quantile(0.5, rate({prefix}_wait_seconds_bucket[10m]))", time=at)
        check.equal(round(classic_quantile, 9), 1, f"{prefix}: a quantile of classic buckets")
        native = value(server, f"histogram_quantile(0.5, rate({prefix}_size[10m]))", time=at)
        # The middle of the second bucket, which grows exponentially.
        check.equal(round(native, 6), round(2 * 2 ** 0.5, 6), f"{prefix}: a quantile of a native histogram")
        check.equal(
            round(value(server, f"histogram_sum(rate({prefix}_size[10m]))", time=at), 6), round(20 / 15, 6),
            f"{prefix}: the sum's rate of a native histogram")


def refusals(check, server):
    """What is refused is told, in the encoding of the request, and kept."""
    now = time.time_ns()
    none, cumulative = sdk.AggregationTemporality.UNSPECIFIED, sdk.AggregationTemporality.CUMULATIVE
    request = encode_metrics(data(
        metric("d", sdk.Sum([sdk.NumberDataPoint({"source_id": "pump-1"}, now - SECOND, now, 1)], none, True)),
        metric("level", sdk.Sum([sdk.NumberDataPoint({}, now - SECOND, now, 4)], cumulative, False))))
    answer = requests.post(url(server), request.SerializeToString(), headers={"Content-Type": "application/x-protobuf"})
    check.equal(value(server, 'level{job="eu/shop"}'), 4, "the points beside the refused ones")
    check.equal(server.query("d_total"), [], "nothing is stored of which nobody knows what it says")
    letters = server.json("/api/v1/dead-letters", reason="unsupported_temporality")[1]["data"]["dead_letters"]
    check(letters and all(l["protocol"] == "otlp" and l["source_id"] == "pump-1" for l in letters), f"dead letters: {letters}")
    partial = service.ExportMetricsServiceResponse.FromString(answer.content).partial_success
    check.equal(
        (answer.status_code, answer.headers["Content-Type"], partial.rejected_data_points), (200, "application/x-protobuf", 1),
        "partial success in protobuf")
    check("expected delta (1) or cumulative (2)" in partial.error_message, f"its message: {partial.error_message}")
    text = json.dumps(MessageToDict(request, use_integers_for_enums=True))
    answer = requests.post(url(server), text, headers={"Content-Type": "application/json"})
    partial = answer.json()["partialSuccess"]
    check.equal((answer.status_code, partial["rejectedDataPoints"]), (200, "1"), f"partial success in JSON: {partial}")
    # A dead letter is a request of its own.
    letter = server.json("/api/v1/dead-letters", reason="unsupported_temporality", limit=1)[1]["data"]["dead_letters"][0]
    again = requests.post(url(server), letter["payload"], headers={"Content-Type": "application/json"})
    check.equal(again.json()["partialSuccess"]["rejectedDataPoints"], "1", "a dead letter, sent again")

    answer = requests.post(url(server), b"\xff\xff", headers={"Content-Type": "application/x-protobuf"})
    status = Status.FromString(answer.content)
    check.equal((answer.status_code, status.code), (400, 3), f"no message: {status}")
    answer = requests.post(url(server), "{", headers={"Content-Type": "application/json"})
    check.equal((answer.status_code, answer.json()["code"]), (400, 3), f"no JSON: {answer.text}")
    check("line 1" in answer.json()["message"], f"where: {answer.text}")
    answer = requests.post(url(server), "x", headers={"Content-Type": "text/plain"})
    check.equal(answer.status_code, 415, "another type of content")
    answer = requests.post(
        url(server), "x", headers={"Content-Type": "application/x-protobuf", "Content-Encoding": "br"})
    check.equal(answer.status_code, 415, "a coding that is not known")
    answer = requests.post(url(server), b"\0" * (64 << 20), headers={"Content-Type": "application/x-protobuf"})
    check.equal(answer.status_code, 413, "too large a body")


def settings(check, start):
    """Which attributes become labels can be set."""
    environment = {"HELIOGRAPH_INGEST_OTLP_PROMOTE_RESOURCE_ATTRIBUTES": "os.type", "HELIOGRAPH_INGEST_OTLP_PROMOTE_SCOPE": "true"}
    with temporary_folder() as folder, Server(folder, environment=environment) as server:
        OTLPMetricExporter(endpoint=url(server)).export(
            data(metric("m", sdk.Gauge([sdk.NumberDataPoint({}, 0, start * SECOND, 1)]))))
        found = server.query("m", time=start)
        check.equal(
            [r["metric"] for r in found],
            [{"__name__": "m", "job": "eu/shop", "instance": "i-1", "os_type": "linux", "otel_scope_name": "lib"}], "labels as set")


def main():
    check = Checks()
    start = int(time.time()) - 3600
    with temporary_folder() as folder:
        with Server(folder) as server:
            application(check, server)
            history(check, server, start)
            refusals(check, server)
            before = server.ledger()
            server.kill()
        with Server(folder) as server:
            server.wait_until_ready()
            ledger = server.ledger()
            check(before["balanced"] and ledger["balanced"], f"the ledger adds up, also after kill -9: {ledger['totals']}")
            # Three series in two encodings with 120 points each: a counter, six of the classic histogram, a native one.
            check(ledger["totals"]["received"] > 2 * 8 * 120, f"what came: {ledger['totals']}")
            check.equal(ledger["totals"]["received"], before["totals"]["received"], "nothing is lost by a kill")
            check.equal([p["protocol"] for p in ledger["protocols"]], ["otlp"], "the protocol in the ledger")
            check.equal(value(server, "count_over_time(a_jobs_total[1h])", time=start + 1800), 120, "after a kill")
    settings(check, start)
    check.finish()


if __name__ == "__main__":
    main()
