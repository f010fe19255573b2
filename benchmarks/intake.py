#!/usr/bin/env python3
"""What tokens and the pipeline cost: the same remote-write requests into servers that differ in one setting, in one run.

usage: intake.py [--sources N] [--steps N] [--runs N] [--seed N] [--only NAME,…]

CPU-seconds are the server process' own, per million samples; the ratio is to the server without settings in the same round.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from peers import Heliograph, clean_environment, die_with_parent, release_binary  # noqa: E402

# By what the table calls it: the stages of a pipeline file.
PIPELINES = {
    "drop, one metric of ten": ["drop: cpu_usage"],
    "relabel, every series": [
        "relabel: [{source_labels: [source_id], regex: '(host)-.*', target_label: kind, replacement: $1}]"],
    "enrich, every series": ["enrich: {file: sites.csv, by: source_id, lookup: prefix}"],
    "unit, one metric of ten": ["unit: {match: request_latency_ms, from: milliseconds, to: seconds, rename: latency_seconds}"],
    "bounds, every sample": ["bounds: {min: -1e300, max: 1e300}"],
    "bounds, clock, not_finite, every sample": [
        "bounds: {min: -1e300, max: 1e300}", "clock: {max_age: 3650d, max_ahead: 3650d}", "not_finite: {}"],
    "aggregate one metric of ten, raw kept": [
        "aggregate: {match: cpu_usage, interval: 1m, by: [region], outputs: [avg, max, count], keep_raw: true, horizon: 1h}"],
    "aggregate every sample, raw dropped": [
        "aggregate: {interval: 1m, by: [region, service], outputs: [sum, count, min, max], horizon: 1h}"],
}
PLAIN, TOKEN = "no settings", "a token on every request"


def idle_cpu_seconds(server):
    """When it has come to rest: everything that was acknowledged is in the store."""
    spent = server.cpu_seconds()
    while True:
        time.sleep(0.3)
        now = server.cpu_seconds()
        if now - spent < 0.01:
            return now
        spent = now


def measure(name, options, binary, requests, scratch):
    """CPU-seconds of the server per million samples, and its peak memory in MB."""
    folder = scratch / "server"
    arguments, headers = [], []
    if name in PIPELINES:
        (scratch / "sites.csv").write_text("source_id,site\n" + "".join(f"host-{n:03d},site-{n}\n" for n in range(100)))
        pipeline = scratch / "pipeline.yml"
        pipeline.write_text("stages:\n" + "".join(f"- {stage}\n" for stage in PIPELINES[name]))
        arguments = ["--set", f"pipeline.file={pipeline}"]
    with tempfile.TemporaryDirectory(prefix="heliograph-data-") as data:
        if name == TOKEN:
            made = subprocess.run(
                [release_binary("heliograph", "HELIOGRAPH_BINARY"), "token", "create", "--data", data, "--name", "bench",
                 "--scope", "write"], check=True, capture_output=True, text=True, env=clean_environment())
            token = made.stdout.strip()
            headers = ["--header", f"Authorization: Bearer {token}"]
        with Heliograph(folder, data=data, arguments=arguments) as server:
            figures = scratch / "figures.json"
            subprocess.run(
                [binary, "send", "--url", f"http://127.0.0.1:{server.port}{server.write_paths['remote-write']}",
                 "--pid", str(server.process.pid), "--request-file", requests, "--json", figures, *headers],
                check=True, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
            found = json.loads(figures.read_text())["figures"]
            return idle_cpu_seconds(server) / options.samples * 1e6, found["server peak memory"]["value"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--sources", type=int, default=10_000)
    arguments.add_argument("--steps", type=int, default=50)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", help="names of the table, by commas; the server without settings is always measured")
    options = arguments.parse_args()
    names = [PLAIN, TOKEN, *PIPELINES]
    if options.only:
        names = [PLAIN] + [name for name in names[1:] if any(only in name for only in options.only.split(","))]
    options.samples = options.sources * 10 * options.steps
    binary = release_binary("heliograph-bench", "HELIOGRAPH_BENCH")
    found = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="heliograph-intake-") as folder:
        scratch = pathlib.Path(folder)
        requests = scratch / "requests"
        subprocess.run(
            [binary, "prepare", "--sources", str(options.sources), "--steps", str(options.steps), "--seed", str(options.seed),
             requests], check=True, stdout=sys.stderr)
        for run in range(options.runs):
            for name in names:
                found[name].append(measure(name, options, binary, requests, scratch))
                print(f"  run {run + 1}: {name}: {found[name][-1][0]:.3f}", file=sys.stderr, flush=True)
    print(f"remote write, {options.samples:,} samples of {options.sources * 10:,} series, seed {options.seed}, "
          f"median of {options.runs} (least–greatest)\n\n| | CPU-seconds per million | ratio | peak memory, MB |\n|---|---|---|---|")
    for name, runs in found.items():
        spent = [one[0] for one in runs]
        ratio = statistics.median(one / plain[0] for one, plain in zip(spent, found[PLAIN]))
        print(f"| {name} | {statistics.median(spent):.3f} ({min(spent):.3f}–{max(spent):.3f}) | {ratio:.2f} | "
              f"{statistics.median(one[1] for one in runs):.0f} |")


if __name__ == "__main__":
    main()
