#!/usr/bin/env python3
"""Types, units and help texts of metrics, from real clients: Debian's Prometheus that writes remotely what it scrapes of the node
exporter, the same exporter scraped here, prometheus-client's push_to_gateway, and OpenTelemetry's SDK; passed on; asked for as
Prometheus is asked, kept over a kill -9 right after the answer, a restart, and a backup. usage: metadata_test.py"""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import prometheus_peer as peer
import scrape_peer
from harness import BINARY, Checks, Server, add_python_packages, clean_environment
from scrape_peer import NodeExporter

add_python_packages()
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: E402
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics import export as sdk  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, push_to_gateway  # noqa: E402

V1 = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
V2 = {**V1, "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}


def await_equal(found, expected, what, seconds=60):
    deadline = time.monotonic() + seconds
    while found() != expected():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s; {str(found())[:500]} and {str(expected())[:500]}")
        time.sleep(0.1)


def metadata(asked, **parameters):
    """{family: {(type, help, unit)}}"""
    status, answer = asked.json("/api/v1/metadata", **parameters)
    if status != 200:
        raise AssertionError(f"{status} {answer}")
    return {family: {(one["type"], one["help"], one["unit"]) for one in all} for family, all in answer["data"].items()}


def reading(server, name):
    """Sums what /metrics has under a name, with or without labels."""
    text = server.request("GET", "/metrics")[1].decode()
    return sum(float(v) for v in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.M))


def family(name, type, help="", unit=""):
    """`prometheus.MetricMetadata`, as a field of a request."""
    return peer.field(3, peer.field(1, type) + peer.field(2, name) + peer.field(4, help) + peer.field(5, unit))


def write(server, message, headers=V1):
    status, text, _ = server.request("POST", "/api/v1/write", peer.snappy_literals(message), headers)
    return status, text.decode()


def the_same_as_prometheus(check, folder):
    """A Prometheus has what it scrapes; one Heliograph has it from there, another has scraped it itself."""
    with NodeExporter() as exporter:
        scrape = f"""
global: {{ scrape_interval: 300ms, scrape_timeout: 250ms }}
scrape_configs:
  - job_name: node
    static_configs: [ {{ targets: [ "127.0.0.1:{exporter.port}" ], labels: {{ room: "7" }} }} ]
"""
        (folder / "scrape.yml").write_text(scrape)
        with Server(folder / "written") as written, \
                Server(folder / "scraped", "--set", f"scrape.config_file={folder / 'scrape.yml'}") as scraped:
            remote = f"""
remote_write:
  - url: http://127.0.0.1:{written.port}/api/v1/write
    metadata_config: {{ send: true, send_interval: 500ms }}
"""
            with peer.Prometheus(folder / "prometheus", scrape + remote) as prometheus:
                prometheus.wait_for('up{job="node"} == 1')
                # The exporter says more at its second scrape than at its first.
                prometheus.wait_for('sum_over_time(up{job="node"}[1m]) > 3')
                theirs = metadata(prometheus)
                check(len(theirs) > 100 and ("counter", "Number of context switches.", "") not in theirs, f"{len(theirs)} families")
                await_equal(lambda: metadata(written), lambda: metadata(prometheus), "what was written remotely")
                await_equal(lambda: metadata(scraped), lambda: metadata(prometheus), "what was scraped")
                print(f"{len(theirs)} families of the node exporter are the same in both")
                for parameters in ({"metric": "node_load1"}, {"metric": "none"}, {"limit": 0}, {"metric": "node_load1", "limit_per_metric": 1}):
                    check.equal(metadata(scraped, **parameters), metadata(prometheus, **parameters), f"{parameters}")
                check.equal(len(metadata(scraped, limit=3)), 3, "a limit")
                for path, parameters in (("/api/v1/metadata", {"limit": "x"}), ("/api/v1/targets/metadata", {"limit": "x"}),
                                         ("/api/v1/targets/metadata", {"match_target": "{"}),
                                         ("/api/v1/targets/metadata", {"match_target": '{room="8"}'}),
                                         ("/api/v1/targets/metadata", {"metric": "none"})):
                    answers = [asked.json(path, **parameters) for asked in (scraped, prometheus)]
                    check.equal(*[(status, answer.get("errorType"), answer.get("data")) for status, answer in answers],
                                f"{path} {parameters}")
                check.equal(scraped.json("/api/v1/metadata", limit_per_metric="1.5")[0], 400, "half of an answer")

                def of_targets(asked, **parameters):
                    status, answer = asked.json("/api/v1/targets/metadata", **parameters)
                    check.equal(status, 200, f"{parameters}")
                    return {tuple(sorted((k, tuple(sorted(v.items())) if k == "target" else v) for k, v in one.items()))
                            for one in answer["data"]}

                for parameters in ({}, {"match_target": '{room="7"}'}, {"metric": "node_load1"},
                                   {"metric": "node_load1", "match_target": '{job="node"}', "limit": 1}):
                    check.equal(of_targets(scraped, **parameters), of_targets(prometheus, **parameters), f"targets, {parameters}")
                # What is known costs no write, however often it comes.
                commits = reading(written, "heliograph_metadata_variants")
                scrapes = lambda: float(prometheus.wait_for('count_over_time(up{job="node"}[1h])')[0]["value"][1])
                later = scrapes() + 5
                prometheus.wait_for(f'count_over_time(up{{job="node"}}[1h]) >= {later}')
                check.equal(reading(written, "heliograph_metadata_variants"), commits, "what is known stays as it is")
                check.equal(reading(written, "heliograph_metadata_families"), len(theirs), "families on /metrics")
            check.equal(metadata(written), theirs, "after the Prometheus has gone")
            check.equal(scraped.stop(), 0, "it stops")
        with Server(folder / "scraped") as again:
            check.equal(metadata(again), theirs, "after a restart, without the scraping")
            check.equal(again.json("/api/v1/targets/metadata")[1]["data"], [], "without targets there is none of theirs")


def a_kill_right_after_the_answer(check, folder):
    now = int(time.time() * 1000)
    data = folder / "killed"
    expected = {}
    for turn in range(4):
        with Server(data) as server:
            check.equal(metadata(server), expected, f"after kill {turn}")
            one = {f"alone_{turn}": {("gauge", f"Turn {turn}\nwith \"é\"", "bytes")}}
            check.equal(write(server, family(f"alone_{turn}", 2, f"Turn {turn}\nwith \"é\"", "bytes")), (204, ""), "metadata alone")
            expected |= one
            if turn == 2:
                symbols = ["", "__name__", "with_count", "Help 2", "seconds"]
                series = peer.field(1, peer.varint(1) + peer.varint(2)) + peer.field(2, b"\x09" + bytes(8) + peer.field(2, now)) \
                    + peer.field(5, peer.field(1, 3) + peer.field(3, 3) + peer.field(4, 4))
                message = b"".join(peer.field(4, symbol) for symbol in symbols) + peer.field(5, series)
                check.equal(write(server, message, V2)[0], 204, "version 2")
                expected["with"] = {("histogram", "Help 2", "seconds")}
            if turn == 3:
                # Nothing new: nothing is written.
                commits = reading(server, "heliograph_log_commits_total")
                for _ in range(20):
                    check.equal(write(server, family("alone_0", 2, "Turn 0\nwith \"é\"", "bytes"))[0], 204, "once more")
                check.equal(reading(server, "heliograph_log_commits_total"), commits, "commits for what is known")
            server.kill()
    backup, restored = folder / "backup", folder / "restored"
    for command in (["backup", "--data", data, "--to", backup], ["restore", "--from", backup, "--data", restored]):
        result = subprocess.run([BINARY, *map(str, command)], capture_output=True, text=True, env=clean_environment())
        check.equal(result.returncode, 0, f"{command[0]}: {result.stderr}")
    with Server(restored) as server:
        check.equal(metadata(server), expected, "after a backup and a restore")
        check(server.ledger()["balanced"], "metadata is no record")


def pushed(check, folder):
    with Server(folder / "pushed") as server:
        registry = CollectorRegistry()
        Counter("items", "How \"many\".", registry=registry).inc()
        Gauge("height_meters", "How\nhigh \\.", registry=registry).set(1)
        Histogram("took_seconds", "How long.", registry=registry).observe(1)
        Summary("size_bytes", "How large.", registry=registry).observe(1)
        push_to_gateway(f"127.0.0.1:{server.port}", job="batch", registry=registry)
        found = metadata(server)
        wanted = {"items_total": {("counter", "How \"many\".", "")}, "height_meters": {("gauge", "How\nhigh \\.", "")},
                  "took_seconds": {("histogram", "How long.", "")}, "size_bytes": {("summary", "How large.", "")}}
        check(found.items() >= wanted.items(), f"push_to_gateway: {found}")
        text = "# TYPE a info\n# HELP a A\na_info{x=\"y\"} 1\n# TYPE b_seconds gauge\n# UNIT b_seconds seconds\nb_seconds 1\n# EOF\n"
        status, _, _ = server.request("POST", "/api/v1/import/prometheus", text.encode())
        check.equal(status, 204, "OpenMetrics, imported")
        # Another sender says something else of the same family.
        server.request("POST", "/api/v1/import/prometheus", b"# HELP items_total Other.\nitems_total 1\n")
        found = metadata(server)
        check.equal((found["a"], found["b_seconds"]), ({("info", "A", "")}, {("gauge", "", "seconds")}), "what OpenMetrics says")
        check.equal(found["items_total"], {("counter", "How \"many\".", ""), ("unknown", "Other.", "")}, "two that disagree")
        check.equal(len(metadata(server, metric="items_total", limit_per_metric=1)["items_total"]), 1, "limit_per_metric")


def open_telemetry(check, folder):
    with Server(folder / "otlp") as server:
        reader = sdk.PeriodicExportingMetricReader(
            OTLPMetricExporter(endpoint=f"http://127.0.0.1:{server.port}/v1/metrics"), export_interval_millis=3_600_000)
        provider = MeterProvider(metric_readers=[reader], resource=Resource({"service.name": "shop", "host.name": "h"}))
        meter = provider.get_meter("shop")
        meter.create_counter("orders", "{order}", "Orders taken.").add(1)
        meter.create_up_down_counter("queue.length", "1", "Waiting.").add(1)
        meter.create_histogram("request.duration", "ms", "How long.").record(1)
        meter.create_gauge("speed", "m/s", "How fast.").set(1)
        meter.create_counter("unused", "s", "Never counted.")
        check(provider.force_flush(), "the SDK could export")
        provider.shutdown()
        server.kill()
    with Server(folder / "otlp") as server:
        check.equal(metadata(server), {
            "orders_total": {("counter", "Orders taken.", "")}, "queue_length": {("gauge", "Waiting.", "")},
            "request_duration_milliseconds": {("histogram", "How long.", "milliseconds")},
            "speed_meters_per_second": {("gauge", "How fast.", "meters_per_second")},
            "target_info": {("gauge", "Target metadata", "")}}, "OpenTelemetry's")


def passed_on(check, folder):
    """By forwarding to another Heliograph, and to a Prometheus that scrapes /federate."""
    forward = folder / "forward.yml"
    with Server(folder / "receiver") as receiver:
        url = f"http://127.0.0.1:{receiver.port}/api/v1/write"
        forward.write_text(
            f"receivers:\n  - {{name: r, url: '{url}', metadata_interval: 200ms, match: ['{{__name__=~\"kept.*\"}}']}}\n")
        with Server(folder / "sender", "--set", f"forward.file={forward}") as server:
            many = {f"kept_{n}": {("gauge", "Kept \"é\"\n", "s")} for n in range(1200)}
            sent = b"".join(family(name, 2, "Kept \"é\"\n", "s") for name in many)
            check.equal(write(server, sent + family("other", 1, "Other"))[0], 204, "metadata of many families")
            await_equal(lambda: metadata(receiver), lambda: many, "what is forwarded")
            check(reading(server, "heliograph_forward_sent_metadata_total") >= 1200, "what is forwarded is counted")
            text = "# TYPE kept_0 gauge\nkept_0 1\n# TYPE total_total counter\n# HELP total_total All.\ntotal_total 2\n"
            check.equal(server.request("POST", "/api/v1/import/prometheus", text.encode())[0], 204, "samples")
            federation = f"""
global: {{ scrape_interval: 300ms, scrape_timeout: 250ms }}
scrape_configs:
  - job_name: federated
    honor_labels: true
    metrics_path: /federate
    params: {{ "match[]": [ '{{__name__=~"kept_0|total_total"}}' ] }}
    static_configs: [ {{ targets: [ "127.0.0.1:{server.port}" ] }} ]
"""
            with peer.Prometheus(folder / "federating", federation) as prometheus:
                prometheus.wait_for("total_total == 2")
                found = metadata(prometheus)
                check.equal(found["total_total"], {("counter", "All.", "")}, "a federated counter")
                check.equal({type for type, _, _ in found["kept_0"]}, {"gauge"}, "a federated gauge")


def bounds(check, folder):
    with Server(folder / "bounds", "--set", "ingest.max_metadata_families=2") as server:
        sent = b"".join(family(name, 1, "h" * 5000) for name in ("a", "b", "c"))
        check.equal(write(server, sent)[0], 204, "beyond the limit nothing is refused")
        check.equal(metadata(server), {name: {("counter", "h" * 4096, "")} for name in ("a", "b")}, "what is kept")
        check.equal(reading(server, "heliograph_metadata_left_out_total"), 1, "left out")
        check.equal(reading(server, "heliograph_metadata_cut_total"), 3, "cut")
        check(b'heliograph_metadata_left_out_total{bound="families"} 1' in server.request("GET", "/metrics")[1], "by what bound")
        check.equal(write(server, peer.field(3, b"\x12\x7f"))[0], 400, "a broken message")


def main():
    if not peer.available() or not scrape_peer.available():
        sys.exit("prometheus or prometheus-node-exporter is not installed: apt-get install prometheus prometheus-node-exporter")
    check = Checks()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        bounds(check, folder)
        a_kill_right_after_the_answer(check, folder)
        pushed(check, folder)
        open_telemetry(check, folder)
        passed_on(check, folder)
        the_same_as_prometheus(check, folder)
    check.finish()


if __name__ == "__main__":
    main()
