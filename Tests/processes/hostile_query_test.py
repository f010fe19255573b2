#!/usr/bin/env python3
"""Queries that would take all memory or for ever get their answer in bounded time and memory, and the next one works.
usage: hostile_query_test.py"""
import json
import re
import urllib.parse

from harness import Checks, Server, temporary_folder

START = 1_767_225_600
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Far more than any of these may take; a server that hangs takes for ever.
HANG_SECONDS = 60
# What one query may take beside what the server has for itself (query.max_memory below is 256 MiB).
GROWTH_BYTES = 512 << 20


def memory(server, name="VmHWM"):
    """Peak (VmHWM) or present (VmRSS) resident bytes."""
    with open(f"/proc/{server.process.pid}/status") as status:
        return int(re.search(rf"{name}:\s+(\d+) kB", status.read()).group(1)) * 1024


def queries():
    """(what, query, parameters, status, errorType or None, a word of the answer); instant unless there is a step."""
    long_range = {"start": START, "end": START + 10_000, "step": 1}
    yield "nested parentheses", "(" * 10_000 + "load" + ")" * 10_000, {}, 400, "bad_data", "nested deeper"
    yield "nested calls", "abs(" * 10_000 + "load" + ")" * 10_000, {}, 400, "bad_data", "nested deeper"
    yield "signs", "-" * 500_000 + "load", {}, 400, "bad_data", ""
    yield "a chain of or", "load" + " or load" * 100_000, {}, 400, "bad_data", "levels"
    yield "a chain within the bounds", "load" + " or load" * 280, {}, 200, None, "result"
    yield "1 MB of text", "load + " + "x" * 1_000_000, {}, 200, None, "result"
    yield "more than the form may have", "x" * 2_000_000, {}, 413, "too_large", ""
    yield "an empty selector", "{}", {}, 400, "bad_data", "at least one matcher"
    yield "everything", '{a=~".*"}', {}, 400, "bad_data", "at least one matcher"
    yield "an exploding regex", 'load{source_id=~"(a+)+$"}', {}, 200, None, '"result":[]'
    yield "another", 'load{source_id=~"(x+x+)+y"}', {}, 200, None, '"result":[]'
    yield "huge repetition", 'load{source_id=~"a{1000}{1000}"}', {}, 400, "bad_data", "regular expression"
    yield "regex groups", 'load{source_id=~"' + "(" * 100_000 + '"}', {}, 400, "bad_data", "regular expression"
    yield "label_replace", 'count(label_replace(load, "a", "$1", "source_id", "(.*)*(.*)*(.*)*y"))', {}, 200, None, "result"
    yield "a billion steps", "load", {"start": 0, "end": 1_000_000_000, "step": 1}, 400, "bad_data", "query.max_steps"
    yield "a huge subquery", "avg_over_time(load[1y:1s])[1d:1s]", {}, 422, "execution", "query.max_"
    yield "a huge subquery in one", "avg_over_time(avg_over_time(load[1y:1s])[1d:1s])", {}, 422, "execution", "query.max_"
    yield "a long constant", "avg_over_time(vector(1)[100y:1ms])", {}, 422, "execution", "query.max_samples"
    yield "constant columns", "load @ 1767229200 * 2", long_range, 422, "execution", "query.max_memory"
    yield "nested subqueries", "sum(" + "max_over_time(" * 90 + "load" + "[1d:1s])" * 90 + ")", {}, 422, "execution", "query.max_"
    yield "topk of all", "count(topk(1e18, load))", {}, 200, None, "4000"
    yield "topk of none", "count(topk(-1e300, load))", {}, 200, None, '"result":[]'
    yield "no quantile", "quantile(NaN, load)", {}, 200, None, "NaN"
    yield "too many series", "count(load)", {"limit": 1}, 200, None, "4000"
    yield "step 0", "load", {"start": 0, "end": 1, "step": 0}, 400, "bad_data", "step"
    yield "a negative step", "load", {"start": 0, "end": 1, "step": -1}, 400, "bad_data", "step"
    yield "the end before the start", "load", {"start": 2, "end": 1, "step": 1}, 400, "bad_data", "end"
    yield "the end of time", "load", {"time": "292277025-08-18T07:12:54.999999999Z"}, 200, None, '"result":[]'
    yield "its beginning", "load", {"time": "-292273086-05-16T16:47:06Z"}, 200, None, '"result":[]'
    yield "after the end of time", "load", {"time": "1e300"}, 400, "bad_data", "time"
    yield "all of time", "load", {"start": -9e12, "end": 9e12, "step": 1e9}, 400, "bad_data", ""
    yield "the end of time as @", "load @ 9007199254740", {}, 200, None, '"result":[]'
    yield "an offset of ages", "load offset 292y", {}, 200, None, '"result":[]'
    yield "limit -1", "load", {"limit": -1}, 400, "bad_data", "limit"
    yield "timeout 0", "load", {"timeout": 0}, 400, "bad_data", "timeout"
    yield "a short timeout", "sum(load)", {"timeout": "1ms", **long_range}, 503, "timeout", "query.timeout"
    yield "a look-back of ages", "count(load)", {"lookback_delta": "292y"}, 200, None, "4000"
    yield "no look-back", "load", {"lookback_delta": 0}, 400, "bad_data", "lookback_delta"
    yield "a negative look-back", "load", {"lookback_delta": -5}, 400, "bad_data", "lookback_delta"
    yield "a text of bytes", "\x00\x01", {}, 400, "bad_data", ""


def load(check, server):
    """4000 series of one sample; some with long labels made of what exploding patterns like."""
    records = [
        {"source_id": ("x" * 200 if index % 2 else "a" * 200) + f"{index}", "metric_name": "load", "metric_value": index,
         "timestamp": START * 1000 + 3_500_000}
        for index in range(4000)]
    status, answer = server.send(records, **{"X-Heliograph-Ack": "stored"})
    check(status == 200 and answer["accepted"] == len(records), f"records: {status} {str(answer)[:300]}")


def ask(server, query, parameters):
    path = "/api/v1/query_range" if "step" in parameters else "/api/v1/query"
    values = {"query": query, **parameters}
    if "step" not in parameters:
        values.setdefault("time", START + 3600)
    status, body, _ = server.request("POST", path, urllib.parse.urlencode(values), FORM, timeout=HANG_SECONDS)
    return status, body.decode()


def main():
    check = Checks()
    with temporary_folder() as folder:
        with Server(folder, "--set", "query.max_memory=256MiB", "--set", "query.max_series=5000") as server:
            server.wait_until_ready()
            load(check, server)
            ask(server, "sum(load)", {})
            before = memory(server)
            for what, query, parameters, status, kind, word in queries():
                found, body = ask(server, query, parameters)
                check(found == status and word in body, f"{what}: expected {status} with {word!r}, found {found} {body[:300]}")
                if kind is not None:
                    answer = json.loads(body)
                    check.equal((answer["status"], answer["errorType"]), ("error", kind), what)
                grown = memory(server) - before
                check(grown < GROWTH_BYTES, f"{what}: memory grew by {grown >> 20} MiB")
                found, body = ask(server, "count(load)", {})
                check(found == 200 and "4000" in body, f"the query after {what}: {found} {body[:300]}")
            print(f"memory: {before >> 20} MiB before, {memory(server) >> 20} MiB at most, {memory(server, 'VmRSS') >> 20} MiB after")
            check.equal(server.stop(), 0, "the exit code")
    check.finish()


main()
