#!/usr/bin/env python3
"""What answers of the query API cost the server: a large range result, label values, series.

usage: query_api.py [--series N] [--points N] [--sources N] [--runs N]

CPU-seconds are the server process' own, from /proc, all threads. What a query costs without its answer is measured with
`count(…)` of the same expression, which reads and steps over the same samples and answers one series.
"""
import argparse
import http.client
import json
import pathlib
import random
import statistics
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Tests" / "processes"))
from harness import Server  # noqa: E402
from ingest import cpu_seconds, peak_megabytes  # noqa: E402

STEP = 15


def load(server, series, points, start):
    numbers = random.Random(7)
    lines = []
    for point in range(points):
        for one in range(series):
            # Of three kinds: whole, of two decimals, with all digits.
            value = (point * 7 + one, round(numbers.uniform(0, 100), 2), numbers.uniform(0, 1000))[one % 3]
            lines.append(f'{{"timestamp":{(start + STEP * point) * 1000},"source_id":"host-{one:05d}",'
                         f'"metric_name":"m","metric_value":{value}}}')
        if len(lines) >= 20_000 or point == points - 1:
            status, _, _ = server.request(
                "POST", "/api/v1/telemetry", "\n".join(lines).encode(),
                {"Content-Type": "application/x-ndjson", "X-Heliograph-Ack": "stored"})
            assert status == 200
            lines = []


def measure(server, path, runs, headers=None):
    """Milliseconds of wall clock (median), of CPU (mean), and the answer's bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def ask():
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        assert response.status == 200, response.read(300)
        size = 0
        while piece := response.read(1 << 20):
            size += len(piece)
        return size

    size, times = ask(), []
    before = cpu_seconds(server.process.pid)
    for _ in range(runs):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    cpu = (cpu_seconds(server.process.pid) - before) / runs
    connection.close()
    return statistics.median(times) * 1000, cpu * 1000, size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heliograph-bench-") as folder, Server(folder) as server:
        end = int(time.time()) // STEP * STEP
        start = end - STEP * (options.points - 1)
        load(server, options.series, options.points, start)
        range_of = lambda query: "/api/v1/query_range?" + urllib.parse.urlencode(  # noqa: E731
            {"query": query, "start": start, "end": end, "step": STEP})
        wall, cpu, size = measure(server, range_of("m"), options.runs)
        _, base, _ = measure(server, range_of("count(m)"), options.runs)
        points = options.series * options.points
        print(f"range, {options.series} series x {options.points} points, {size / 1e6:.1f} MB: {wall:.0f} ms wall clock, "
              f"{cpu:.0f} ms CPU, of which count(m) {base:.0f} ms; the answer {cpu - base:.0f} ms CPU, "
              f"{size / 1e3 / max(1e-9, cpu - base):.0f} MB/s, {(cpu - base) * 1e6 / points:.0f} ns a point")
        wall, cpu, packed = measure(server, range_of("m"), max(3, options.runs // 4), {"Accept-Encoding": "gzip"})
        print(f"the same, gzip, {packed / 1e6:.1f} MB: {wall:.0f} ms wall clock, {cpu:.0f} ms CPU")
        print(f"peak memory {peak_megabytes(server.process.pid):.0f} MB")
    with tempfile.TemporaryDirectory(prefix="heliograph-bench-") as folder, Server(folder) as server:
        end = int(time.time())
        load(server, options.sources, 1, end)
        for path in ("/api/v1/label/source_id/values", "/api/v1/label/source_id/values?match[]=m",
                     "/api/v1/series?match[]=m", "/api/v1/labels"):
            wall, cpu, size = measure(server, path, options.runs * 5)
            print(f"{path}, {options.sources} sources, {size / 1e3:.0f} kB: {wall:.2f} ms wall clock, {cpu:.2f} ms CPU")


main()
