#!/usr/bin/env python3
"""Dead letters against real processes: mended and replayed by API and command line for each protocol, and kill -9 in the midst
of a bulk replay: what was replayed is there once, what was not still waits, and the ledger adds up.

usage: dead_letters_test.py [SEED]
"""
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import threading
import time
import urllib.parse

from harness import BINARY, Checks, Server, clean_environment, temporary_folder

LETTERS = "/api/v1/dead-letters"


def post(server, path, body=b"", method="POST", **headers):
    status, answer, _ = server.request(method, path, body if isinstance(body, bytes) else body.encode(), headers)
    return status, json.loads(answer) if answer[:1] == b"{" else answer


def waiting(server, **parameters):
    return server.json(LETTERS, **parameters)[1]["data"]["dead_letters"]


def replay(server, letter, body=b""):
    status, answer = post(server, f"{LETTERS}/{letter['id']}/replay", body)
    return answer["data"] if status == 200 else (status, answer)


def command(server, *arguments, environment=None, stdin=None):
    return subprocess.run(
        [BINARY, "dead-letters", *arguments, "--url", f"http://127.0.0.1:{server.port}"], text=True,
        capture_output=True, timeout=120, env={**clean_environment(), **(environment or {})}, input=stdin)


def balanced(check, server, what):
    ledger = server.ledger()
    letters, totals = ledger["dead_letters"], ledger["totals"]
    check(ledger["balanced"], f"{what}: the ledger does not add up: {totals}")
    check.equal(sum(letters.values()), totals["dead_lettered"], f"{what}: fates of dead letters")
    check.equal(len_of_waiting(server), letters["waiting"], f"{what}: letters that wait, listed and counted")
    return ledger


def len_of_waiting(server):
    return server.json(LETTERS, limit=1)[1]["data"]["matching"]


def contract(check, server):
    now = int(time.time() * 1000)
    record = {"source_id": "pump", "metric_name": "flow", "metric_value": "3.5"}
    server.send([record, {**record, "metric_value": 1, "timestamp": now - 50_000}])
    arrived = time.time()
    letter = waiting(server, source="pump")[0]
    again = replay(server, letter)
    check.equal((again["outcome"], again["reason"]), ("refused", "wrong_type"), "replayed as it was")
    check.equal(len(waiting(server, source="pump")), 1, "a letter that is refused again is no second letter")
    edited = json.dumps({**record, "metric_value": 3.5})
    status, answer = post(server, f"{LETTERS}/{letter['id']}", edited, "PUT")
    check.equal((status, answer["data"]["payload"], answer["data"]["original"]), (200, edited, json.dumps(record)), "edit")
    time.sleep(0.01)
    done = replay(server, letter)
    check.equal((done["outcome"], done["accepted"]), ("replayed", 1), "replayed after an edit")
    found = server.query("timestamp(flow)")
    check(abs(float(found[0]["value"][1]) - letter["received_at_ms"] / 1000) < 0.002, "it has the time of its arrival")
    check(letter["received_at_ms"] / 1000 <= arrived, "which was before")
    check.equal(server.query("flow")[0]["value"][1], "3.5", "the replayed value")
    status, answer = post(server, f"{LETTERS}/{letter['id']}/replay")
    check(status == 400 and "was replayed" in answer["error"], f"replayed twice: {status} {answer}")
    check.equal([l["id"] for l in waiting(server, state="replayed", source="pump")], [letter["id"]], "listed as replayed")
    status, answer = post(server, "/api/v1/telemetry", b'[{"source_id":"a"', **{"Content-Type": "application/json"})
    whole = waiting(server, reason="invalid_json")[0]
    records = [{"source_id": "w", "metric_name": "w", "metric_value": 1, "timestamp": now},
               {"source_id": "w", "metric_name": "w", "metric_value": "x"}]
    done = replay(server, whole, json.dumps(records))
    check.equal((done["outcome"], done["accepted"], done["rejected"]), ("replayed", 1, 1), "a whole body, mended in part")
    check.equal(waiting(server, source="w")[0]["received_at_ms"], whole["received_at_ms"], "what is left came when it did")


def other_protocols(check, server):
    """What was refused, mended, is the series that it would have been."""
    now = int(time.time())
    post(server, "/write?db=plant&precision=s", f'line,source_id=lp v=1 {now}x\nline,source_id=lp text="a" {now}')
    by_reason = {l["reason"]: l for l in waiting(server, protocol="line_protocol")}
    broken = by_reason["invalid_line"]
    check.equal(urllib.parse.parse_qs(broken["parameters"]), {"precision": ["s"], "db": ["plant"]}, "what a line needs")
    done = replay(server, broken, f"line,source_id=lp v=1 {now}")
    check.equal((done["outcome"], done["accepted"]), ("replayed", 1), "a broken line")
    field = by_reason["unsupported_value"]
    done = replay(server, field, field["payload"].replace('"a"', "2"))
    check.equal(done["outcome"], "replayed", "a field that is no number")
    found = {r["metric"]["__name__"]: (r["metric"]["db"], r["value"][1]) for r in server.query('{source_id="lp"}', time=now)}
    check.equal(found, {"line_v": ("plant", "1"), "line_text": ("plant", "2")}, "line protocol")

    text = '# TYPE h histogram\nh_bucket{source_id="ex",le="1"} 3 y\nh_bucket{source_id="ex",le="+Inf"} 4\n'
    post(server, "/api/v1/import/prometheus?extra_label=job%3Dtest&timestamp=" + str(now * 1000), text)
    letter = waiting(server, protocol="exposition")[0]
    check("extra_label=job%3Dtest" in letter["parameters"], letter["parameters"])
    done = replay(server, letter, '# TYPE h histogram\nh_bucket{source_id="ex",le="1"} 3')
    check.equal(done["outcome"], "replayed", f"a line of an exposition: {done}")
    found = server.query('h_bucket{le="1.0",job="test"}', time=now)
    check.equal([r["value"][1] for r in found], ["3"], "its labels, format and time")

    post(server, "/api/v1/write", b"\x05\x10abcde", **{"Content-Type": "application/x-protobuf"})
    letter = waiting(server, protocol="remote_write")[0]
    check.equal(replay(server, letter)["reason"], "invalid_message", "an unreadable message goes through the decoder again")
    sample = b"\x09" + b"\0\0\0\0\0\0\x14\x40" + b"\x10" + varint(now * 1000)
    series = field_of(1, field_of(1, b"__name__") + field_of(2, b"rw")) + field_of(2, sample)
    check.equal(replay(server, letter, field_of(1, series))["outcome"], "replayed", "a message of remote write")
    check.equal(server.query("rw", time=now)[0]["value"][1], "5", "its sample")
    # Refused for its time; kept as a series alone.
    late = field_of(1, field_of(1, b"__name__") + field_of(2, b"rw2")) + field_of(2, b"\x09" + b"\0" * 8 + b"\x10" + varint(2**60))
    message = field_of(1, late)
    post(server, "/api/v1/write", varint(len(message)) + literal(message), **{"Content-Type": "application/x-protobuf"})
    letter = waiting(server, protocol="remote_write")[0]
    check.equal(letter["reason"], "timestamp_out_of_range", "a refused sample")
    check.equal(replay(server, letter)["reason"], "timestamp_out_of_range", "its series goes through the decoder again")
    done = replay(server, letter, field_of(1, field_of(1, b"__name__") + field_of(2, b"rw2")) + field_of(2, sample))
    check.equal(done["outcome"], "replayed", f"a refused sample, mended: {done}")

    def metrics(temporality):
        return json.dumps({"resourceMetrics": [{"resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "s"}}, {"key": "host.name", "value": {"stringValue": "h"}}]},
            "scopeMetrics": [{"metrics": [{"name": "o", "sum": {"aggregationTemporality": temporality, "isMonotonic": True,
                "dataPoints": [{"timeUnixNano": str(now * 10**9), "asInt": "7"}]}}]}]}]})
    post(server, "/v1/metrics", metrics(0), **{"Content-Type": "application/json"})
    letter = waiting(server, protocol="otlp")[0]
    check.equal(replay(server, letter)["reason"], "unsupported_temporality", "a point goes through the decoder again")
    check.equal(server.query("target_info", time=now), [], "a resource without a point that was taken leaves nothing")
    done = replay(server, letter, letter["payload"].replace('"isMonotonic":true', '"isMonotonic":true,"aggregationTemporality":2'))
    check.equal(done["outcome"], "replayed", f"a point, mended: {done}")
    check.equal(server.query("o_total", time=now)[0]["value"][1], "7", "its sample")

    # A difference whose time is out of range; mended, it is added to what its series has come to.
    difference = metrics(1).replace('"name": "o"', '"name": "d"')
    post(server, "/v1/metrics", difference, **{"Content-Type": "application/json"})
    post(server, "/v1/metrics", difference.replace(f"{now * 10**9}", f"{2**63}"), **{"Content-Type": "application/json"})
    letter = waiting(server, protocol="otlp")[0]
    check.equal(replay(server, letter)["outcome"], "refused", "a difference goes through the decoder again")
    done = replay(server, letter, letter["payload"].replace(f"{2**63}", f"{(now + 1) * 10**9}"))
    check.equal(done["outcome"], "replayed", f"a difference, mended: {done}")
    check.equal(server.query("d_total", time=now + 1)[0]["value"][1], "14", "the sum of both")


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field_of(number, content):
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def literal(content):
    """A snappy block's only element, up to 64 KiB long."""
    return bytes([61 << 2]) + (len(content) - 1).to_bytes(2, "little") + content


def requests(check, server):
    for method, path, status, words in [
        ("GET", "/x", 400, "a whole number"), ("GET", "/99999", 404, "no dead letter 99999"),
        ("PUT", "/99999", 400, "empty"), ("DELETE", "/99999", 404, "no dead letter"),
        ("POST", "/99999/replay", 404, "no dead letter"), ("DELETE", "", 400, "all=true"),
        ("POST", "/replay", 400, "all=true"), ("GET", "?protocol=x", 400, "line_protocol"),
        ("GET", "?state=x", 400, "waiting, replayed or any"), ("GET", "?limit=0", 400, "from 1 to 1000"),
        ("GET", "?after=x", 400, "id of a dead letter"), ("POST", "/replay?all=maybe", 400, "true or false"),
    ]:
        found, answer = post(server, LETTERS + path, method=method)
        check(found == status and words in answer["error"], f"{method} {path}: {found} {answer}")
    for method, path in [("POST", "/replay?all=true"), ("DELETE", "?all=true"), ("PUT", "/1"), ("DELETE", "/1")]:
        found, answer = post(server, LETTERS + path, "x", method, **{"Sec-Fetch-Site": "cross-site"})
        check(found == 403 and "another site" in answer["error"], f"{method} {path} from another site: {found} {answer}")


def command_line(check, server, folder):
    bad = {"source_id": "cli", "metric_name": "cli", "metric_value": "1", "timestamp": int(time.time() * 1000)}
    server.send([{**bad, "tags": {"n": str(n)}} for n in range(6)])
    ids = [str(l["id"]) for l in waiting(server, source="cli")]
    listed = command(server, "list", "--source", "cli")
    check(listed.returncode == 0 and "6  wrong_type" in listed.stdout and "6 match" in listed.stdout, f"list: {listed}")
    shown = command(server, "show", ids[0])
    check("metric_value: expected a number" in shown.stdout and '"metric_value": "1"' in shown.stdout, f"show: {shown}")
    check.equal(command(server, "show", ids[0], "--payload").stdout.count("cli"), 2, "show --payload")
    again = command(server, "replay", ids[0])
    check(again.returncode == 1 and "refused again, wrong_type" in again.stdout, f"replay of what is not mended: {again}")
    good = json.dumps({**bad, "metric_value": 1})
    edited = command(server, "edit", ids[0], "--payload", good, "--replay")
    check(edited.returncode == 0 and "replayed, 1 records taken" in edited.stdout, f"edit --replay: {edited}")
    edited = command(server, "edit", ids[1], "--file", "-", stdin=good)
    check.equal(edited.stdout, f"{ids[1]}: edited\n", "edit from standard input")
    editor = pathlib.Path(folder) / "my editor"
    editor.write_text("#!/bin/sh\nsed -i 's/\"1\"/1/' \"$2\"\n")
    editor.chmod(0o700)
    edited = command(server, "edit", ids[2], environment={"EDITOR": f"{shlex.quote(str(editor))} --wait", "VISUAL": ""})
    check.equal((edited.stdout, edited.stderr), (f"{ids[2]}: edited\n", ""), "edit in an editor")
    check(command(server, "edit", ids[2], environment={"EDITOR": "", "VISUAL": ""}).returncode != 0, "edit without an editor")
    check.equal(command(server, "edit", ids[3], environment={"EDITOR": "true", "VISUAL": ""}).stdout,
                f"{ids[3]}: nothing was changed\n", "an editor that changes nothing")
    check(command(server, "replay").returncode != 0 and command(server, "replay", "1", "--all").returncode != 0, "no filter")
    many = command(server, "replay", "--source", "cli")
    check(many.returncode == 1 and "2 replayed, 3 refused again, 0 not replayed" in many.stdout, f"replay: {many}")
    check.equal(command(server, "discard", ids[3]).stdout, "1 discarded\n", "discard by id")
    check.equal(command(server, "discard", "--source", "cli").stdout, "2 discarded\n", "discard by filter")
    check.equal(waiting(server, source="cli"), [], "nothing waits")


def kill(check, seed):
    """A bulk replay in portions is killed at some moment; the next start goes on with it."""
    rng = random.Random(seed)
    with temporary_folder() as folder:
        count, start = 6000, int(time.time() * 1000) - 1_000_000
        server = Server(folder, "--set", "ingest.max_series=1")
        server.send([{"source_id": "first", "metric_name": "first", "metric_value": 1}])
        for first in range(0, count, 1000):
            server.send([{"source_id": "k", "metric_name": "k", "metric_value": n, "timestamp": start + n}
                         for n in range(first, first + 1000)])
        check.equal(server.ledger()["dead_letters"]["waiting"], count, "letters of the budget")
        kills = 0
        server.stop()
        while True:
            server = Server(folder)
            server.wait_until_ready()
            ledger = balanced(check, server, f"after {kills} kills")
            found = server.query("count_over_time(k[3h])")
            there = int(found[0]["value"][1]) if found else 0
            check.equal(there, ledger["dead_letters"]["replayed"], "samples that are there, and letters that say so")
            check.equal(there + ledger["dead_letters"]["waiting"], count, "no letter is lost")
            check.equal(ledger["totals"]["duplicate"], 0, "no letter is replayed twice")
            if ledger["dead_letters"]["waiting"] == 0 or kills == 12:
                break

            def run(place=""):
                try:
                    while place is not None:
                        answer = post(server, f"{LETTERS}/replay?all=true&limit=250{place}")[1]["data"]
                        place = f"&after={answer['after']}&through={answer['through']}" if "after" in answer else None
                except OSError:
                    # The kill.
                    pass
                except Exception as error:  # A torn answer, also by the kill.
                    if "RemoteDisconnected" not in repr(error) and "IncompleteRead" not in repr(error):
                        raise

            thread = threading.Thread(target=run)
            thread.start()
            time.sleep(rng.uniform(0.02, 0.25))
            server.kill()
            thread.join()
            kills += 1
        print(f"{kills} kills within a replay, {there} of {count} letters replayed")
        check(kills > 1 and there > 0, "the kills came in the midst")
        while waiting(server, limit=1):
            post(server, f"{LETTERS}/replay?all=true&limit=10000")
        check.equal(int(server.query("count_over_time(k[3h])")[0]["value"][1]), count, "all of them, in the end")
        values = server.query("k[3h]")[0]["values"]
        check.equal([(round(t * 1000) - start, v) for t, v in values], [(n, str(n)) for n in range(count)], "every sample")
        balanced(check, server, "in the end")
        check.equal(server.stop(), 0, "the exit code")


def expiry(check):
    with temporary_folder() as folder:
        bad = {"source_id": "e", "metric_name": "e", "metric_value": "x"}
        with Server(folder, "--set", "dead_letters.max_age=1s") as server:
            server.send([bad] * 5)
            deadline = time.monotonic() + 60
            while waiting(server) and time.monotonic() < deadline:
                time.sleep(0.1)
            ledger = balanced(check, server, "after the age")
            check.equal(ledger["dead_letters"], {"waiting": 0, "replayed": 0, "discarded": 0, "expired": 5}, "by age")
            server.kill()
        with Server(folder, "--set", "dead_letters.max_bytes=1000") as server:
            server.send([{**bad, "tags": {"n": str(n)}} for n in range(100)])
            deadline = time.monotonic() + 60
            while len_of_waiting(server) > 20 and time.monotonic() < deadline:
                time.sleep(0.05)
            letters = balanced(check, server, "for want of room")["dead_letters"]
            check(letters["expired"] > 80 and letters["waiting"] > 0, f"the oldest went: {letters}")
            metrics = server.request("GET", "/metrics")[1].decode()
            for name, fate in (("waiting", "waiting"), ("expired_total", "expired")):
                line = f'heliograph_dead_letters_{name}{{protocol="contract",reason="wrong_type"}} {letters[fate]}'
                check(line in metrics, f"{line} is not among the metrics")


def main():
    check = Checks()
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(2**32)
    print(f"seed {seed}", flush=True)
    with temporary_folder() as folder, Server(os.path.join(folder, "data")) as server:
        for part in (contract, other_protocols, requests):
            part(check, server)
            balanced(check, server, part.__name__)
        command_line(check, server, folder)
        before = balanced(check, server, "the command line")
        server.kill()
        with Server(os.path.join(folder, "data")) as server:
            server.wait_until_ready()
            after = balanced(check, server, "after a kill")
            check.equal(after["dead_letters"], before["dead_letters"], "fates of dead letters after a kill")
            check.equal(after["totals"], before["totals"], "the ledger after a kill")
    expiry(check)
    kill(check, seed)
    check.finish()


main()
