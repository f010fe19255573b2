#!/usr/bin/env python3
"""What the log holds, sent on by remote write: to a second Heliograph, where receiver and sender are killed in the midst, and to
Debian's Prometheus. Every acknowledged sample arrives, with its value. usage: forward_test.py [SEED]"""
import json
import pathlib
import random
import sys
import threading
import time

import prometheus_peer
from harness import Checks, Server, temporary_folder


def receivers(folder, *entries):
    file = pathlib.Path(folder) / "forward.yml"
    # JSON is YAML.
    file.write_text(json.dumps({"receivers": list(entries)}))
    return "--set", f"forward.file={file}"


def lane(server, index=0):
    return server.json("/api/v1/forward")[1]["data"]["receivers"][index]


def wait(condition, what, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not so after {seconds} s")
        time.sleep(0.05)


def wait_until_sent(server, index=0):
    wait(lambda: (lambda l: l["pending_batches"] == 0 and l["lag_seconds"] == 0)(lane(server, index)), "all is sent")


class Sender(threading.Thread):
    """Sends batches until it is told to stop; what was acknowledged is in `acknowledged`. The server may be another one each time."""

    def __init__(self, place):
        super().__init__()
        self.place, self.acknowledged, self.count, self.ends = place, {}, 0, threading.Event()
        self.start_ms = int(time.time() * 1000) - 3_000_000

    def run(self):
        while not self.ends.is_set():
            batch = {self.start_ms + self.count + n: self.count + n for n in range(100)}
            self.count += 100
            try:
                status, _ = self.place[0].send(
                    [{"source_id": "f", "metric_name": "f", "metric_value": v, "timestamp": t} for t, v in batch.items()])
                if status == 200:
                    self.acknowledged.update(batch)
            except (OSError, ValueError, AttributeError):
                # A kill.
                time.sleep(0.02)
            except Exception as error:
                if "Disconnected" not in repr(error) and "IncompleteRead" not in repr(error):
                    raise


def samples(server, selector):
    found = server.query(f"{selector}[3h]")
    return {round(t * 1000): float(v) for t, v in found[0]["values"]} if found else {}


def kills(check, seed):
    rng = random.Random(seed)
    with temporary_folder() as folder:
        folder = pathlib.Path(folder)
        receiver = Server(folder / "receiver")
        port = receiver.port
        arguments = receivers(folder, {"name": "second", "url": f"http://127.0.0.1:{port}/api/v1/write"})
        place = [Server(folder / "sender", *arguments)]
        place[0].send([{"source_id": "before", "metric_name": "before", "metric_value": 1}])
        thread = Sender(place)
        thread.start()
        try:
            for _ in range(4):
                time.sleep(rng.uniform(0.1, 0.6))
                receiver.kill()
                time.sleep(rng.uniform(0.05, 0.5))
                receiver = Server(folder / "receiver", "--set", f"listen=127.0.0.1:{port}")
                time.sleep(rng.uniform(0.1, 0.6))
                place[0].kill()
                place[0] = Server(folder / "sender", *arguments)
        finally:
            thread.ends.set()
            thread.join()
        sender = place[0]
        sender.wait_until_ready()
        wait_until_sent(sender)
        receiver.wait_until_ready()
        there, here = samples(receiver, "f"), samples(sender, "f")
        missing = {t: v for t, v in thread.acknowledged.items() if there.get(t) != v}
        check.equal(len(missing), 0, "acknowledged samples that the receiver has not got")
        check.equal(there, here, "what sender and receiver have")
        check(len(thread.acknowledged) > 1000, "enough was sent to tell")
        status = lane(sender)
        check.equal((status["failed_samples"], status["missed_records"]), (0, 0), f"{status}")
        check(receiver.ledger()["balanced"] and sender.ledger()["balanced"], "both ledgers")
        print(f"{len(thread.acknowledged)} acknowledged samples, 4 kills of each side")

        # A kill after all is sent does not send it all again.
        before = receiver.ledger()["totals"]["received"]
        time.sleep(1.2)
        sender.send([{"source_id": "late", "metric_name": "late", "metric_value": 1}])
        wait_until_sent(sender)
        check(receiver.ledger()["totals"]["received"] - before < 500, "only what is new is sent")

        # Histograms and stale markers.
        now = int(time.time())
        point = {"timeUnixNano": str(now * 10**9), "startTimeUnixNano": str((now - 60) * 10**9), "count": "6", "sum": 12.5,
                 "scale": 1, "zeroCount": "1", "positive": {"offset": 1, "bucketCounts": ["2", "0", "3"]}}
        body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "eh", "exponentialHistogram": {
            "aggregationTemporality": 2, "dataPoints": [point]}}]}]}]})
        status = sender.request("POST", "/v1/metrics", body, {"Content-Type": "application/json"})[0]
        check.equal(status, 200, "a histogram")
        sender.request("PUT", "/metrics/job/gone", b"gone 5\n")
        wait_until_sent(sender)
        for expression, expected in (("histogram_count(eh)", "6"), ("histogram_sum(eh)", "12.5"), ("gone", "5")):
            found = receiver.query(expression)
            check.equal([r["value"][1] for r in found], [expected], expression)
        sender.request("DELETE", "/metrics/job/gone")
        wait_until_sent(sender)
        check.equal(receiver.query("gone"), [], "a series that ended")
        metrics = sender.request("GET", "/metrics")[1].decode()
        for name in ("sent_samples_total", "failed_samples_total", "retries_total", "lag_seconds", "missed_records_total"):
            check(f'heliograph_forward_{name}{{receiver="second"}}' in metrics, name)
        check.equal((sender.stop(), receiver.stop()), (0, 0), "the exit codes")


def prometheus(check):
    """Another store; only what is chosen; a refused request is left out and counted."""
    with temporary_folder() as folder:
        folder = pathlib.Path(folder)
        with prometheus_peer.Prometheus(folder / "prometheus", "", "--web.enable-remote-write-receiver") as peer:
            data = folder / "sender"
            with Server(data) as sender:
                sender.send([{"source_id": "old", "metric_name": "chosen", "metric_value": 1}])
                sender.kill()
            arguments = receivers(
                folder, {"name": "prometheus", "url": f"http://127.0.0.1:{peer.port}/api/v1/write", "match": ['{__name__="chosen"}'],
                         "from": "beginning", "max_samples_per_send": 50})
            with Server(data, *arguments) as sender:
                sender.wait_until_ready()
                now = int(time.time() * 1000)
                for metric in ("chosen", "other"):
                    sender.send([{"source_id": "p", "metric_name": metric, "metric_value": n + 0.5, "timestamp": now - 1000 + n}
                                 for n in range(777)])
                wait_until_sent(sender)
                check.equal(lane(sender)["sent_samples"], 778, "samples of what is chosen, from the beginning")
                check(lane(sender)["requests"] >= 16, "in several requests")
                for query in ('chosen{source_id="p"}[1h]', 'chosen{source_id="old"}[1h]'):
                    check.equal(peer.wait_for(query)[0]["values"], sender.query(query)[0]["values"], query)
                check.equal(peer.ask("/api/v1/query", query="other[1h]")[1]["data"]["result"], [], "what is not chosen")
                # Prometheus takes no samples from before its head.
                sender.send([{"source_id": "p", "metric_name": "chosen", "metric_value": 1, "timestamp": now - 40 * 86_400_000}])
                wait_until_sent(sender)
                check.equal(lane(sender)["failed_samples"], 1, f"a refused sample: {lane(sender)}")
                check("HTTP 400" in lane(sender)["problem"], f"{lane(sender)}")
                check.equal(sender.stop(), 0, "the exit code")


def relabelled(check):
    """Prometheus' own rules for what it sends on, and exemplars behind the samples that they belong to."""
    with temporary_folder() as folder:
        folder = pathlib.Path(folder)
        with prometheus_peer.Prometheus(
                folder / "prometheus", "", "--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage") as peer:
            url = f"http://127.0.0.1:{peer.port}/api/v1/write"
            rules = [{"source_labels": ["__name__"], "regex": "go_.*", "action": "drop"},
                     {"target_label": "cluster", "replacement": "plant"}, {"regex": "pod", "action": "labeldrop"}]
            # Fewer samples in a request than the text has: exemplars of its last batch come with its last part.
            arguments = receivers(folder, {"name": "r", "url": url, "write_relabel_configs": rules, "max_samples_per_send": 5})
            with Server(folder / "sender", *arguments) as sender:
                page = "# TYPE jobs counter\n" + "".join(
                    f'jobs_total{{pod="p",n="{n:02}"}} {n + 1} # {{trace_id="t{n}"}} {n}.5\n' for n in range(20)
                ) + "# TYPE go_threads gauge\ngo_threads 7\n# EOF\n"
                status, text, _ = sender.request(
                    "POST", "/api/v1/import/prometheus", page.encode(), {"Content-Type": "application/openmetrics-text; version=1.0.0"})
                check.equal((status, text), (204, b""), "the text")
                wait_until_sent(sender)
                found = sorted(tuple(sorted(s["metric"].items())) for s in peer.wait_for("jobs_total"))
                check.equal(found, [(("__name__", "jobs_total"), ("cluster", "plant"), ("n", f"{n:02}")) for n in range(20)],
                            "series as the rules make them")
                check.equal(peer.ask("/api/v1/query", query="go_threads")[1]["data"]["result"], [], "a series that a rule drops")
                def exemplars(asked):
                    data = asked.json("/api/v1/query_exemplars", query="jobs_total")[1]["data"]
                    return sorted((s["seriesLabels"]["n"], e["labels"]["trace_id"], float(e["value"]), e["timestamp"])
                                  for s in data for e in s["exemplars"])
                check.equal(exemplars(peer), exemplars(sender), "exemplars there and here")
                check.equal(len(exemplars(sender)), 20, "how many")
                check.equal((lane(sender)["sent_exemplars"], lane(sender)["failed_samples"]), (20, 0), f"{lane(sender)}")
                check.equal(sender.stop(), 0, "the exit code")


def backlog(check):
    """Beyond the bound the oldest is missed, and counted to the record."""
    with temporary_folder() as folder:
        folder = pathlib.Path(folder)
        receiver = Server(folder / "receiver")
        port = receiver.port
        receiver.kill()
        arguments = receivers(folder, {"name": "r", "url": f"http://127.0.0.1:{port}/api/v1/write"})
        arguments += "--set", "forward.max_backlog_bytes=1MiB"
        rng, total, now = random.Random(1), 0, int(time.time() * 1000)
        with Server(folder / "sender", *arguments) as sender:
            for batch in range(40):
                sender.send([{"source_id": "b", "metric_name": "b", "metric_value": rng.random(), "timestamp": now - 1_000_000 + total + n}
                             for n in range(5000)])
                total += 5000
            check.equal(lane(sender)["missed_records"], 0, "nothing is missed as long as nothing is trimmed")
            check(lane(sender)["retries"] > 0, f"{lane(sender)}")
            check.equal(lane(sender)["problem"], "no connection: Connection refused", "what is wrong")
            check.equal(sender.stop(), 0, "the exit code")
        receiver = Server(folder / "receiver", "--set", f"listen=127.0.0.1:{port}")
        with receiver, Server(folder / "sender", *arguments) as sender:
            sender.wait_until_ready()
            wait_until_sent(sender)
            status = lane(sender)
            check(status["missed_records"] > 0 and status["sent_samples"] > 0, f"{status}")
            check.equal(status["missed_records"] + status["sent_samples"], total, f"every record is accounted for: {status}")
            found = receiver.query("count_over_time(b[3h])")
            check.equal(int(found[0]["value"][1]), status["sent_samples"], "what arrived")


def faults(check):
    with temporary_folder() as folder:
        arguments = receivers(folder, {"name": "r", "url": "nowhere"})
        try:
            Server(pathlib.Path(folder) / "data", *arguments)
            check(False, "a server with a wrong file started")
        except RuntimeError as error:
            check("`url` is an address" in str(error) and "line 1" in str(error), f"{error}")


def main():
    check = Checks()
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(2**32)
    print(f"seed {seed}", flush=True)
    faults(check)
    if prometheus_peer.available():
        prometheus(check)
        relabelled(check)
    else:
        print("skipped: prometheus is not installed")
    backlog(check)
    kills(check, seed)
    check.finish()


main()
