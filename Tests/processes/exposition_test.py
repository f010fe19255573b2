#!/usr/bin/env python3
"""Prometheus' text formats, pushed by their own client (prometheus-client of PyPI): what was pushed is read back by PromQL, what a
push takes out of a group ends, what is refused is answered and kept, and the ledger adds up. usage: exposition_test.py"""
import gzip
import json
import time
import urllib.error

from harness import Checks, Server, add_python_packages, temporary_folder

add_python_packages()
from prometheus_client import (  # noqa: E402
    CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary, delete_from_gateway, generate_latest,
    push_to_gateway, pushadd_to_gateway)
from prometheus_client.openmetrics import exposition as openmetrics  # noqa: E402

IMPORT = "/api/v1/import/prometheus"
STORED = {"X-Heliograph-Ack": "stored"}


def write(server, body, path=IMPORT, headers=None, method="POST"):
    body = body if isinstance(body, bytes) else body.encode()
    status, answer, _ = server.request(method, path, body, {**STORED, **(headers or {})})
    return status, json.loads(answer) if answer else None


def values(server, expression, **parameters):
    """Values by labels, the latter as text in order."""
    return {
        ",".join(f"{name}={value}" for name, value in sorted(s["metric"].items())): float(s["value"][1])
        for s in server.query(expression, **parameters)}


def a_registry():
    """One metric of each kind."""
    registry = CollectorRegistry()
    Gauge("job_last_success_unixtime", "When.", registry=registry).set(1234.5)
    counter = Counter("job_items", "How many.", ["kind"], registry=registry)
    counter.labels("a \"b\"\\c\nd é").inc(3)
    counter.labels("x").inc(2.5)
    histogram = Histogram("job_seconds", "How long.", buckets=(0.1, 1, 10), registry=registry)
    for seconds in (0.05, 0.5, 5, 50):
        histogram.observe(seconds)
    Summary("job_bytes", "How large.", registry=registry).observe(7)
    Info("job", "What.", registry=registry).info({"version": "1.2"})
    Enum("job_state", "Which.", states=["idle", "busy"], registry=registry).state("busy")
    return registry


def pushing(check, server):
    """push_to_gateway is a PUT, pushadd_to_gateway a POST, delete_from_gateway a DELETE."""
    gateway = f"127.0.0.1:{server.port}"
    registry = a_registry()
    for kind, compression in (("plain", None), ("gzip", "gzip")):
        grouping = {"instance": "host/1 é", "kind_of": kind, "none": ""}
        push_to_gateway(gateway, job="batch job", registry=registry, grouping_key=grouping, compression=compression)
        group = f'job="batch job",instance="host/1 é",kind_of="{kind}"'
        check.equal(list(values(server, f"job_last_success_unixtime{{{group}}}").values()), [1234.5], f"a gauge, {kind}")
        found = server.query(f"job_items_total{{{group}}}")
        check.equal(
            {s["metric"]["kind"]: s["value"][1] for s in found}, {"a \"b\"\\c\nd é": "3", "x": "2.5"}, f"a counter, {kind}")
        buckets = {s["metric"]["le"]: s["value"][1] for s in server.query(f"job_seconds_bucket{{{group}}}")}
        check.equal(buckets, {"0.1": "1", "1.0": "2", "10.0": "3", "+Inf": "4"}, f"buckets, {kind}")
        check.equal(list(values(server, f"job_seconds_sum{{{group}}} + job_bytes_sum").values())[:1], [62.55], f"sums, {kind}")
        check.equal(list(values(server, f'job_info{{version="1.2",{group}}}').values()), [1], f"an info, {kind}")
        check.equal(list(values(server, f'job_state{{job_state="busy",{group}}}').values()), [1], f"an enum, {kind}")
        samples = sum(1 for line in generate_latest(registry).splitlines() if not line.startswith(b"#"))
        check.equal(len(server.query(f"{{{group}}}")), samples, f"all of it, {kind}")
    # Where VictoriaMetrics has it.
    push_to_gateway(gateway + IMPORT, job="elsewhere", registry=registry)
    check.equal(len(server.query('{job="elsewhere"}')), samples, "under /api/v1/import/prometheus")

    one, two = CollectorRegistry(), CollectorRegistry()
    Gauge("one", "1", registry=one).set(1)
    Gauge("two", "2", ["n"], registry=two).labels("x").set(2)
    push_to_gateway(gateway, job="g", registry=one)
    pushadd_to_gateway(gateway, job="g", registry=two)
    pushadd_to_gateway(gateway, job="g", registry=two, grouping_key={"instance": "i"})
    check.equal(len(server.query('{job="g"}')), 3, "pushadd adds")
    two = CollectorRegistry()
    Gauge("two", "2", ["n"], registry=two).labels("y").set(2)
    pushadd_to_gateway(gateway, job="g", registry=two)
    check.equal(values(server, 'two{job="g",instance=""}'), {"__name__=two,job=g,n=y": 2}, "pushadd replaces by name")
    push_to_gateway(gateway, job="g", registry=one)
    check.equal(
        values(server, '{job="g"}'), {"__name__=one,job=g": 1, "__name__=two,instance=i,job=g,n=x": 2}, "push replaces all")
    delete_from_gateway(gateway, job="g")
    check.equal(values(server, '{job="g"}'), {"__name__=two,instance=i,job=g,n=x": 2}, "delete, of that group only")
    delete_from_gateway(gateway, job="g", grouping_key={"instance": "i"})
    delete_from_gateway(gateway, job="never pushed")
    check.equal(server.query('{job="g"}'), [], "delete, of the other")
    check.equal(list(values(server, 'count_over_time(one{job="g"}[1m])').values()), [2], "what was pushed is still stored")
    try:
        push_to_gateway(gateway, job="", registry=one)
        check(False, "a push without a job was taken")
    except urllib.error.HTTPError as error:
        check.equal(error.code, 400, "a push without a job")


def importing(check, server, now):
    """The import path: parameters, both formats, gzip, and start times out of OpenMetrics."""
    check.equal(write(server, "imported 1\nimported{a=\"b\",job=\"own\"} 2\n", f"{IMPORT}?extra_label=job%3Dj&timestamp={now * 1000}"),
                (204, None), "parameters")
    check.equal(values(server, "imported", time=now),
                {"__name__=imported,job=j": 1, "__name__=imported,a=b,job=j": 2}, "what they did")
    check.equal(write(server, gzip.compress(f"zipped 5 {now * 1000}".encode()), headers={"Content-Encoding": "gzip"}), (204, None), "gzip")
    check.equal(values(server, "zipped", time=now), {"__name__=zipped": 5}, "what was zipped")
    text = openmetrics.generate_latest(a_registry())
    status, answer = write(server, text, f"{IMPORT}?extra_label=job%3Dom", {"Content-Type": openmetrics.CONTENT_TYPE_LATEST})
    check.equal((status, answer), (204, None), "OpenMetrics of the client")
    lines = [line for line in text.splitlines() if not line.startswith(b"#")]
    check.equal(len(server.query('{job="om"}')), len(lines), "all of it")
    created = values(server, 'job_items_created{job="om",kind="x"}').popitem()[1]
    check(abs(created - time.time()) < 3600, f"created series are series: {created}")
    start = values(server, 'start_timestamp(job_items_total{job="om",kind="x"})')
    check(start and abs(start.popitem()[1] - created) < 0.002, f"and starts: {start} {created}")
    utf8 = f'{{"pump.pressure","site.name"="north é"}} 4.5 {now}.25\n# EOF\n'
    check.equal(write(server, utf8), (204, None), "names in quotes")
    check.equal(values(server, '{"pump.pressure","site.name"="north é"}', time=now + 1),
                {"__name__=pump.pressure,site.name=north é": 4.5}, "a name in quotes")


def refusals(check, server, now):
    """What is answered to what, and that the next request works."""
    status, answer = write(server, f'good{{n="1"}} 1\nbad{{source_id="pump",x}} 1\n\ngood{{n="2"}} 1\ngood{{n="3"}} 1 soon\n')
    check.equal((status, answer["accepted"], answer["rejected"]), (400, 3 - 1, 2), f"some good, some bad: {answer}")
    check("Line 2: at column 23, expected = after the label's name" in answer["error"] and "others were taken" in answer["error"],
          answer["error"])
    check.equal([e["message"][:7] for e in answer["errors"]], ["Line 2:", "Line 5:"], "the lines")
    check.equal(len(server.query("good")), 2, "the good lines")
    letters = server.json("/api/v1/dead-letters", reason="invalid_line", source="pump")[1]["data"]["dead_letters"]
    check.equal([(l["protocol"], l["payload"]) for l in letters], [("exposition", 'bad{source_id="pump",x} 1')], "the dead letter")
    gz = {"Content-Encoding": "gzip"}
    for what, body, headers, expected, word in (
        ("nothing", b"", {}, 204, None), ("not gzip", b"hello", gz, 400, "compressed"), ("half", gzip.compress(b"m 1\n")[:-9], gz, 400, "compressed"),
        ("a bomb", gzip.compress(b"\n" * 300_000_000), gz, 413, "bytes"), ("too large", b"\n" * 40_000_000, {}, 413, "bytes"),
        ("too many", b"m 1\n" * 1_000_001, {}, 413, "1000000"), ("brotli", b"x", {"Content-Encoding": "br"}, 415, "gzip"),
        ("protobuf", b"\x01", {"Content-Type": "application/vnd.google.protobuf"}, 415, "text/plain"),
        ("not UTF-8", b'm{a="\xff"} 1\n', {}, 400, "UTF-8"), ("NUL", b"\0", {}, 400, "Line 1"), ("HTML", b"<html>", {}, 400, "Line 1"),
        ("JSON", b'{"a":1}', {}, 400, "Line 1"), ("no end", b"m 1\n", {"Content-Type": "application/openmetrics-text"}, 400, "# EOF"),
    ):
        for path in (IMPORT, "/metrics/job/j"):
            status, answer = write(server, body, path, headers)
            expected_here = 200 if expected == 204 and path != IMPORT else expected
            check.equal(status, expected_here, f"{path}: {what} ({answer})")
            check(word is None or word in answer["error"], f"{path}: {what}: expected {word!r} in {answer}")
            check.equal(write(server, f"works 1 {now * 1000}\n")[0], 204, f"the request after {what}")


def own_metrics(check, server):
    """The server's own exposition, read as such and pushed back into it."""
    status, body, headers = server.request("GET", "/metrics")
    check.equal(status, 200, "GET /metrics")
    lines = [line for line in body.decode().splitlines() if line and not line.startswith("#")]
    status, answer = write(server, body, "/metrics/job/heliograph/instance/self", {"Content-Type": headers["Content-Type"]}, "PUT")
    check.equal((status, answer), (200, None), "its own metrics pushed")
    check.equal(len(server.query('{job="heliograph"}')), len(lines), "all of them")
    check.equal(server.request("GET", "/metrics")[0], 200, "GET /metrics afterwards")
    check(values(server, 'heliograph_ledger_received_records_total{job="heliograph",protocol="exposition"}'), "the protocol in them")


def main():
    check = Checks()
    with temporary_folder() as folder:
        with Server(folder) as server:
            now = int(time.time()) - 30
            pushing(check, server)
            importing(check, server, now)
            refusals(check, server, now)
            own_metrics(check, server)
            ledger = server.ledger()
            check(ledger["balanced"] and ledger["totals"]["pending"] == 0, f"the ledger: {ledger['totals']}")
            check.equal([p["protocol"] for p in ledger["protocols"]], ["exposition"], "by protocol")
            before = len(server.query('{job=~".+"}'))
            server.kill()
        with Server(folder) as server:
            server.wait_until_ready()
            check.equal(len(server.query('{job=~".+"}')), before, "what was pushed, and what ended, after a kill")
            check(server.ledger()["balanced"], "the ledger after a kill")
            # The group is not known any more: nothing ends at once, and nothing is wrong with that.
            delete_from_gateway(f"127.0.0.1:{server.port}", job="elsewhere")
            check.equal(server.stop(), 0, "the exit code")
    check.finish()


main()
