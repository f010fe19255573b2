#!/usr/bin/env python3
"""Exemplars of real clients: a Prometheus that keeps them and sends them on has the same ones; OpenTelemetry's SDK within spans;
texts that are pushed and scraped; and none is lost, or there twice, over kill -9. usage: exemplars_test.py"""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

import prometheus_peer as peer
import scrape_peer
from harness import BINARY, Checks, Server, add_python_packages, await_true, clean_environment

add_python_packages()

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: E402
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics import export as sdk  # noqa: E402
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: E402
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest  # noqa: E402

SNAPPY = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
V2 = {**SNAPPY, "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
TEXT = {"Content-Type": "application/openmetrics-text; version=1.0.0"}


def ask(asked, query, **parameters):
    """The answer's data, as the system that is asked gives it."""
    status, answer = asked.json("/api/v1/query_exemplars", query=query, **parameters)
    if status != 200:
        raise AssertionError(f"{query}: {status} {answer}")
    return answer["data"]


def flat(data):
    return [(series["seriesLabels"], one["labels"], float(one["value"]), one["timestamp"])
            for series in data for one in series["exemplars"]]


def metric(server, name):
    _, text, _ = server.request("GET", "/metrics")
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.decode().splitlines() if line.startswith(name))


# MARK: Prometheus

def instruments():
    registry = CollectorRegistry()
    counter = Counter("requests", "Requests.", ["route"], registry=registry)
    duration = Histogram("duration_seconds", "Durations.", ["route"], buckets=(0.1, 1, 10), registry=registry)
    return registry, counter, duration


def the_same_as_prometheus(check, folder, rounds=5):
    registry, counter, duration = instruments()
    with scrape_peer.Target(generate_latest(registry).decode(), CONTENT_TYPE_LATEST) as target:
        direct = folder / "direct.yml"
        direct.write_text(f"""
global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}
scrape_configs: [ {{ job_name: direct, static_configs: [ {{ targets: [ "{target.address}" ], labels: {{ instance: i }} }} ] }} ]
""")
        with Server(folder / "data", "--set", "demo=false", "--set", f"scrape.config_file={direct}") as server:
            configuration = f"""
global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}
scrape_configs: [ {{ job_name: sent, static_configs: [ {{ targets: [ "{target.address}" ], labels: {{ instance: i }} }} ] }} ]
remote_write:
  - url: http://127.0.0.1:{server.port}/api/v1/write
    send_exemplars: true
    queue_config: {{ batch_send_deadline: 100ms }}
"""
            with peer.Prometheus(folder / "prometheus", configuration, "--enable-feature=exemplar-storage") as prometheus:
                for number in range(rounds):
                    for route in ("/a", "/b"):
                        trace = {"trace_id": f"{number:032x}", "span_id": route}
                        counter.labels(route).inc(number, trace)
                        for seconds in (0.05, 0.5, 5, 50):
                            duration.labels(route).observe(seconds + number / 1000, trace)
                    target.page = generate_latest(registry).decode()
                    # A scrape that began after that.
                    asked = len(target.asked)
                    for job in ("sent", "direct"):
                        wanted = 10 * (number + 1)
                        await_true(lambda: len(flat(ask(server, f'{{job="{job}"}}'))) >= wanted, f"{job}, round {number}")
                    check(len(target.asked) > asked, "it was scraped meanwhile")
                for query in ("requests_total", 'rate(duration_seconds_bucket{job="sent",le!="+Inf"}[5m])', '{route="/b",job="sent"}',
                              'histogram_quantile(0.9, sum by (le) (rate(duration_seconds_bucket{job="sent"}[5m]))) / requests_total{job="sent"}',
                              "requests_total offset 1h", "1 + 1", "absent(nothing)"):
                    theirs = ask(prometheus, query) if query != "1 + 1" else []
                    ours = [series for series in ask(server, query) if series["seriesLabels"]["job"] == "sent"]
                    check.equal(ours, theirs, f"as Prometheus has them: {query}")
                found = flat(ask(server, '{job="sent"}'))
                check.equal(len(found), 10 * rounds, "exemplars that came by remote write")
                check(all(labels["__name__"] in ("requests_total", "duration_seconds_bucket") for labels, *_ in found), "their series")
                begin, end = found[0][3], found[-1][3]
                for start, stop in ((begin, begin), (begin + 0.001, end), (end + 1, end + 2)):
                    parameters = {"start": start, "end": stop}
                    ours = [s for s in ask(server, "requests_total", **parameters) if s["seriesLabels"]["job"] == "sent"]
                    check.equal(ours, ask(prometheus, "requests_total", **parameters), f"from {start} to {stop}")
                for query in ("", "up{", "{}"):
                    check.equal(server.json("/api/v1/query_exemplars", query=query)[0],
                                prometheus.json("/api/v1/query_exemplars", query=query)[0], f"the status for {query!r}")
                status, answer = server.json("/api/v1/query_exemplars", query="up", start=2, end=1)
                status2, answer2 = prometheus.json("/api/v1/query_exemplars", query="up", start=2, end=1)
                check.equal((status, answer["errorType"]), (status2, answer2["errorType"]), "an end before the start")
                check(answer2["error"] in answer["error"], f"the same words: {answer2['error']} in {answer['error']}")
            # What is scraped here is what Prometheus scraped, but for its rounding of times.
            def comparable(job):
                return sorted((json.dumps({**labels, "job": ""}, sort_keys=True), json.dumps(own, sort_keys=True), value)
                              for labels, own, value, _ in flat(ask(server, f'{{job="{job}"}}')))
            check.equal(comparable("direct"), comparable("sent"), "scraped here and there")
            by_key = {(json.dumps({**labels, "job": ""}), json.dumps(own)): at for labels, own, _, at in flat(ask(server, '{job="sent"}'))}
            check(all(abs(by_key[json.dumps({**labels, "job": ""}), json.dumps(own)] - at) < 0.0011
                      for labels, own, _, at in flat(ask(server, '{job="direct"}'))), "their times differ by a millisecond at most")
            print(f"{len(found)} exemplars compared with Prometheus")


# MARK: OpenTelemetry

def within_spans(check, folder):
    with Server(folder / "otel", "--set", "demo=false") as server:
        exporter = OTLPMetricExporter(endpoint=f"http://127.0.0.1:{server.port}/v1/metrics")
        reader = sdk.PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
        provider = MeterProvider(
            metric_readers=[reader], resource=Resource({"service.name": "shop"}),
            views=[View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())])
        meter = provider.get_meter("shop")
        counter = meter.create_counter("orders")
        duration = meter.create_histogram("duration", "s", explicit_bucket_boundaries_advisory=(0.1, 1))
        size = meter.create_histogram("size", "By")
        tracer = TracerProvider().get_tracer("shop")
        spans = {}
        for seconds in (0.05, 0.5, 5):
            with tracer.start_as_current_span("order") as span:
                context = span.get_span_context()
                spans[seconds] = {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
                duration.record(seconds, {"route": "/"})
        with tracer.start_as_current_span("order") as span:
            context = span.get_span_context()
            one = {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
            counter.add(3)
            size.record(1000)
        check(provider.force_flush(), "the SDK could export")
        provider.shutdown()
        found = {(labels["le"], value): own for labels, own, value, _ in flat(ask(server, "duration_seconds_bucket"))}
        check.equal(found, {("0.1", 0.05): spans[0.05], ("1", 0.5): spans[0.5], ("+Inf", 5.0): spans[5]},
                    "each on the bucket that counts it, with its trace and span")
        check.equal([(own, value) for _, own, value, _ in flat(ask(server, "orders_total"))], [(one, 3.0)], "a counter's")
        check.equal([(own, value) for _, own, value, _ in flat(ask(server, "size_bytes"))], [(one, 1000.0)],
                    "an exponential histogram's")
        at = [at for *_, at in flat(ask(server, "orders_total"))][0]
        check(abs(at - time.time()) < 60, f"at its own time: {at}")


# MARK: By hand

def label(number, name, value):
    return peer.field(number, peer.field(1, name) + peer.field(2, value))


def version1(exemplars):
    """A request with samples and exemplars: (series, trace, value, milliseconds)."""
    out = b""
    for series, trace, value, at in exemplars:
        exemplar = label(1, "trace_id", trace) + b"\x11" + struct.pack("<d", value) + peer.field(3, at)
        out += peer.field(1, label(1, "__name__", series) + peer.field(2, b"\x09" + struct.pack("<d", 1) + peer.field(2, at))
                          + peer.field(3, exemplar))
    return out


def by_hand(check, folder):
    now = int(time.time() * 1000)
    with Server(folder / "hand", "--set", "demo=false") as server:
        symbols = ["", "__name__", "two_total", "trace_id", "t", "x" * 2000]
        def exemplar(name, value, number):
            return peer.field(4, peer.field(1, bytes([name, value])) + b"\x11" + struct.pack("<d", number) + peer.field(3, now))
        message = b"".join(peer.field(4, text) for text in symbols) + peer.field(
            5, peer.field(1, bytes([1, 2])) + peer.field(2, b"\x09" + struct.pack("<d", 7) + peer.field(2, now))
            + exemplar(3, 4, 1) + exemplar(3, 5, 2) + exemplar(3, 77, 3) + exemplar(3, 2, 4))
        status, text, headers = server.request("POST", "/api/v1/write", peer.snappy_literals(message), V2)
        check.equal((status, text), (204, b""), "a bad exemplar refuses no sample")
        written = [headers.get(f"X-Prometheus-Remote-Write-{kind}-Written") for kind in ("Samples", "Histograms", "Exemplars")]
        check.equal(written, ["1", "0", "2"], "what was written")
        check.equal([own["trace_id"] for _, own, *_ in flat(ask(server, "two_total"))], ["t", "two_total"], "the good ones")
        check.equal(metric(server, "heliograph_ingest_exemplars_total"), 2, "accepted exemplars")
        check.equal(metric(server, "heliograph_ingest_rejected_exemplars_total"), 2, "rejected exemplars")

        registry, counter, duration = instruments()
        counter.labels("/").inc(2, {"trace_id": "pushed"})
        duration.labels("/").observe(0.5, {"trace_id": "ünicode"})
        page = generate_latest(registry)
        check.equal(server.request("POST", "/api/v1/import/prometheus", page, TEXT)[0], 204, "a pushed text")
        check.equal(server.request("PUT", "/metrics/job/nightly", page, TEXT)[0], 200, "a pushed group")
        check.equal([(labels.get("job"), own["trace_id"], value) for labels, own, value, _ in flat(ask(server, "requests_total"))],
                    [("nightly", "pushed", 2.0), (None, "pushed", 2.0)], "pushed exemplars")
        check.equal([labels["le"] for labels, *_ in flat(ask(server, 'duration_seconds_bucket{job="nightly"}'))], ["1.0"],
                    "the bucket of a pushed exemplar")
        # The same ones again are no others, unless their series is.
        server.request("POST", "/api/v1/import/prometheus", page, TEXT)
        check.equal(len(flat(ask(server, "requests_total"))), 2, "the same exemplars once more")
        check.equal(metric(server, "heliograph_exemplars_duplicate_total"), 2, "duplicates")
        # A gone series is without exemplars, and what comes later is new.
        status, _, _ = server.request("POST", "/api/v1/admin/tsdb/delete_series?match[]=requests_total")
        check.equal(status, 204, "a delete")
        check.equal(ask(server, "requests_total"), [], "exemplars of a deleted series")
        server.request("POST", "/api/v1/import/prometheus", page, TEXT)
        server.kill()
        with Server(folder / "hand", "--set", "demo=false") as again:
            again.wait_until_ready()
            check.equal([labels.get("job") for labels, *_ in flat(ask(again, "requests_total"))], [None],
                        "after a delete, a later push and a kill")

        # In partial success a warning: the points are taken.
        body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "g", "gauge": {"dataPoints": [{
            "timeUnixNano": str(now * 1_000_000), "asDouble": 1, "exemplars": [{"traceId": "xyz", "asDouble": 1}, {"asDouble": 2}]}]}}]}]}]}
        with Server(folder / "warned", "--set", "demo=false") as warned:
            status, text, _ = warned.request("POST", "/v1/metrics", json.dumps(body), {"Content-Type": "application/json"})
            partial = json.loads(text)["partialSuccess"]
            check(status == 200 and "rejectedDataPoints" not in partial and "1 exemplars" in partial["errorMessage"], f"{status} {text}")
            check.equal([value for *_, value, _ in flat(ask(warned, "g"))], [2.0], "the good one of two")


# MARK: Kills

def kills(check, folder, seed, rounds=6):
    """Before anything is written to the exemplars' file, after it, and while senders go on."""
    rng = random.Random(seed)
    data = folder / "kills"
    # A second's interval lets some of it be written before the kill; the log is not trimmed meanwhile.
    settings = ("--set", "demo=false", "--set", "head.flush_interval=1s")
    acknowledged = set()
    now = int(time.time() * 1000)
    for number in range(rounds):
        with Server(data, *settings) as server:
            server.wait_until_ready()
            verify(check, server, acknowledged, f"round {number}")
            writes_before = number % 2 == 1
            for request in range(rng.randrange(3, 12)):
                sent = [(f"m{rng.randrange(5)}_total", f"{number}-{request}-{n}", rng.choice((1.5, 2, -0.25)),
                         now + rng.randrange(-3_600_000, 3_600_000)) for n in range(rng.randrange(1, 200))]
                status, _, _ = server.request("POST", "/api/v1/write", peer.snappy_literals(version1(sent)), SNAPPY)
                if check.equal(status, 204, "a write"):
                    acknowledged.update(sent)
                if writes_before and request == 1:
                    await_true(lambda: metric(server, 'heliograph_exemplars{in="memory"}') == 0, "the file has them")
                    check(metric(server, 'heliograph_exemplars{in="database"}') > 0, "they are in the file")
            verify(check, server, acknowledged, f"before kill {number}")
            server.kill()
    with Server(data, *settings) as server:
        server.wait_until_ready()
        verify(check, server, acknowledged, "after the last kill")
        check.equal(server.stop(), 0, "a clean stop")
    run = lambda *arguments: subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, env=clean_environment())
    result = run("verify", "--data", data)
    check(result.returncode == 0 and "exemplars.sqlite" in result.stdout, f"verify: {result.stdout}{result.stderr}")
    check.equal(run("backup", "--data", data, "--to", folder / "backup").returncode, 0, "a backup")
    check.equal(run("restore", "--from", folder / "backup", "--data", folder / "restored").returncode, 0, "a restore")
    with Server(folder / "restored", *settings) as server:
        server.wait_until_ready()
        verify(check, server, acknowledged, "restored from a backup")
    print(f"{rounds} kills, {len(acknowledged)} exemplars, each there once")


def verify(check, server, acknowledged, what):
    found = [(labels["__name__"], own["trace_id"], value, round(at * 1000))
             for labels, own, value, at in flat(ask(server, '{__name__=~"m.*"}'))]
    check.equal(len(found), len(set(found)), f"{what}: none is there twice")
    missing, foreign = acknowledged - set(found), set(found) - acknowledged
    check(not missing and not foreign, f"{what}: {len(missing)} are missing, {len(foreign)} were never sent")


def main():
    check = Checks()
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 30)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="heliograph-") as name:
        folder = pathlib.Path(name)
        by_hand(check, folder)
        within_spans(check, folder)
        kills(check, folder, seed)
        if peer.available():
            the_same_as_prometheus(check, folder)
        else:
            print("prometheus is not installed: not compared")
    check.finish()


main()
