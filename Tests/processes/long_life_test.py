#!/usr/bin/env python3
"""One server that lives long, as far as that can be had in half a minute: tens of thousands of small requests, each a commit of its
own. It is there afterwards, with every record, no larger, and stops as it should. usage: long_life_test.py [REQUESTS]"""
import pathlib
import socket
import sys

from harness import Checks, Server, temporary_folder

AT_ONCE = 50


def resident_bytes(server):
    pages = int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096


def metric(server, name):
    text = server.request("GET", "/metrics")[1].decode()
    return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def send(port, first, count, start):
    """Requests of one record each, over one connection, some at a time; returns how many were taken."""
    taken = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        answers = connection.makefile("rb")
        for begin in range(first, first + count, AT_ONCE):
            portion = range(begin, min(begin + AT_ONCE, first + count))
            requests = b""
            for n in portion:
                body = b'{"source_id":"s","metric_name":"m","metric_value":%d,"timestamp":%d}' % (n, start + n)
                requests += (b"POST /api/v1/telemetry HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                             b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            connection.sendall(requests)
            for _ in portion:
                status, length = answers.readline(), 0
                while (line := answers.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                answers.read(length)
                taken += status.startswith(b"HTTP/1.1 200")
    return taken


def main():
    check = Checks()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    start = 1_767_225_600_000
    with temporary_folder() as folder, Server(pathlib.Path(folder) / "data", "--set", "demo=false") as server:
        early = count // 10
        check.equal(send(server.port, 0, early, start), early, "the first requests")
        size = resident_bytes(server)
        check.equal(send(server.port, early, count - early, start), count - early, "the others")
        commits = metric(server, "heliograph_log_commits_total")
        check(commits >= count, f"each is a commit of its own: {commits}")
        check.equal(server.query("count_over_time(m[1h])", time=(start + count) / 1000)[0]["value"][1], str(count), "what can be queried")
        ledger = server.ledger()
        check((ledger["balanced"], ledger["totals"]["received"]) == (True, count), f"the ledger: {ledger['totals']}")
        grown = (resident_bytes(server) - size) / 1e6
        check(grown < 32, f"it has grown by {grown:.1f} MB since the first tenth")
        check.equal(server.stop(), 0, "the exit code")
        print(f"{count} requests, {commits:.0f} commits, {grown:.1f} MB more than after the first tenth")
    check.finish()


main()
