#!/usr/bin/env python3
"""Deletes, budgets, cardinality and the start of a server, with real processes and kill -9. usage: admin_test.py [SEED]"""
import json
import random
import shutil
import subprocess
import sys
import time
import urllib.parse

from harness import BINARY, Checks, Server, clean_environment, temporary_folder

MINUTE = 60_000


def command(*arguments, timeout=120):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=timeout, env=clean_environment())


def records(metric, source, times, value=1, **tags):
    return [
        {"timestamp": t, "source_id": source, "metric_name": metric, "metric_value": value + i, "tags": tags}
        for i, t in enumerate(times)]


def values(server, selector, now):
    """Of every sample of the last three hours, by source and timestamp."""
    return {
        (series["metric"]["source_id"], round(t * 1000)): float(v)
        for series in server.query(f"{selector}[3h]", time=now / 1000 + 60) for t, v in series["values"]}


def delete(server, method, path, parameters, headers=None):
    query = urllib.parse.urlencode(parameters, doseq=True)
    if method == "POST":
        headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return server.request(method, path, query, headers)
    return server.request(method, f"{path}?{query}", None, headers)


def deletes(check, rng):
    """What is deleted is gone for every query and stays gone; what is sent later is there."""
    with temporary_folder() as folder:
        server = Server(folder)
        now = int(time.time() * 1000)
        start = now - 100 * MINUTE
        times = [start + i * MINUTE for i in range(90)]
        expected = {}
        for source in ("a", "b", "c"):
            lines = records("gone", source, times, rng.randrange(1000), site="x")
            check.equal(server.send(lines)[0], 200, "records are taken")
            expected |= {(source, r["timestamp"]): r["metric_value"] for r in lines}
        server.send(records("kept", "a", times))
        server.send([{"timestamp": start, "source_id": "a", "metric_name": "gone", "metric_value": 5, "message": "an event"}])
        expected[("a", start)] = 5

        # As promtool's and Grafana's library does it: a form, 204, no body.
        middle = times[30], times[59]
        status, body, _ = delete(
            server, "POST", "/api/v1/admin/tsdb/delete_series",
            {"match[]": ['gone{source_id="a"}', 'gone{source_id="b"}'], "start": middle[0] / 1000, "end": middle[1] / 1000})
        check.equal((status, body), (204, b""), "Prometheus' route answers 204 without a body")
        expected = {
            k: v for k, v in expected.items() if k[0] == "c" or not middle[0] <= k[1] <= middle[1]}
        tagless = {k: v for k, v in values(server, "gone", now).items()}
        check.equal(len(tagless), len(expected), "samples after the first delete")
        check(all(tagless.get(k) is not None for k in expected), "nothing else is gone")
        server.send(records("gone", "a", [times[40]], 7777, site="x"))
        expected[("a", times[40])] = 7777

        status, body, _ = delete(server, "DELETE", "/api/v1/series", {"match[]": 'gone{source_id="c"}', "end": times[9] / 1000})
        answer = json.loads(body)
        check.equal(status, 200, "DELETE answers the receipt")
        check.equal(answer["data"]["samples"], 10, f"samples in the receipt: {answer}")
        expected = {k: v for k, v in expected.items() if k[0] != "c" or k[1] > times[9]}

        def verify(label):
            found = values(server, "gone", now)
            check(found.keys() == expected.keys(), f"{label}: {len(found)} samples, {len(expected)} expected")
            check.equal(found.get(("a", times[40])), 7777, f"{label}: what was sent after the delete")
            check.equal(len(values(server, "kept", now)), 90, f"{label}: another metric")
            check(server.ledger()["balanced"], f"{label}: the ledger adds up")
            status, listed = server.json("/api/v1/admin/deletions")
            check.equal([d["id"] for d in listed["data"]["deletions"]], [3, 2, 1], f"{label}: receipts, newest first")
            check.equal(listed["data"]["deletions"][0]["samples"], 10, f"{label}: samples of the newest")

        verify("at once")
        server.kill()
        server = Server(folder)
        server.wait_until_ready()
        verify("after kill -9")
        check.equal(server.stop(), 0, "exit code")
        server = Server(folder)
        server.wait_until_ready()
        verify("after a clean stop")

        url = f"http://127.0.0.1:{server.port}"
        result = command("delete", "--url", url, "--match", 'gone{source_id="c"}', "--from", f"{times[80] / 1000}")
        check(result.returncode == 0 and "deleted 10 samples" in result.stdout, f"heliograph delete: {result}")
        result = command("delete", "--url", url, "--match", "gone{")
        check(result.returncode == 1 and "match[]" in result.stderr, f"a broken selector: {result}")
        result = command("delete", "--url", url)
        check(result.returncode != 0 and "--match" in result.stderr, f"nothing named: {result}")
        server.kill()
        server = Server(folder)
        server.wait_until_ready()
        check.equal(len([k for k in values(server, "gone", now) if k[0] == "c"]), 70, "a delete out of a block stays")
        refusals(check, server, now)
        server.kill()


def refusals(check, server, now):
    path = "/api/v1/admin/tsdb/delete_series"
    for parameters, words in (
        ({}, "no match[]"), ({"match[]": "{}"}, "at least one matcher"), ({"match[]": '{a=~".*"}'}, "all=true"),
        ({"match[]": "up{"}, "match[]"), ({"all": "perhaps"}, "true or false"), ({"all": "true", "match[]": "up"}, "leave match[] out"),
        ({"match[]": "up", "start": "yesterday"}, "start"), ({"match[]": "up", "start": 5, "end": 4}, "end"),
    ):
        status, body, _ = delete(server, "POST", path, parameters)
        check(status == 400 and words in json.loads(body)["error"], f"{parameters}: {status} {body}")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        status, body, _ = delete(server, "POST", path, {"all": "true"}, headers)
        check.equal(status, 403, f"a page of another site: {headers}")
    status, body, _ = delete(server, "POST", path, {"match[]": "nothing_of_this_name"}, {"Accept": "application/json"})
    check(status == 200 and json.loads(body)["data"]["samples"] == 0, f"nothing fits: {status} {body}")
    check.equal(len(values(server, "kept", now)), 90, "refused deletes delete nothing")
    status, body, _ = delete(server, "POST", path, {"all": "true", "receipt": "true"})
    check(status == 200 and json.loads(body)["data"]["samples"] > 0, f"all=true: {status} {body}")
    check.equal(values(server, '{__name__=~".+"}', now), {}, "everything is gone")


def budgets(check):
    """Over a budget new series are refused, with a reason and a sentence; known ones go on, also after a restart."""
    environment = {"HELIOGRAPH_INGEST_MAX_SERIES_PER_SOURCE": "5", "HELIOGRAPH_INGEST_MAX_SERIES": "12"}
    with temporary_folder() as folder:
        server = Server(folder, environment=environment)
        now = int(time.time() * 1000)

        def send(source, numbers):
            status, answer = server.send([r for n in numbers for r in records("m", source, [now], n, tag=str(n))])
            return status, answer["accepted"], [e["reason"] for e in answer.get("errors", [])], answer

        status, accepted, reasons, answer = send("greedy", range(8))
        check.equal((status, accepted, reasons), (200, 5, ["source_series_limit"] * 3), "a source over its budget")
        sentence = answer["errors"][0]["message"]
        for words in ('"greedy"', "(5)", "ingest.max_series_per_source"):
            check(words in sentence, f"{words} in {sentence}")
        check.equal(send("modest", range(4))[1:3], (4, []), "another source goes on")
        check.equal(send("late", range(4))[1:3], (3, ["series_limit"]), "the budget of all series")
        server.kill()
        server = Server(folder, environment=environment)
        server.wait_until_ready()
        check.equal(send("greedy", range(3, 7))[1:3], (2, ["source_series_limit"] * 2), "after a kill")
        check.equal(send("modest", [0, 9])[1:3], (1, ["series_limit"]), "the budget of all series after a kill")
        letters = server.json("/api/v1/dead-letters", reason="source_series_limit")[1]["data"]
        check.equal(letters["by_reason"], {"series_limit": 2, "source_series_limit": 5}, "dead letters by reason")
        check.equal(len(letters["dead_letters"]), 5, "dead letters")
        check.equal({l["source_id"] for l in letters["dead_letters"]}, {"greedy"}, "their source")
        metrics = server.request("GET", "/metrics")[1].decode()
        for line in (
            'heliograph_dead_letters_total{protocol="contract",reason="source_series_limit"} 5',
            'heliograph_dead_letters_total{protocol="contract",reason="series_limit"} 2', "heliograph_series_known 12",
            "heliograph_series_limit 12", "heliograph_series_limit_per_source 5",
        ):
            check(line in metrics.splitlines(), f"/metrics has: {line}")
        data = server.json("/api/v1/cardinality")[1]["data"]
        check.equal(data["budgets"]["total"], {"limit": 12, "used": 12, "used_ratio": 1}, "the budget of all")
        check.equal(data["budgets"]["per_source"]["limit"], 5, "the budget of a source")
        check.equal(
            data["budgets"]["per_source"]["sources"][0], {"source_id": "greedy", "used": 5, "used_ratio": 1}, "its use")
        check(server.ledger()["balanced"], "the ledger adds up")
        server.kill()


def cardinality(check):
    """What there is, what grew, and that a restart is no growth."""
    with temporary_folder() as folder:
        server = Server(folder)
        now = int(time.time() * 1000)
        server.send([r for n in range(40) for r in records("wide", f"s{n % 4}", [now], n, id=str(n))])
        server.send([r for n in range(7) for r in records("narrow", "s0", [now], n, site=f"place-{n % 2}")])
        server.send([r for n in range(3) for r in records("single", f"s{n}", [now], n)])

        def growth(since="1h"):
            return server.json("/api/v1/cardinality", since=since)[1]["data"]["growth"]

        for label in ("at first", "after kill -9", "after a clean stop"):
            data = server.json("/api/v1/cardinality")[1]["data"]
            check.equal(data["series"], 45, f"{label}: series")
            if data["series_in_memory"]:
                check.equal(
                    data["metrics"], [{"name": "wide", "series": 40}, {"name": "single", "series": 3}, {"name": "narrow", "series": 2}],
                    f"{label}: metrics")
                check.equal({s["source_id"]: s["series"] for s in data["sources"]}, {"s0": 13, "s1": 11, "s2": 11, "s3": 10}, f"{label}: sources")
                wide = next(l for l in data["labels"] if l["name"] == "id")
                check.equal((wide["values"], wide["series"], wide["bytes"]), (40, 40, 70), f"{label}: the label id")
            new = data["growth"]
            check.equal((new["series"], new["metrics"][0]), (45, {"name": "wide", "series": 40}), f"{label}: what grew")
            check.equal(sum(s["series"] for s in new["sources"]), 45, f"{label}: by source")
            if label == "after a clean stop":
                break
            if label == "at first":
                server.kill()
            else:
                check.equal(server.stop(), 0, "exit code")
            server = Server(folder)
            server.wait_until_ready()
        # Aged by two hours, as if they had been sent then.
        server.kill()
        age(folder, 120 * MINUTE)
        server = Server(folder)
        server.wait_until_ready()
        check.equal(growth()["series"], 0, "known series are not new after a restart")
        check.equal(growth("3h")["series"], 45, "three hours back they are")
        server.send(records("wide", "s9", [now], 1, id="0") + records("wide", "s0", [now], 1, id="0"))
        new = growth()
        check.equal((new["series"], new["metrics"], new["sources"]), (1, [{"name": "wide", "series": 1}], [{"source_id": "s9", "series": 1}]), "one began")
        result = command("cardinality", "--url", f"http://127.0.0.1:{server.port}", "--since", "3h")
        check(result.returncode == 0 and "NEW BY SOURCE" in result.stdout and "wide" in result.stdout, f"heliograph cardinality: {result}")
        for parameters, words in (({"since": "49h"}, "48h"), ({"since": "x"}, "since"), ({"limit": 0}, "limit"), ({"format": "xml"}, "format")):
            status, answer = server.json("/api/v1/cardinality", **parameters)
            check(status == 400 and words in answer["error"], f"{parameters}: {status} {answer}")
        store_status(check, server)
        server.kill()


def age(folder, milliseconds):
    import sqlite3

    with sqlite3.connect(f"{folder}/log.sqlite") as log:
        log.execute("UPDATE series_history SET at_ms = at_ms - ?", (milliseconds,))
    log.close()


def store_status(check, server):
    """In Prometheus' form: the keys are those of Prometheus 2.42."""
    status, answer = server.json("/api/v1/status/tsdb", limit=2)
    data = answer["data"]
    check.equal(set(data["headStats"]), {"numSeries", "numLabelPairs", "chunkCount", "minTime", "maxTime"}, "headStats")
    for name in ("seriesCountByMetricName", "labelValueCountByLabelName", "memoryInBytesByLabelName", "seriesCountByLabelValuePair"):
        check(all(set(e) == {"name", "value"} for e in data[name]) and len(data[name]) <= 2, f"{name}: {data[name]}")
    check(data["headStats"]["minTime"] <= data["headStats"]["maxTime"], f"times: {data['headStats']}")
    check.equal(data["seriesCountByMetricName"][0]["name"], "wide", "the largest metric")
    check("=" in data["seriesCountByLabelValuePair"][0]["name"], "a label pair")
    check({"head", "blocks", "tiers"} <= set(data["heliograph"]), f"our own: {data['heliograph']}")
    check.equal(server.json("/api/v1/status/tsdb", limit=0)[0], 400, "limit=0")


def metrics(check):
    """/metrics is what promtool takes for good, and has what the runbook names."""
    with temporary_folder() as folder, Server(folder) as server:
        now = int(time.time() * 1000)
        server.send(records("m", "s", [now, now - 5000, now - 6000, now]))
        server.query("m")
        text = server.request("GET", "/metrics")[1].decode()
        values = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        check.equal(values.get("heliograph_store_late_samples_total"), 2, "late samples")
        check.equal(values.get("heliograph_store_replaced_values_total"), 1, "replaced values")
        check.equal(values.get("heliograph_store_series"), 1, "series")
        for name in (
            'heliograph_store_head_bytes{part="samples"}', 'heliograph_store_head_bytes{part="index"}',
            "heliograph_store_head_windows", "heliograph_store_head_bytes_per_series", 'heliograph_store_blocks{tier="raw"}',
            'heliograph_store_block_bytes{tier="5m"}', "heliograph_replay_progress_ratio", "heliograph_store_deletions_total",
            "heliograph_compaction_runs_total", "heliograph_compaction_failures_total",
            'heliograph_retention_removed_blocks_total{tier="raw"}',
        ):
            check(name in values, f"/metrics has {name}")
        if shutil.which("promtool"):
            result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
            check(result.returncode != 1 and "error" not in result.stderr.lower(), f"promtool check metrics: {result.stderr}")


def start(check):
    """While the log is read back: records are taken, queries get 503 with the progress, and /readyz says how far it is."""
    with temporary_folder() as folder:
        server = Server(folder)
        now = int(time.time() * 1000)
        sent = 0
        while sent < 6_000_000:
            body = "\n".join(
                f'{{"timestamp":{now - 6_000_000 + (sent // 500 + i) * 10},"source_id":"s{j}","metric_name":"m","metric_value":{i * 7919 % 1009}}}'
                for i in range(100) for j in range(500))
            status, answer, _ = server.request("POST", "/api/v1/telemetry", body.encode(), {"Content-Type": "application/x-ndjson"}, timeout=120)
            if status == 429:
                time.sleep(0.2)
                continue
            check.equal(status, 200, f"records are taken: {answer[:200]}")
            sent += 50_000
        server.kill()
        server = Server(folder)
        seen, refused, taken = [], 0, 0
        while True:
            status, body, _ = server.request("GET", "/readyz")
            answer = json.loads(body)
            seen.append(answer)
            if status == 200:
                break
            check.equal((answer["status"], answer["ingestion"]), ("replaying", "open"), "/readyz meanwhile")
            taken += server.send(records("meanwhile", "s", [now + taken]))[1]["accepted"]
            status, body, headers = server.request("GET", "/api/v1/query?query=count(m)")
            if status == 503:
                error = json.loads(body)
                check(error["errorType"] == "unavailable" and " % (" in error["error"], f"a query meanwhile: {error}")
                check(int(headers["Retry-After"]) >= 1, "Retry-After")
                refused += 1
            else:
                check.equal(status, 200, f"a query meanwhile: {body[:200]}")
        print(f"read back {sent} samples: {len(seen)} looks, {refused} queries refused, {taken} records taken meanwhile")
        check(len(seen) > 1, "the log was read back too quickly to see it")
        totals = {s["samples"]["total"] for s in seen}
        check.equal(totals, {sent}, "samples in all")
        done = [s["samples"]["done"] for s in seen]
        check(done == sorted(done) and done[-1] == sent, f"samples done: {done}")
        check.equal(seen[-1]["batches"]["done"], seen[-1]["batches"]["total"], "batches done")
        check(any(s["seconds_left"] for s in seen[:-1]) or len(seen) < 3, f"seconds left: {seen}")
        check.equal(server.query("count(count_over_time(m[2h]))")[0]["value"][1], "500", "series afterwards")
        check.equal(len(values(server, "meanwhile", now)), taken, "records sent meanwhile")
        server.kill()


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(2**32)
    print(f"admin test: seed {seed}", flush=True)
    check = Checks()
    deletes(check, random.Random(seed))
    budgets(check)
    cardinality(check)
    metrics(check)
    start(check)
    check.finish()


main()
