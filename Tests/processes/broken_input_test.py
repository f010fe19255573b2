#!/usr/bin/env python3
"""Broken input gets its clear answer, and the next request works. usage: broken_input_test.py"""
import gzip
import json
import socket
import subprocess
import time

from harness import Checks, Server, temporary_folder

GOOD = {"source_id": "s", "metric_name": "m", "metric_value": 1}
PATH = "/api/v1/telemetry"
JSON = {"Content-Type": "application/json"}


def record(**changes):
    return json.dumps({**GOOD, **changes})


def refused_records():
    """(what, body, reason) of single records that are JSON and not good."""
    yield "missing field", '{"source_id":"s","metric_name":"m"}', "missing_field"
    yield "unknown field", record(metric_vaule=1), "unknown_field"
    yield "string as value", record(metric_value="1"), "wrong_type"
    yield "null as value", record(metric_value=None), "wrong_type"
    yield "number as source", record(source_id=5), "wrong_type"
    yield "tags as array", record(tags=[1]), "wrong_type"
    yield "nested tag", record(tags={"a": {}}), "wrong_type"
    yield "empty source", record(source_id=""), "empty_value"
    yield "1e400", '{"source_id":"s","metric_name":"m","metric_value":1e400}', "number_out_of_range"
    yield "duplicate key", '{"source_id":"s","source_id":"t","metric_name":"m","metric_value":1}', "duplicate_key"
    yield "duplicate tag", '{"source_id":"s","metric_name":"m","metric_value":1,"tags":{"a":1,"a":2}}', "duplicate_key"
    yield "10 MB source", record(source_id="x" * 10_000_000), "value_too_long"
    yield "10 MB message", record(message="x" * 10_000_000), "value_too_long"
    yield "1969", record(timestamp="1969-12-31T23:59:59Z"), "timestamp_out_of_range"
    yield "2200", record(timestamp="2200-01-01T00:00:00Z"), "timestamp_out_of_range"
    yield "negative epoch", record(timestamp=-1), "timestamp_out_of_range"
    yield "30 February", record(timestamp="2026-02-30T00:00:00Z"), "invalid_timestamp"
    yield "no offset", record(timestamp="2026-02-03T00:00:00"), "invalid_timestamp"
    yield "unknown severity", record(severity="fatal"), "unknown_severity"
    yield "reserved tag", record(tags={"__name__": "x"}), "reserved_tag"
    yield "too many tags", record(tags={f"t{i}": 1 for i in range(65)}), "too_many_tags"
    yield "control character", record(source_id="a\u0001"), "control_character"


def whole_requests():
    """(what, body, headers, status, a word of the answer)."""
    yield "empty body", b"", JSON, 400, "empty"
    yield "blank body", b" \n ", JSON, 400, "empty"
    yield "truncated JSON", b'{"source_id":"s","metric_na', JSON, 400, "line 1"
    yield "truncated array", b'[{"source_id":"s"', JSON, 400, "line 1"
    yield "not JSON", b"hello", JSON, 400, "line 1, column 1"
    yield "second line", b'[\n{"a":tru}]', JSON, 400, "line 2"
    yield "NaN", b'{"source_id":"s","metric_name":"m","metric_value":NaN}', JSON, 400, "NaN"
    yield "deep nesting", b"[" * 100_000, JSON, 400, ""
    yield "deep record", b'{"tags":' + b'{"a":' * 100_000, JSON, 400, ""
    yield "invalid UTF-8", b'{"source_id":"\xff","metric_name":"m","metric_value":1}', JSON, 400, "UTF-8"
    yield "XML", b"<a/>", {"Content-Type": "application/xml"}, 415, "application/json"
    yield "brotli", b"x", {**JSON, "Content-Encoding": "br"}, 415, "gzip"
    yield "not gzip", b"hello", {**JSON, "Content-Encoding": "gzip"}, 400, "compressed"
    yield "half gzip", gzip.compress(record().encode())[:-9], {**JSON, "Content-Encoding": "gzip"}, 400, "compressed"
    bomb = gzip.compress(b" " * 300_000_000)
    yield "gzip bomb", bomb, {**JSON, "Content-Encoding": "gzip"}, 413, "bytes"
    yield "40 MB", b" " * 40_000_000, JSON, 413, "bytes"
    yield "unknown level", record().encode(), {**JSON, "X-Heliograph-Ack": "soon"}, 400, "durable"


def works(server, check, after):
    status, answer = server.send([GOOD])
    check((status, answer.get("accepted")) == (200, 1), f"the request after {after}: {status} {answer}")


def slow_and_dropped(server, check):
    head = b"POST /api/v1/telemetry HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as dropped:
        dropped.sendall(head + b'{"source_id"')
    works(server, check, "a dropped connection")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow:
        slow.sendall(head)
        slow.settimeout(30)
        began = time.monotonic()
        answer = b""
        try:
            while time.monotonic() - began < 30:
                slow.sendall(b" ")
                slow.settimeout(0.2)
                try:
                    data = slow.recv(4096)
                    answer += data
                    break
                except TimeoutError:
                    continue
        except OSError:
            pass
        check(time.monotonic() - began < 30, "a client that sends a byte at a time was never cut off")
        check(b" 200 " not in answer, f"a slow client got {answer[:100]!r}")
    works(server, check, "a slow client")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as garbage:
        garbage.sendall(b"\x16\x03\x01\x02\x00garbage\r\n\r\n")
        garbage.recv(4096)
    works(server, check, "bytes that are not HTTP")


def mixed_requests(server, check):
    """The good ones are kept, each bad one is answered and kept as a dead letter."""
    lines = [record(metric_value=7), "{", record(metric_value="x"), "", record(metric_value=8, source_id="t")]
    status, answer = server.send(lines)
    check.equal(status, 200, "some good, some bad")
    check.equal((answer["accepted"], answer["rejected"]), (2, 2), "counts of a mixed request")
    check.equal([e["reason"] for e in answer["errors"]], ["invalid_json", "wrong_type"], "reasons of a mixed request")
    check.equal(answer["errors"][1]["field"], "metric_value", "field of a mixed request")
    check.equal(server.query('m{source_id="t"}')[0]["value"][1], "8", "the good record of a mixed request")
    letters = server.json("/api/v1/dead-letters", reason="wrong_type", limit=1)[1]["data"]["dead_letters"]
    check.equal(letters[0]["payload"], lines[2], "the dead letter's payload")
    check.equal(letters[0]["source_id"], "s", "the dead letter's source")


def levels_and_shapes(server, check):
    for level in ("accepted", "durable", "stored"):
        status, answer = server.send([GOOD], **{"X-Heliograph-Ack": level})
        check((status, answer.get("accepted")) == (200, 1), f"level {level}: {status} {answer}")
    array = json.dumps([GOOD, GOOD]).encode()
    for what, body, headers in (
        ("array", array, JSON), ("gzip array", gzip.compress(array), {**JSON, "Content-Encoding": "gzip"}),
        ("NDJSON as JSON", (record() + "\n" + record()).encode(), JSON), ("no type", array, {}),
    ):
        status, answer, _ = server.request("POST", PATH, body, headers)
        check((status, json.loads(answer).get("accepted")) == (200, 2), f"{what}: {status} {answer[:200]}")


def full_disk(check):
    """A disk of 6 MB: 507, nothing half written, and everything acknowledged is there afterwards."""
    with temporary_folder() as folder:
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True)
        if mount.returncode != 0:
            print(f"skipped: full disk (cannot mount a small file system here: {mount.stderr.decode().strip()})")
            return
        try:
            acknowledged, statuses = 0, set()
            with Server(folder) as server:
                start = int(time.time() * 1000) - 3_000_000
                for batch in range(400):
                    records = [{**GOOD, "timestamp": start + batch * 500 + i, "metric_value": i * 0.1} for i in range(500)]
                    status, answer = server.send(records)
                    statuses.add(status)
                    if status == 200:
                        acknowledged += answer["accepted"]
                    else:
                        break
                check(statuses <= {200, 507} and 507 in statuses, f"statuses on a small disk: {statuses}")
                check.equal(int(server.query("count_over_time(m[2h])")[0]["value"][1]), acknowledged, "found when full")
                check.equal(server.request("GET", "/healthz")[0], 200, "alive with a full disk")
                check(server.ledger()["balanced"], "the ledger with a full disk")
                server.kill()
            with Server(folder) as server:
                server.wait_until_ready()
                found = int(server.query("count_over_time(m[2h])")[0]["value"][1])
                check.equal(found, acknowledged, "found after a kill on a full disk")
        finally:
            subprocess.run(["umount", "-l", folder], check=False)


def main():
    check = Checks()
    with temporary_folder() as folder, Server(
        folder, environment={"HELIOGRAPH_INGEST_REQUEST_TIMEOUT": "2s"}) as server:
        for what, body, reason in refused_records():
            status, answer, _ = server.request("POST", PATH, body.encode(), JSON)
            answer = json.loads(answer)
            errors = answer.get("errors") or [{}]
            check.equal((status, errors[0].get("reason")), (400, reason), what)
            check(len(errors[0].get("message", "")) > 10, f"{what}: no sentence in {answer}")
            works(server, check, what)
        for what, body, headers, expected, word in whole_requests():
            status, answer, _ = server.request("POST", PATH, body, headers)
            check.equal(status, expected, f"{what} ({answer[:200]!r})")
            check(word in answer.decode(), f"{what}: expected the word {word!r} in {answer[:300]!r}")
            works(server, check, what)
        mixed_requests(server, check)
        levels_and_shapes(server, check)
        slow_and_dropped(server, check)
        ledger = server.ledger()
        check(ledger["balanced"], f"the ledger after all this: {ledger['totals']}")
        check.equal(server.stop(), 0, "the exit code")
    full_disk(check)
    check.finish()


main()
