#!/usr/bin/env python3
"""The pipeline between log and store, on a real server: reloaded by signal, by request and when a lookup file changes; broken files
change nothing; a kill changes nothing; refused records are kept; the ledger adds up. usage: stages_test.py"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from harness import BINARY, Checks, Server, clean_environment, temporary_folder

FIRST = """stages:
- {name: quiet, drop: '{env="test"}'}
- {name: sane, bounds: {match: temperature, max: 150}}
- {name: fresh, clock: {match: '{__name__=~"orders_.*"}', max_age: 1h}}
- {name: place, enrich: {file: sites.csv, by: source_id}}
- {name: by site, aggregate: {match: requests_total, interval: 1s, horizon: 1s, by: site, outputs: [sum, count_series]}}
"""
SECOND = FIRST.replace('{env="test"}', 'noise')


def record(source, metric, value, timestamp=None, **tags):
    record = {"source_id": source, "metric_name": metric, "metric_value": value, "tags": tags}
    if timestamp is not None:
        record["timestamp"] = timestamp
    return record


def sent(check, server, *records):
    status, answer = server.send(records, **{"X-Heliograph-Ack": "stored"})
    check(status == 200 and not answer.get("rejected"), f"{len(records)} records are taken: {status} {answer}")


def labels(server, selector):
    return sorted(
        json.dumps({k: v for k, v in s["metric"].items()}, sort_keys=True) for s in server.query(selector))


def eventually(what, seconds=30):
    """Waits for what has no event to be awaited: a file's change is looked for every few seconds."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def stage(server, name):
    status, answer = server.json("/api/v1/pipeline")
    return next(s for s in answer["data"]["stages"] if s["name"] == name)


def reloading(check, server, folder):
    sent(check, server, record("a", "m", 1, env="test"), record("a", "noise", 1), record("b", "m", 1))
    check.equal(labels(server, "m"), ['{"__name__": "m", "site": "south", "source_id": "b"}'], "a stage drops, one adds a tag")
    check.equal(len(server.query("noise")), 1, "noise passes at first")
    check.equal(stage(server, "quiet")["records"]["dropped"], 1, "the dropped record is counted")
    # By request.
    (folder / "pipeline.yml").write_text(SECOND)
    status, answer, _ = server.request("POST", "/api/v1/pipeline/reload")
    check.equal(status, 200, f"a reload by request: {answer}")
    sent(check, server, record("c", "noise", 2), record("a", "m", 1, env="test"))
    check.equal(len(server.query("noise")), 1, "another stage is in force")
    check.equal(len(server.query("m")), 2, "the one before is not")
    # What is wrong is said, and nothing changes.
    (folder / "pipeline.yml").write_text(SECOND.replace("bounds", "bonuds"))
    for path, refusal in (("/api/v1/pipeline/reload", 400), ("/-/reload", 500)):
        status, answer, _ = server.request("POST", path)
        check(status == refusal and b"pipeline.yml:3:" in answer and b"`bounds`" in answer, f"{path}: {status} {answer}")
    sent(check, server, record("d", "noise", 2))
    check.equal(len(server.query("noise")), 1, "a broken file changes nothing")
    # By signal, as daemons do.
    (folder / "pipeline.yml").write_text(FIRST)
    server.process.send_signal(signal.SIGHUP)
    check(eventually(lambda: "] read again" in server.log()), "SIGHUP reloads")
    sent(check, server, record("e", "noise", 2))
    check.equal(len(server.query("noise")), 2, "the first file is in force again")
    # A lookup file is looked at without being asked.
    (folder / "sites.csv").write_text("source_id,site\nb,west\nf,west\n")
    check(eventually(lambda: "lookup files changed" in server.log()), "a changed lookup file is read")
    sent(check, server, record("b", "m", 3))
    check('"site": "west"' in "".join(labels(server, 'm{source_id="b"}')), "its rows are in force")
    (folder / "sites.csv").write_text("name,site\nb,east\n")
    check(eventually(lambda: "cannot be used" in server.log()), "a lookup file that cannot be used is named")
    sent(check, server, record("f", "m", 3))
    check('"site": "west"' in "".join(labels(server, 'm{source_id="f"}')), "the rows of before stay")
    (folder / "sites.csv").write_text("source_id,site\nb,west\nf,west\n")


def refusing(check, server):
    sent(check, server, record("a", "temperature", 20), record("a", "temperature", 900))
    check(eventually(lambda: server.json("/api/v1/dead-letters", reason="refused_by_pipeline")[1]["data"]["dead_letters"]),
          "what a stage refuses is kept")
    letter = server.json("/api/v1/dead-letters", reason="refused_by_pipeline")[1]["data"]["dead_letters"][0]
    check(json.loads(letter["payload"])["metric_value"] == 900, f"as it came: {letter}")
    check('stage "sane"' in letter["message"], f"with the stage's name: {letter}")
    # Replayed as it is, it is refused once more, and is then another letter; mended, it is stored.
    status, answer, _ = server.request("POST", f"/api/v1/dead-letters/{letter['id']}/replay")
    check.equal(status, 200, f"a replay: {answer}")
    check(eventually(lambda: [l["id"] for l in waiting(server)] not in ([], [letter["id"]])), "the stage refuses it again")
    again = waiting(server)
    check.equal(len(again), 1, f"one letter waits: {again}")
    mended = json.dumps({**json.loads(again[0]["payload"]), "metric_value": 90})
    status, answer, _ = server.request("POST", f"/api/v1/dead-letters/{again[0]['id']}/replay", mended.encode())
    check.equal(status, 200, f"a replay of a mended record: {answer}")
    check(eventually(lambda: [s["value"][1] for s in server.query("temperature")] == ["90"]), "the mended record is stored")
    check.equal(waiting(server), [], "none waits")


def refusing_histograms(check, server, folder):
    """Histograms, and sums with the time since when they count, are whole again after a replay."""
    now = int(time.time()) - 7200
    times = {"timeUnixNano": str(now * 10**9), "startTimeUnixNano": str((now - 60) * 10**9)}
    size = {**times, "count": "6", "sum": 12.5, "scale": 1, "zeroCount": "1", "positive": {"offset": 1, "bucketCounts": ["2", "0", "3"]}}
    metrics = [
        {"name": "orders_size", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [size]}},
        {"name": "orders", "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [{**times, "asDouble": 7}]}}]
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]})
    status, answer, _ = server.request("POST", "/v1/metrics", body, {"Content-Type": "application/json"})
    check.equal(status, 200, f"the metrics: {answer}")
    check(eventually(lambda: len(waiting(server)) == 2), f"both are refused by the clock: {waiting(server)}")
    relaxed = FIRST.replace("max_age: 1h", "max_age: 1d")
    (folder / "pipeline.yml").write_text(relaxed)
    check.equal(server.request("POST", "/api/v1/pipeline/reload")[0], 200, "the bound is widened")
    for letter in waiting(server):
        status, answer, _ = server.request("POST", f"/api/v1/dead-letters/{letter['id']}/replay")
        check.equal(status, 200, f"a replay: {answer}")
    values = {}
    for query in ("histogram_count(orders_size)", "histogram_sum(orders_size)", "histogram_quantile(0.9, orders_size)",
                  "start_timestamp(orders_size)", "orders_total", "start_timestamp(orders_total)"):
        found = server.query(query, time=now)
        values[query] = [float(s["value"][1]) for s in found]
    quantile = values.pop("histogram_quantile(0.9, orders_size)")
    check.equal(values, {
        "histogram_count(orders_size)": [6], "histogram_sum(orders_size)": [12.5], "start_timestamp(orders_size)": [now - 60],
        "orders_total": [7], "start_timestamp(orders_total)": [now - 60]}, "what was replayed")
    check(quantile and 2.83 < quantile[0] <= 4, f"with its buckets: {quantile}")
    (folder / "pipeline.yml").write_text(FIRST)
    check.equal(server.request("POST", "/api/v1/pipeline/reload")[0], 200, "the bound of before")


def waiting(server):
    return server.json("/api/v1/dead-letters", reason="refused_by_pipeline")[1]["data"]["dead_letters"]


def aggregating(check, server):
    for value in (1, 2, 3):
        sent(check, server, record("b", "requests_total", value, pod=str(value)))
    check(eventually(lambda: server.query('sum(sum_over_time({__name__="requests_total:1s_sum",site="west"}[5m]))')
                     and server.query('sum(sum_over_time({__name__="requests_total:1s_sum",site="west"}[5m]))')[0]["value"][1] == "6"),
          "the windows close, and their sums are those of the samples")
    check.equal(server.query("requests_total"), [], "no raw series is kept")


def balanced(check, server, what):
    ledger = server.ledger()
    check(ledger["balanced"], f"the ledger adds up {what}: {ledger['totals']}")
    return ledger["totals"]


def main():
    check = Checks()
    with temporary_folder() as name:
        folder = pathlib.Path(name)
        (folder / "sites.csv").write_text("source_id,site\nb,south\n")
        (folder / "pipeline.yml").write_text(FIRST)
        arguments = ["--set", f"pipeline.file={folder}/pipeline.yml"]
        with Server(folder / "data", *arguments) as server:
            reloading(check, server, folder)
            refusing(check, server)
            refusing_histograms(check, server, folder)
            aggregating(check, server)
            before = balanced(check, server, "before a kill")
            text = server.request("GET", "/metrics")[1].decode()
            check('heliograph_pipeline_stage_records_total{stage="sane",kind="bounds",outcome="refused"} 2' in text,
                  "/metrics counts what stages do")
            series = labels(server, '{__name__=~"m|noise|temperature"}')
            server.kill()
        with Server(folder / "data", *arguments) as server:
            server.wait_until_ready()
            check.equal(labels(server, '{__name__=~"m|noise|temperature"}'), series, "the log is read through the pipelines of then")
            after = balanced(check, server, "after a kill")
            check.equal({k: after[k] for k in ("stored", "dropped", "dead_lettered")},
                        {k: before[k] for k in ("stored", "dropped", "dead_lettered")}, "the same became of every record")
            check.equal(waiting(server), [], "no letter comes back")
            check.equal(server.stop(), 0, "it stops")
        (folder / "pipeline.yml").write_text("stages: [{drop: '{'}]")
        found = subprocess.run(
            [BINARY, "run", "--data", str(folder / "data"), "--listen", "127.0.0.1:0", *arguments],
            capture_output=True, text=True, env=clean_environment(), timeout=60)
        check(found.returncode != 0 and "pipeline.yml:1:" in found.stderr, f"a start with a broken file says so: {found.stderr}")
    check.finish()


if __name__ == "__main__":
    main()
