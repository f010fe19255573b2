#!/usr/bin/env python3
"""Contract NDJSON into a real server over loopback: events per CPU-second of the server, and the time from a remote end's
send to visible.

usage: ingest.py [--events N] [--runs N] [--connections N]

The bodies are made before the clock starts. CPU-seconds are the server process' own, from /proc, all threads, until the last
record is processed (ledger: pending 0); they bear noise better than the wall clock.
"""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Tests" / "processes"))
from harness import Server  # noqa: E402

EVENTS_PER_REQUEST = 5000
SOURCES = 1000
METRICS = ("cpu_usage", "mem_used_percent", "http_requests_total", "request_latency_ms", "queue_depth")


def bodies(count):
    """NDJSON bodies of about 200 bytes a record: 5,000 series, one sample per series and body, a step of 15 s."""
    prefixes = []
    for source in range(SOURCES):
        for metric in METRICS:
            prefixes.append((
                '{"timestamp":"', f'","source_id":"host-{source:06d}","metric_name":"{metric}","metric_value":',
                f',"tags":{{"region":"eu-{source % 4}","service":"svc-{source % 20:02d}","env":"prod","rack":"r{source % 50:02d}"}}}}'))
    start = int(time.time()) - 15 * count
    made = []
    for step in range(count):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(start + 15 * step)) + ".250Z"
        lines = (f"{a}{stamp}{b}{(i * 7 + step * 13) % 10000 / 100}{c}" for i, (a, b, c) in enumerate(prefixes))
        made.append("\n".join(lines).encode())
    return made


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def send(port, mine, latencies):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for body in mine:
        while True:
            began = time.perf_counter()
            connection.request("POST", "/api/v1/telemetry", body, {"Content-Type": "application/x-ndjson"})
            response = connection.getresponse()
            answer = response.read()
            if response.status == 429:
                time.sleep(0.05)
                continue
            assert response.status == 200 and json.loads(answer)["rejected"] == 0, answer[:500]
            latencies.append(time.perf_counter() - began)
            break
    connection.close()


def ingest(made, connections):
    with tempfile.TemporaryDirectory(prefix="heliograph-bench-") as folder, Server(folder) as server:
        pid = server.process.pid
        # One body first: the series are new then, which a long-running server sees once.
        send(server.port, made[:1], [])
        before, began, latencies = cpu_seconds(pid), time.perf_counter(), []
        threads = [
            threading.Thread(target=send, args=(server.port, made[1 + n::connections], latencies))
            for n in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall = time.perf_counter() - began
        while server.ledger()["totals"]["pending"]:
            # Not more often: the answer lists a thousand sources, and is the server's work, too.
            time.sleep(0.1)
        cpu = cpu_seconds(pid) - before
        totals = server.ledger()["totals"]
        events = (len(made) - 1) * EVENTS_PER_REQUEST
        assert totals["stored"] == events + EVENTS_PER_REQUEST, totals
        size = sum(f.stat().st_size for f in pathlib.Path(folder).glob("log.sqlite*"))
        return {
            "events per CPU-second": events / cpu, "events per second": events / wall,
            "CPU-seconds per million": cpu / events * 1e6, "request p50 ms": statistics.median(latencies) * 1000,
            "request p99 ms": statistics.quantiles(latencies, n=100)[98] * 1000, "peak memory MB": peak_megabytes(pid),
            "log bytes per event": size / totals["stored"]}


def visible(rounds):
    """From a producer's send to the moment in which a query's answer has the event."""
    with tempfile.TemporaryDirectory(prefix="heliograph-bench-") as folder, Server(folder) as server:
        sender = http.client.HTTPConnection("127.0.0.1", server.port)
        reader = http.client.HTTPConnection("127.0.0.1", server.port)
        acknowledged, seen, misses = [], [], 0
        for value in range(rounds):
            body = json.dumps({"source_id": "s", "metric_name": "end_to_end", "metric_value": value})
            began = time.perf_counter()
            sender.request("POST", "/api/v1/telemetry", body, {"Content-Type": "application/json"})
            sender.getresponse().read()
            acknowledged.append(time.perf_counter() - began)
            while True:
                reader.request("GET", "/api/v1/query?query=end_to_end")
                result = json.loads(reader.getresponse().read())["data"]["result"]
                if result and float(result[0]["value"][1]) == value:
                    break
                misses += 1
            seen.append(time.perf_counter() - began)
            time.sleep(0.002)
        return {
            "acknowledged p50 ms": statistics.median(acknowledged) * 1000, "visible p50 ms": statistics.median(seen) * 1000,
            "visible p99 ms": statistics.quantiles(seen, n=100)[98] * 1000,
            "queries after the acknowledgement that missed the event": misses}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--connections", type=int, default=2)
    options = arguments.parse_args()
    made = bodies(options.events // EVENTS_PER_REQUEST + 1)
    print(f"contract NDJSON, {len(made[0]) / EVENTS_PER_REQUEST:.0f} bytes an event, {EVENTS_PER_REQUEST} events a request, "
          f"one sample per series a request, {options.connections} connections, acknowledgement durable", flush=True)
    runs = [ingest(made, options.connections) for _ in range(options.runs)]
    for figure in runs[0]:
        values = sorted(run[figure] for run in runs)
        print(f"  {figure:26} {statistics.median(values):12,.2f}   ({values[0]:,.2f} – {values[-1]:,.2f})")
    print("remote end to visible, one event at a time")
    for figure, value in visible(500).items():
        print(f"  {figure:56} {value:10,.2f}")


if __name__ == "__main__":
    main()
