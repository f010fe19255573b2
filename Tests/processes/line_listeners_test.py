#!/usr/bin/env python3
"""Real clients of StatsD and Graphite send by UDP and TCP; PromQL reads it back. usage: line_listeners_test.py"""
import json
import re
import socket
import time

from harness import Checks, Server, add_python_packages, await_true, temporary_folder

add_python_packages()

import graphyte  # noqa: E402
import statsd  # noqa: E402
from prometheus_client import CollectorRegistry, Counter, Gauge  # noqa: E402
from prometheus_client.bridge.graphite import GraphiteBridge  # noqa: E402

SETTINGS = {
    "HELIOGRAPH_STATSD_LISTEN": "127.0.0.1:0", "HELIOGRAPH_STATSD_INTERVAL": "200ms",
    "HELIOGRAPH_GRAPHITE_LISTEN": "127.0.0.1:0",
    "HELIOGRAPH_GRAPHITE_TEMPLATES": "servers.<source_id>.<metric>"}


def port(server, name):
    """Where the server listens for a protocol, which its log says."""
    return until(lambda: next(iter(re.findall(rf"address=127\.0\.0\.1:(\d+) .*listening for {name} ", server.log())), None), f"{name} listens")


def until(condition, what, seconds=30):
    return await_true(condition, what, seconds)


def value(server, expression, **parameters):
    """Of the only series; None if there is another number of them."""
    result = server.query(expression, **parameters)
    return float(result[0]["value"][1]) if len(result) == 1 else None


def own(server, name, protocol):
    """One of the server's own metrics."""
    text = server.request("GET", "/metrics")[1].decode()
    found = re.search(rf'^{name}{{protocol="{protocol}"}} (\S+)$', text, re.M)
    return float(found.group(1)) if found else None


def letters(server, protocol):
    all_of_them = server.json("/api/v1/dead-letters", limit=1000)[1]["data"]["dead_letters"]
    return [letter for letter in all_of_them if letter["protocol"] == protocol]


def statsd_clients(check, server, number):
    with statsd.StatsClient("127.0.0.1", number).pipeline() as pipe:
        for milliseconds in (100, 200, 300, 400):
            pipe.incr("shop.orders", 2)
            pipe.timing("shop.duration", milliseconds)
        pipe.gauge("shop.queue", 7)
        pipe.gauge("shop.queue", -2, delta=True)
        for user in ("a", "b", "a"):
            pipe.set("shop.users", user)
    stream = statsd.TCPStatsClient("127.0.0.1", number)
    for _ in range(5):
        stream.incr("shop.orders")
    stream.close()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.sendto(b"dog.hits:3|c|#source_id:web-1,route:/\ndog.size:1:2:3|d\nbroken\n", ("127.0.0.1", number))
    until(lambda: value(server, "shop_orders") == 13, "orders by UDP and TCP")
    check.equal(value(server, "shop_queue"), 5, "a gauge that was shifted")
    check.equal(value(server, "max_over_time(shop_users[1m])"), 2, "members of a set")
    check.equal(value(server, "histogram_count(shop_duration)"), 4, "a timer's count")
    check.equal(round(value(server, "histogram_sum(shop_duration)"), 9), 1, "a timer's sum in seconds")
    middle = value(server, "histogram_quantile(0.5, shop_duration)")
    check(0.18 < middle < 0.31, f"the median of 100, 200, 300 and 400 ms: {middle}")
    until(lambda: value(server, 'dog_hits{source_id="web-1",route="/"}') == 3, "a counter with tags")
    check.equal(value(server, "histogram_sum(dog_size)"), 6, "several values in one line")
    # Samples go on without new values, as of a target that is scraped.
    until(lambda: value(server, "count_over_time(shop_orders[1m])") >= 5, "an interval without values has a sample")
    check.equal(value(server, "resets(shop_orders[1m])"), 0, "a counter only rises")
    refused = until(lambda: letters(server, "statsd"), "the broken line is kept")
    check.equal([(l["payload"], l["reason"]) for l in refused], [("broken", "invalid_line")], "dead letters of StatsD")
    # Two datagrams and, of the stream, as many lines as it had.
    check(own(server, "heliograph_lines_datagrams_total", "statsd") >= 2, "datagrams are counted")
    check.equal(own(server, "heliograph_lines_dropped_total", "statsd"), 0, "nothing was dropped")


def graphite_clients(check, server, number):
    now = int(time.time())
    for protocol in ("tcp", "udp"):
        sender = graphyte.Sender("127.0.0.1", number, prefix="servers.web1", protocol=protocol)
        for n in range(10):
            sender.send(f"cpu.{protocol}", n, now - 10 + n, tags={"core": "0"})
        sender.stop()
    for protocol in ("tcp", "udp"):
        selector = f'cpu_{protocol}{{source_id="web1",core="0"}}'
        until(lambda: value(server, f"count_over_time({selector}[5m])") == 10, f"by {protocol}")
        check.equal(value(server, f"sum_over_time({selector}[5m])"), 45, f"values by {protocol}")
    registry = CollectorRegistry()
    Counter("jobs", "Jobs done.", ["queue"], registry=registry).labels("mail").inc(7)
    Gauge("depth", "Jobs that wait.", registry=registry).set(2.5)
    GraphiteBridge(("127.0.0.1", number), registry=registry, tags=True).push(prefix="servers.web1")
    until(lambda: value(server, 'jobs_total{source_id="web1",queue="mail"}') == 7, "prometheus_client's bridge")
    check.equal(value(server, 'depth{source_id="web1"}'), 2.5, "prometheus_client's bridge, without labels")
    bridged = 3  # jobs_total, jobs_created and depth
    with socket.create_connection(("127.0.0.1", number)) as stream:
        # In pieces, with lines that are broken, far too long, and not ended.
        lines = [f"pieces.{n} {n} {now}" for n in range(200)]
        text = "\n".join(lines[:100] + ["broken line here", "x" * 200_000] + lines[100:] + ["room.temperature 21", "cut.off 1"])
        for at in range(0, len(text), 1000):
            stream.sendall(text[at:at + 1000].encode())
    until(lambda: value(server, 'count({__name__=~"pieces_.*"})') == 200, "all lines around the broken ones")
    check.equal(value(server, "room_temperature"), 21, "a path without a template, now")
    refused = until(lambda: len(letters(server, "graphite")) >= 3 and letters(server, "graphite"), "what is refused is kept")
    check.equal([l["reason"] for l in refused], ["invalid_line"] * 3, "reasons")
    check({l["payload"] for l in refused} >= {"broken line here", "cut.off 1"}, f"payloads: {[l['payload'][:50] for l in refused]}")
    letter = next(l for l in refused if l["payload"] == "broken line here")
    _, answer, _ = server.request("POST", f"/api/v1/dead-letters/{letter['id']}/replay", f"servers.web1.mended 5 {now}".encode())
    check.equal(json.loads(answer)["data"]["outcome"], "replayed", f"a line, mended: {answer}")
    check.equal(value(server, 'mended{source_id="web1"}'), 5, "by the listener's templates")
    until(lambda: own(server, "heliograph_lines_open_connections", "graphite") == 0, "connections are given up")
    check.equal(own(server, "heliograph_lines_received_total", "graphite"), 20 + bridged + 202 + 2, "lines are counted")


def crowd(check, server, number):
    """Connections beyond the bound are closed, the others go on, and there is room again afterwards."""
    open_ones = []
    while own(server, "heliograph_lines_refused_connections_total", "graphite") == 0 and len(open_ones) < 1100:
        open_ones += [socket.create_connection(("127.0.0.1", number)) for _ in range(50)]
    check(len(open_ones) > 1024, f"{len(open_ones)} connections until one was refused")
    open_ones[0].sendall(b"crowd.first 1 -1\n")
    until(lambda: value(server, "crowd_first") == 1, "the first connection goes on")
    for connection in open_ones:
        connection.close()
    until(lambda: own(server, "heliograph_lines_open_connections", "graphite") == 0, "room again")


def stop_and_start(check, folder, server, number):
    """What came before a clean stop is there; counters begin anew."""
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"late.hits:4|c", ("127.0.0.1", number))
    until(lambda: own(server, "heliograph_lines_datagrams_total", "statsd") >= 3, "the datagram came")
    check.equal(server.stop(), 0, "a clean stop")
    with Server(folder, environment={**SETTINGS, "HELIOGRAPH_STATSD_INTERVAL": "1h"}) as again:
        again.wait_until_ready()
        check.equal(value(again, "last_over_time(late_hits[5m])"), 4, "what came before the stop")
        number = int(port(again, "StatsD"))
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"late.hits:3|c", ("127.0.0.1", number))
        until(lambda: own(again, "heliograph_lines_datagrams_total", "statsd") == 1, "the datagram came")
        check.equal(again.stop(), 0, "a stop long before the interval's end")
    with Server(folder) as again:
        again.wait_until_ready()
        check.equal(value(again, "last_over_time(late_hits[5m])"), 3, "a counter begins anew")
        check.equal(value(again, "increase(late_hits[5m]) > bool 0"), 1, "which is no fall")
        ledger = again.ledger()
        check(ledger["balanced"], f"the ledger adds up: {ledger['totals']}")
        check.equal({p["protocol"] for p in ledger["protocols"]}, {"statsd", "graphite"}, "protocols in the ledger")


def taken_address(check, folder):
    """An address that is taken is said so, and the server does not run without what it was told to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        try:
            with Server(folder, environment={"HELIOGRAPH_GRAPHITE_LISTEN": address}) as server:
                check(server.process.wait(timeout=60) != 0, "it ends")
                said = server.log()
        except RuntimeError as error:
            # It may end before it says that it runs.
            said = str(error)
        check(address in said and "graphite.listen" in said, f"and says why: {said[-500:]}")


def main():
    check = Checks()
    with temporary_folder() as folder:
        with Server(folder, environment=SETTINGS) as server:
            statsd_port, graphite_port = int(port(server, "StatsD")), int(port(server, "Graphite"))
            statsd_clients(check, server, statsd_port)
            graphite_clients(check, server, graphite_port)
            crowd(check, server, graphite_port)
            stop_and_start(check, folder, server, statsd_port)
    with temporary_folder() as folder:
        taken_address(check, folder)
    check.finish()


if __name__ == "__main__":
    main()
