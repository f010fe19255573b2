#!/usr/bin/env python3
"""Prometheus' HTTP API with Prometheus' own programs as clients: promtool, a Prometheus that reads remotely and one that
federates; what Grafana asks; compression, limits, clients that go away; `heliograph query`. usage: query_api_test.py"""
import gzip
import http.client
import json
import pathlib
import socket
import subprocess
import time
import urllib.parse

import prometheus_peer as peer
from harness import BINARY, Checks, Server, clean_environment, temporary_folder

START = 1_767_225_600


def command(*arguments, timeout=120, environment=None):
    return subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, timeout=timeout,
        env={**clean_environment(), **(environment or {})})


def send(check, server, times):
    """A sample of three series at each of the times, seconds."""
    records = [
        {"source_id": f"host-{host}", "metric_name": "load", "metric_value": host * 100 + index % 40 / 8,
         "timestamp": at * 1000, "tags": {"zone": "a" if host < 3 else "b"}}
        for host in (1, 2, 3) for index, at in enumerate(times)
    ]
    status, answer = server.send(records, **{"X-Heliograph-Ack": "stored"})
    check(status == 200 and answer["accepted"] == len(records), f"records: {status} {answer}")


def load(check, server):
    """Two hours of samples, one every 15 s; and the same up to now. Returns now."""
    now = int(time.time())
    for base in (START, now - 7200):
        send(check, server, range(base, base + 7200, 15))
    return now


def promtool(check, server):
    url = f"http://127.0.0.1:{server.port}"

    def run(*arguments):
        return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60)

    result = run("query", "instant", url, 'sum by (zone) (load{zone="a"})', f"--time={START + 3600}")
    check(result.returncode == 0 and '{zone="a"} => ' in result.stdout, f"promtool query instant: {result}")
    result = run("query", "range", url, "avg(load)", f"--start={START}", f"--end={START + 600}", "--step=60s")
    check(result.returncode == 0 and result.stdout.count("@[") == 11, f"promtool query range: {result}")
    result = run("query", "series", url, "--match=load", f"--start={START}", f"--end={START + 600}")
    check(result.returncode == 0 and result.stdout.count('__name__="load"') == 3, f"promtool query series: {result}")
    result = run("query", "labels", url, "source_id")
    check.equal(result.stdout.split(), ["host-1", "host-2", "host-3"], "promtool query labels")
    result = run("query", "instant", url, "sum(load")
    check(result.returncode != 0 and "parse error" in result.stderr, f"promtool with a bad query: {result}")
    # What newer versions of promtool look for.
    for kind in ("healthy", "ready"):
        check.equal(server.request("GET", f"/-/{kind}")[0], 200, f"/-/{kind}")


def grafana(check, server, now):
    """The requests of Grafana's Prometheus data source, in its order."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def post(path, *pairs):
        status, body, _ = server.request("POST", path, urllib.parse.urlencode(pairs), form)
        return status, json.loads(body)

    status, answer = post("/api/v1/query", ("query", "1+1"), ("time", "4"))
    check.equal((status, answer["data"]), (200, {"resultType": "scalar", "result": [4, "2"]}), "the health check")
    status, answer = server.json("/api/v1/status/buildinfo")
    version = tuple(int(part) for part in answer["data"]["version"].split(".")[:2])
    check(version >= (2, 24) and "features" not in answer["data"], f"buildinfo: {answer}")
    times = (("start", now - 3600), ("end", now), ("limit", 40000))
    status, answer = post("/api/v1/labels", ("match[]", "load"), ("match[]", "other"), *times)
    check.equal(answer["data"], ["__name__", "source_id", "zone"], "label names")
    query = urllib.parse.urlencode([("match[]", 'load{zone="a"}'), ("match[]", "other"), *times])
    status, body, _ = server.request("GET", f"/api/v1/label/source_id/values?{query}")
    check.equal(json.loads(body)["data"], ["host-1", "host-2"], "label values")
    status, answer = post("/api/v1/series", ("match[]", "load"), ("start", now - 60), ("end", now), ("limit", 2))
    check(len(answer["data"]) == 2 and answer["warnings"] == ["results truncated due to limit"], f"series: {answer}")
    status, answer = post(
        "/api/v1/query_exemplars", ("query", "test"), ("start", (now - 3600) * 1000), ("end", now * 1000))
    check.equal((status, answer["data"]), (200, []), "the exemplar probe")
    status, answer = post(
        "/api/v1/query_range", ("query", "avg(load)"), ("start", now - 3600), ("end", now), ("step", 15))
    check(status == 200 and len(answer["data"]["result"][0]["values"]) == 241, "a panel's query")
    for path in ("/api/v1/metadata?limit_per_metric=1", "/api/v1/targets/metadata", "/api/v1/rules", "/api/v1/alerts", "/api/v1/targets",
                 "/api/v1/scrape_pools", "/api/v1/alertmanagers", "/api/v1/notifications", "/api/v1/features",
                 "/api/v1/status/runtimeinfo", "/api/v1/status/flags", "/api/v1/status/config",
                 "/api/v1/status/tsdb", "/api/v1/status/walreplay"):
        status, answer = server.json(path)
        check(status == 200 and answer["status"] == "success", f"{path}: {status} {answer}")
    status, answer = server.json("/api/v1/status/config")
    check("max_samples: 50000000" in answer["data"]["yaml"], f"the configuration: {answer}")
    status, answer = server.json("/api/v1/format_query", query="sum(rate(load[300s]))by(zone)")
    check.equal(answer["data"], "sum by (zone) (rate(load[5m]))", "format_query")
    status, answer = server.json("/api/v1/parse_query", query="-load")
    check.equal(answer["data"]["type"], "unaryExpr", "parse_query")


def forms(check, server):
    for path, status, kind in (
        ("/api/v1/query?query=sum(", 400, "bad_data"), ("/api/v1/query?query=load&time=soon", 400, "bad_data"),
        ("/api/v1/query_range?query=load&start=0&end=100000&step=1", 400, "bad_data"),
        ("/api/v1/query?query=load*on()load&time=" + str(START + 60), 422, "execution"),
        ("/api/v1/nothing", 404, "not_found"),
        ("/api/v1/rules?group_next_token=x", 400, "bad_data"),
    ):
        found, answer = server.json(path)
        check.equal((found, answer.get("errorType")), (status, kind), path)
    path = f"/api/v1/query_range?query=load&start={START}&end={START + 7200}&step=1"
    _, plain, headers = server.request("GET", path)
    check(len(plain) > 300_000 and headers["Content-Length"] is None, "a large answer is streamed")
    _, packed, headers = server.request("GET", path, headers={"Accept-Encoding": "gzip"})
    check(headers["Content-Encoding"] == "gzip" and gzip.decompress(packed) == plain, "the same, compressed")
    check(len(packed) < len(plain) / 4, f"compression: {len(plain)} to {len(packed)}")
    status, _, headers = server.request("OPTIONS", "/api/v1/query", headers={"Origin": "http://x.example"})
    check.equal((status, headers["Access-Control-Allow-Origin"]), (204, "*"), "a preflight request")
    status, answer = server.json("/api/v1/query", query="sum(load)", time=START + 600, stats="all")
    samples = answer["data"]["stats"]["samples"]
    check(samples["totalQueryableSamples"] == 3 and samples["totalQueryableSamplesPerStep"] == [[START + 600, 3]],
          f"statistics: {answer}")


def clients_that_go_away(check, server):
    def counted(name):
        _, body, _ = server.request("GET", "/metrics")
        return next(int(line.split()[1]) for line in body.decode().splitlines()
                    if line.startswith(f"heliograph_query_{name}_total "))

    def await_count(name, wanted):
        deadline = time.monotonic() + 60
        while counted(name) < wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        check(counted(name) >= wanted, f"query_{name}_total: expected at least {wanted}, found {counted(name)}")

    slow = urllib.parse.urlencode({
        "query": "sum(quantile_over_time(0.5, quantile_over_time(0.5, load[30m:1s])[1h:1s]))", "start": START,
        "end": START + 7200, "step": 1})
    one = f"GET /api/v1/query_range?{slow} HTTP/1.1\r\nHost: x\r\n\r\n"
    quick = "GET /api/v1/query?query=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    # What is sent, and how many queries begin before the client goes. The one that runs then is given up; one that is in line
    # behind it may be given up as well, or never begin.
    for text, begun in ((one, 1), (quick + one * 2, 2)):
        requests, cancelled = counted("requests"), counted("cancelled")
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(text.encode())
            await_count("requests", requests + begun)
        await_count("cancelled", cancelled + 1)
    # A connection is fit for further requests after a query that took longer than the server waits before it watches.
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for _ in range(3):
        connection.request("GET", f"/api/v1/query_range?{slow}&timeout=400ms")
        response = connection.getresponse()
        body = json.loads(response.read())
        check.equal((response.status, body["errorType"]), (503, "timeout"), "a query over its time")
    used = connection.sock is not None
    connection.close()
    check(used, "the connection stayed open")


def remote_read(check, server, folder):
    end = (START + 7200) * 1000
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    status, body, found = server.request("POST", "/api/v1/read", peer.read_request(START * 1000, end, "load"), headers)
    check.equal((status, found["Content-Type"], found["Content-Encoding"]), (200, "application/x-protobuf", "snappy"),
                "remote read of samples")
    series = peer.samples_of(peer.snappy_content(body))
    expected = [((START + 15 * i) * 1000, 100 + i % 40 / 8) for i in range(480)]
    check.equal(series[(("__name__", "load"), ("source_id", "host-1"), ("zone", "a"))], expected, "the samples")
    check.equal(len(series), 3, "series")
    status, body, _ = server.request("POST", "/api/v1/read", b"no snappy", headers)
    check.equal(status, 400, "a request that is not compressed")
    configuration = f"""
remote_read:
  - url: http://127.0.0.1:{server.port}/api/v1/read
    read_recent: true
"""
    with peer.Prometheus(folder, configuration) as prometheus:
        query = f"sum by (zone) (count_over_time(load[2h] @ {START + 7199})) + 0 * sum by (zone) (last_over_time(load[2h] @ {START + 7199}))"
        result = {r["metric"]["zone"]: r["value"][1] for r in prometheus.wait_for(query)}
        check.equal(result, {"a": "960", "b": "480"}, "a Prometheus that reads the stream of chunks")
        exact = f'load{{source_id="host-2"}}[10m] @ {START + 600}'
        values = prometheus.wait_for(exact)[0]["values"]
        check.equal([float(v) for _, v in values], [200 + i % 40 / 8 for i in range(1, 41)] if len(values) == 40 else
                    [200 + i % 40 / 8 for i in range(0, 41)], "every sample through the chunks")


def federation(check, server, folder):
    configuration = f"""
global: {{ scrape_interval: 1s }}
scrape_configs:
  - job_name: federate
    honor_labels: true
    metrics_path: /federate
    params: {{ "match[]": ['load{{zone="a"}}'] }}
    static_configs: [ {{ targets: ["127.0.0.1:{server.port}"] }} ]
"""
    with peer.Prometheus(folder, configuration) as prometheus:
        # What is federated is the present, which is no older than the look-back.
        send(check, server, [int(time.time())])
        found = prometheus.wait_for("load")
        check.equal(sorted(r["metric"]["source_id"] for r in found), ["host-1", "host-2"], "federated series")
        ours = {r["metric"]["source_id"]: r["value"][1] for r in server.query('load{zone="a"}')}
        check.equal({r["metric"]["source_id"]: r["value"][1] for r in found}, ours, "federated values")
        check("instance" not in found[0]["metric"], f"no address of the server among the labels: {found[0]}")


def query_command(check, server, folder):
    url = f"http://127.0.0.1:{server.port}"
    at = f"{START + 600}"
    result = command("query", "load", "--url", url, "--time", at)
    lines = result.stdout.splitlines()
    check(result.returncode == 0 and lines[0].split() == ["metric", "source_id", "zone", "value"], f"a table: {result}")
    check.equal(lines[1].split(), ["load", "host-1", "a", "100"], "its first row")
    check("\x1b" not in result.stdout, "no colours without a terminal")
    times = ("--start", f"{START}", "--end", f"{START + 3600}")
    result = command("query", "avg by (zone) (load)", "--url", url, *times, "--output", "chart",
                     environment={"COLUMNS": "80"})
    check(result.returncode == 0 and "●" in result.stdout and '{zone="b"}' in result.stdout, f"a chart: {result}")
    check(max(map(len, result.stdout.splitlines())) <= 80, f"no line is longer than the terminal:\n{result.stdout}")
    result = command("query", "load", "--url", url, *times, "--step", "10m", "-o", "csv")
    check.equal(result.stdout.splitlines()[1], "2026-01-01T00:00:00.000Z,load,host-1,a,100", "CSV")
    result = command("query", "sum(load)", "--url", url, *times, "-o", "json")
    steps = json.loads(result.stdout)["data"]["result"][0]["values"]
    check(100 <= len(steps) <= 130 or len(steps) == 61, f"about a hundred steps: {len(steps)}")
    result = command("query", "sum(load", "--url", url)
    check(result.returncode == 2 and "\n          ^\n" in result.stderr, f"a caret under the mistake: {result}")
    result = command("query", "load * on() load", "--url", url, "--time", at)
    check(result.returncode == 3 and result.stderr.startswith("error: "), f"a query that cannot be evaluated: {result}")
    result = command("query", "avg(rate(load[5m]))", "--url", url, "--time", at, "--explain")
    lines = result.stdout.splitlines()
    check(result.returncode == 0 and lines[0].split()[-1] == "expression" and "load[5m]" in result.stdout, f"a plan: {result}")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = unused.getsockname()[1]
    result = command("query", "1", "--url", f"http://127.0.0.1:{closed}")
    check(result.returncode == 1 and "--url" in result.stderr, f"no server: {result}")
    result = command("query", "load", "--data", str(folder))
    check(result.returncode == 1 and "a server has the data folder" in result.stderr, f"a folder in use: {result}")
    check("Exit codes" in command("query", "--help").stdout, "--help")


def offline(check, folder):
    def content():
        # The index of a WAL holds the locks of readers, too.
        return sorted((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in pathlib.Path(folder).rglob("*")
                      if not f.name.endswith("-shm"))

    files = content()
    at = f"{START + 600}"
    result = command("query", "sum by (zone) (load)", "--data", str(folder), "--time", at)
    check.equal([line.split() for line in result.stdout.splitlines()],
                [["zone", "value"], ["a", "300"], ["b", "300"]], f"over a folder without a server: {result.stderr}")
    result = command("query", "sum(load)", "--data", str(folder), "--time", at, "--explain")
    check(result.returncode == 0 and "matchers: __name__=" in result.stdout, f"a plan, without a server: {result}")
    result = command("query", "load{", "--data", str(folder))
    check(result.returncode == 2 and "^" in result.stderr, f"a mistake, without a server: {result}")
    check.equal(content(), files, "nothing in the folder changed")
    result = command("query", "1", "--data", "/nowhere")
    check(result.returncode == 1 and "/nowhere" in result.stderr, f"no folder: {result}")


def main():
    check = Checks()
    with temporary_folder() as folder:
        data = pathlib.Path(folder) / "data"
        with Server(data, "--set", "query.timeout=30s") as server:
            server.wait_until_ready()
            now = load(check, server)
            forms(check, server)
            grafana(check, server, now)
            query_command(check, server, data)
            if peer.available():
                promtool(check, server)
                remote_read(check, server, pathlib.Path(folder) / "reader")
                federation(check, server, pathlib.Path(folder) / "federating")
            else:
                print("skipped: prometheus and promtool are not installed")
            clients_that_go_away(check, server)
            server.kill()
        offline(check, data)
        with Server(data) as server:
            server.wait_until_ready()
            server.stop()
        offline(check, data)
    check.finish()


main()
