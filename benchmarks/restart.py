#!/usr/bin/env python3
"""How long a start takes: 100k series and 20 M samples in the log, after a clean stop and after kill -9.

usage: restart.py [--series N] [--steps N] [--runs N]

The samples are sent as contract NDJSON, one sample per series and step of 15 s, 5,000 a request, so that all of them lie in
the current two-hour window or the one before. Times run from the process' start: until the socket takes connections
(ingestion is open), until /readyz says 200 (queries are answered), and until a count over all series has come back.
"""
import argparse
import http.client
import json
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Tests" / "processes"))
from harness import Server  # noqa: E402

PER_REQUEST = 5000
METRICS = ("cpu_usage", "mem_used_percent", "http_requests_total", "request_latency_ms", "queue_depth")


def prefixes(series):
    made = []
    for number in range(series):
        source, metric = number // len(METRICS), METRICS[number % len(METRICS)]
        made.append((
            f'","source_id":"host-{source:06d}","metric_name":"{metric}","metric_value":',
            f',"tags":{{"region":"eu-{source % 4}","service":"svc-{source % 20:02d}","env":"prod"}}}}'))
    return made


def feed(port, made, steps, start, lane, lanes):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    for step in range(steps):
        stamp = '{"timestamp":' + str(start + 15_000 * step)
        for first in range(lane * PER_REQUEST, len(made), lanes * PER_REQUEST):
            part = made[first:first + PER_REQUEST]
            body = "\n".join(
                stamp + a[1:] + str((i * 7 + step * 13) % 10000 / 100) + b for i, (a, b) in enumerate(part)).encode()
            while True:
                connection.request("POST", "/api/v1/telemetry", body, {"Content-Type": "application/x-ndjson"})
                response = connection.getresponse()
                answer = response.read()
                if response.status == 429:
                    time.sleep(0.05)
                    continue
                assert response.status == 200 and json.loads(answer)["rejected"] == 0, answer[:500]
                break
    connection.close()


def started(folder, expected):
    """Starts the server; seconds until open, ready, and the first count."""
    began = time.monotonic()
    server = Server(folder)
    opened = time.monotonic() - began
    while server.request("GET", "/readyz")[0] != 200:
        time.sleep(0.005)
    ready = time.monotonic() - began
    result = server.query('count(last_over_time({env="prod"}[3h]))')
    counted = time.monotonic() - began
    assert result and int(result[0]["value"][1]) == expected, result
    return server, {"open": opened, "ready": ready, "first count": counted}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    made = prefixes(options.series)
    start = int(time.time() * 1000) - 15_000 * options.steps
    with tempfile.TemporaryDirectory(prefix="heliograph-restart-") as folder:
        server = Server(folder)
        began = time.monotonic()
        lanes = [threading.Thread(target=feed, args=(server.port, made, options.steps, start, n, 2)) for n in range(2)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        while server.ledger()["totals"]["pending"]:
            time.sleep(0.05)
        samples = options.series * options.steps
        print(f"{options.series} series, {samples} samples sent in {time.monotonic() - began:.0f} s; "
              f"log {sum(f.stat().st_size for f in pathlib.Path(folder).glob('log.sqlite*')) / samples:.2f} bytes a sample",
              flush=True)
        for run in range(options.runs):
            server.kill()
            server, times = started(folder, options.series)
            print("after kill -9:     " + ", ".join(f"{what} {t:.3f} s" for what, t in times.items()), flush=True)
        began = time.monotonic()
        assert server.stop() == 0
        print(f"clean stop took {time.monotonic() - began:.2f} s", flush=True)
        for run in range(options.runs):
            server, times = started(folder, options.series)
            print("after a clean stop: " + ", ".join(f"{what} {t:.3f} s" for what, t in times.items()), flush=True)
            assert server.stop() == 0


main()
