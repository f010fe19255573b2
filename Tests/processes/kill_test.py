#!/usr/bin/env python3
"""kill -9 at random moments while producers send as fast as they can.

usage: kill_test.py [ROUNDS] [SEED]

After each restart: every acknowledged record is there once, with its value; none that was refused is there; what is there was
sent; and the ledger adds up. Records that were sent and neither acknowledged nor refused (the kill came first) may or may not
be there.
"""
import http.client
import json
import random
import sys
import threading
import time

from harness import Checks, Server, temporary_folder

SENDERS = 3
BATCH = 250


class Sender(threading.Thread):
    """Sends batches over one connection until it breaks; remembers what was answered."""

    def __init__(self, port, round_number, number, start_ms, rng):
        super().__init__()
        self.port, self.metric, self.source = port, f"kill_{round_number}", f"sender-{number}"
        self.start_ms, self.rng = start_ms, rng
        self.acknowledged, self.sent, self.refused, self.answered_bad = set(), set(), set(), 0
        self.failure = None

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        index = 0
        try:
            while True:
                good, bad, lines = [], [], []
                for _ in range(BATCH):
                    index += 1
                    record = {
                        "timestamp": self.start_ms + index, "source_id": self.source, "metric_name": self.metric,
                        "metric_value": index}
                    if self.rng.random() < 0.02:
                        record["metric_value"] = "high"
                        bad.append(index)
                    else:
                        good.append(index)
                    lines.append(json.dumps(record))
                self.sent.update(good)
                self.refused.update(bad)
                connection.request(
                    "POST", "/api/v1/telemetry", "\n".join(lines), {"Content-Type": "application/x-ndjson"})
                response = connection.getresponse()
                body = response.read()
                if response.status == 429:
                    self.sent.difference_update(good)
                    self.refused.difference_update(bad)
                    time.sleep(0.05)
                    continue
                answer = json.loads(body)
                if response.status != 200 or answer["accepted"] != len(good) or answer["rejected"] != len(bad):
                    self.failure = f"{response.status} {body[:300]!r}"
                    return
                self.acknowledged.update(good)
                self.answered_bad += len(bad)
        except (OSError, http.client.HTTPException):
            # The kill.
            pass
        finally:
            connection.close()


def verify(server, senders, check, label):
    for sender in senders:
        selector = f'{sender.metric}{{source_id="{sender.source}"}}'
        end = (sender.start_ms + len(sender.sent) + len(sender.refused) + 10_000) / 1000
        result = server.query(f"{selector}[3h]", time=end)
        points = result[0]["values"] if result else []
        found = {round(t * 1000) - sender.start_ms: float(v) for t, v in points}
        check(len(found) == len(points), f"{label} {selector}: a timestamp came twice")
        missing = sender.acknowledged - found.keys()
        check(not missing, f"{label} {selector}: {len(missing)} acknowledged records are missing")
        foreign = found.keys() - sender.sent
        check(not foreign, f"{label} {selector}: {len(foreign)} records that were refused or never sent are there")
        wrong = sum(1 for index, value in found.items() if value != index)
        check(wrong == 0, f"{label} {selector}: {wrong} values are wrong")
        yield len(found)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    print(f"kill test: {rounds} rounds, seed {seed}", flush=True)
    rng = random.Random(seed)
    check = Checks()
    stored, answered_bad, acknowledged, last = 0, 0, 0, []
    with temporary_folder() as folder:
        server = Server(folder)
        try:
            for number in range(rounds):
                start_ms = int(time.time() * 1000) - 3_000_000
                senders = [Sender(server.port, number, n, start_ms, random.Random(rng.random())) for n in range(SENDERS)]
                for sender in senders:
                    sender.start()
                time.sleep(rng.uniform(0.02, 1.0))
                server.kill()
                for sender in senders:
                    sender.join()
                    check(sender.failure is None, f"round {number}: an unexpected answer: {sender.failure}")
                server = Server(folder)
                server.wait_until_ready()
                stored += sum(verify(server, senders, check, f"round {number}"))
                answered_bad += sum(s.answered_bad for s in senders)
                acknowledged += sum(len(s.acknowledged) for s in senders)
                last = senders
                ledger = server.ledger()
                totals = ledger["totals"]
                check(ledger["balanced"], f"round {number}: the ledger does not add up: {totals}")
                check.equal(totals["stored"], stored, f"round {number}: stored in the ledger and found by queries")
                check.equal(totals["duplicate"], 0, f"round {number}: duplicates")
                check.equal(totals["pending"], 0, f"round {number}: pending")
                check(
                    totals["dead_lettered"] >= answered_bad,
                    f"round {number}: {answered_bad} records were refused, the ledger knows {totals['dead_lettered']}")
            check.equal(server.stop(), 0, "the exit code after SIGINT")
            server = Server(folder)
            server.wait_until_ready()
            for _ in verify(server, last, check, "after a clean stop"):
                pass
            check.equal(server.ledger()["totals"]["stored"], stored, "stored after a clean stop")
        finally:
            if server.process.poll() is None:
                server.kill()
            if check.failed:
                print(server.log()[-4000:])
    print(f"{rounds} kills, {acknowledged} records acknowledged, {answered_bad} refused, {stored} found, 0 may be missing")
    check(acknowledged > 0, "nothing was acknowledged: the test did not test")
    check.finish()


main()
