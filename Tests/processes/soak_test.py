#!/usr/bin/env python3
"""Every client at once at a bounded rate, while the server, and the store that it sends on to, are killed and come back. Whatever
a client was told is taken is there, once, in both; what was refused is kept; after every kill the ledger adds up. usage: soak_test.py [SECONDS] [SEED]"""
import http.client
import json
import pathlib
import random
import re
import socket
import sys
import threading
import time

import prometheus_peer as peer
from forwarder import Forwarder
from harness import Checks, Server, add_python_packages, temporary_folder

add_python_packages()
import prometheus_client  # noqa: E402
import statsd  # noqa: E402
from influxdb_client import InfluxDBClient, Point  # noqa: E402
from influxdb_client.client.write_api import SYNCHRONOUS  # noqa: E402
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: E402
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: E402
from opentelemetry.sdk._logs import LoggerProvider  # noqa: E402
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor  # noqa: E402
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics import export as sdk  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402

KILL_EVERY = 4


class Client(threading.Thread):
    """Does one thing after the other until told to stop; each is repeated until the server has taken it."""

    interval = 0.02

    def __init__(self, stop):
        super().__init__(daemon=True)
        self.stop, self.number, self.failure = stop, 0, None

    def run(self):
        try:
            while not self.stop.is_set():
                self.number += 1
                while not self.attempt(self.number):
                    time.sleep(0.05)
                self.stop.wait(self.interval)
        except Exception as error:  # noqa: BLE001
            self.failure = f"{type(self).__name__}: {type(error).__name__}: {error}"

    def attempt(self, number):
        """Whether the server has taken it."""
        raise NotImplementedError


class Contract(Client):
    """NDJSON of the data contract by the standard library; every tenth record is refused."""

    records = 50

    def __init__(self, stop, port, start_ms):
        super().__init__(stop)
        self.port, self.start_ms, self.refused = port, start_ms, 0

    def attempt(self, number):
        lines = [
            json.dumps({
                "timestamp": self.start_ms + number * self.records + n, "source_id": "soak", "metric_name": "soak_contract",
                "metric_value": "high" if n % 10 == 9 else n})
            for n in range(self.records)]
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            connection.request("POST", "/api/v1/telemetry", "\n".join(lines), {"Content-Type": "application/x-ndjson"})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            connection.close()
        except (OSError, http.client.HTTPException, ValueError):
            return False
        if answer.status == 429:
            return False
        assert answer.status == 200 and body["rejected"] == self.records // 10, f"{answer.status} {body}"
        self.refused += body["rejected"]
        return True

    def expected(self):
        return self.number * self.records * 9 // 10


class Influx(Client):
    """influxdb-client, version 2."""

    def __init__(self, stop, port, start_ms):
        super().__init__(stop)
        self.start_ms = start_ms
        self.client = InfluxDBClient(url=f"http://127.0.0.1:{port}", token="t", org="o", timeout=5000, retries=False)
        self.writer = self.client.write_api(write_options=SYNCHRONOUS)

    def attempt(self, number):
        points = [
            Point("soak_influx").tag("n", str(n)).field("value", number).time((self.start_ms + number) * 1_000_000)
            for n in range(20)]
        try:
            self.writer.write(bucket="b", record=points)
            return True
        except Exception:  # noqa: BLE001
            return False

    def expected(self):
        return self.number * 20


class Push(Client):
    """prometheus-client's push_to_gateway."""

    interval = 0.2

    def __init__(self, stop, port):
        super().__init__(stop)
        self.port, self.registry = port, prometheus_client.CollectorRegistry()
        self.gauge = prometheus_client.Gauge("soak_push", "How often.", registry=self.registry)

    def attempt(self, number):
        self.gauge.set(number)
        try:
            prometheus_client.push_to_gateway(f"127.0.0.1:{self.port}", job="soak", registry=self.registry, timeout=5)
            return True
        except (OSError, http.client.HTTPException):
            return False


class Metrics(Client):
    """OpenTelemetry's SDK: a counter, whose newest value is all there ever was."""

    interval = 0.1

    def __init__(self, stop, port):
        super().__init__(stop)
        exporter = OTLPMetricExporter(endpoint=f"http://127.0.0.1:{port}/v1/metrics", timeout=2)
        self.provider = MeterProvider(
            metric_readers=[sdk.PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)],
            resource=Resource({"service.name": "soak"}))
        self.counter = self.provider.get_meter("soak").create_counter("soak.otlp")
        self.added = 0

    def attempt(self, number):
        if self.added < number:
            self.counter.add(1)
            self.added = number
        try:
            return self.provider.force_flush(3000)
        except Exception:  # noqa: BLE001
            return False


class Logs(Client):
    """OpenTelemetry's log exporter, each record by itself."""

    interval = 0.1

    def __init__(self, stop, port):
        super().__init__(stop)
        self.exporter = OTLPLogExporter(endpoint=f"http://127.0.0.1:{port}/v1/logs", timeout=2)
        outer = self

        class Keeper:
            def export(self, batch):
                outer.batch = batch
                return outer.exporter.export(batch)

            def shutdown(self):
                pass

            def force_flush(self, timeout_millis=0):
                return True

        self.batch, self.result, self.made, self.began = None, None, 0, time.time()
        keeper = Keeper()
        provider = LoggerProvider(resource=Resource({"service.name": "soak"}))
        provider.add_log_record_processor(SimpleLogRecordProcessor(keeper))
        self.logger = provider.get_logger("soak")

    def attempt(self, number):
        from opentelemetry._logs import LogRecord, SeverityNumber
        if self.made < number:
            self.made = number
            now = time.time_ns()
            self.logger.emit(LogRecord(
                timestamp=now, observed_timestamp=now, severity_number=SeverityNumber.WARN, severity_text="WARN",
                body=f"soak message {number}"))
            # Sent once more below, as a client that did not hear the answer does.
        try:
            return self.exporter.export(self.batch).name == "SUCCESS"
        except Exception:  # noqa: BLE001
            return False


class Lines(Client):
    """StatsD by UDP and Graphite by TCP: nobody says whether they arrive."""

    interval = 0.05

    def __init__(self, stop, statsd_port, graphite_port):
        super().__init__(stop)
        self.graphite_port = graphite_port
        self.statsd = statsd.StatsClient("127.0.0.1", statsd_port)

    def attempt(self, number):
        self.statsd.incr("soak.statsd")
        try:
            with socket.create_connection(("127.0.0.1", self.graphite_port), timeout=2) as connection:
                connection.sendall(f"soak.graphite {number} {int(time.time())}\n".encode())
        except OSError:
            pass
        return True


class Killed:
    """A server at an address that stays while it is killed and comes back."""

    def __init__(self, folder, environment):
        self.folder, self.environment, self.kills = folder, environment, 0
        self.address = Forwarder()
        self.start()

    def start(self):
        self.server = Server(self.folder, environment=self.environment)
        self.address.target = self.server.port

    def kill(self, check, what):
        self.server.kill()
        self.kills += 1
        self.start()
        self.server.wait_until_ready()
        balanced(check, self.server, f"{what}, after kill {self.kills}")


def free_ports(count):
    """Ports that the kernel chose, free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def balanced(check, server, what):
    ledger = server.ledger()
    check(ledger["balanced"], f"the ledger adds up {what}: {ledger['totals']}")
    return ledger


def total(server, expression):
    result = server.query(expression)
    return float(result[0]["value"][1]) if result else 0


def await_equal(read, expected, what, check, seconds=60):
    deadline = time.monotonic() + seconds
    while (found := read()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    check.equal(found, expected, what)


def log_numbers(server, since):
    """Those of the log records' messages, half a minute at a time: an answer has 1000 events at the most."""
    numbers = []
    for start in range(since, int(time.time()) + 1, 30):
        status, answer = server.json("/api/v1/events", q="soak message", limit=1000, **{"from": start, "to": start + 29.999})
        numbers += [int(re.match(r"soak message (\d+)", event["message"]).group(1)) for event in answer["data"]]
    return numbers


def verify(check, server, clients, prometheus):
    contract, influx, push, metrics, logs = clients[:5]
    check.equal(total(server, "count_over_time(soak_contract[1d])"), contract.expected(), "records of the contract")
    check.equal(total(server, "sum(count_over_time(soak_influx[1d]))"), influx.expected(), "points of line protocol")
    check.equal(total(server, "last_over_time(soak_push[1d])"), push.number, "the newest push")
    # The SDK does not say whether an export was taken; the last one holds all of them.
    metrics.provider.force_flush()
    await_equal(lambda: total(server, "last_over_time(soak_otlp_total[1d])"), metrics.number, "OpenTelemetry's counter", check)
    numbers = log_numbers(server, int(logs.began))
    check.equal(sorted(set(range(1, logs.number + 1)) ^ set(numbers)), [], "log records that are missing, or that nobody sent")
    check.equal(len(numbers), len(set(numbers)), "log records that are there twice")
    await_equal(lambda: total(server, 'last_over_time(soak_scraped[1d])') > 0, True, "a scraped series", check)
    check(total(server, "count_over_time(soak_graphite[1d])") > 0, "Graphite's lines")
    check(total(server, "last_over_time(soak_statsd[1d]) or last_over_time(soak_statsd_total[1d])") > 0, "StatsD's lines")
    check.equal(
        total(server, 'count(count_over_time({job="self",replica="a"}[1d])) > bool 4'), 1, "what Prometheus wrote")
    letters = server.json("/api/v1/dead-letters", reason="wrong_type")[1]["data"]
    check(letters["by_reason"].get("wrong_type", 0) >= contract.refused, f"refused records are kept: {letters['by_reason']}")
    ledger = server.ledger()
    by_protocol = {entry["protocol"]: entry["received"] for entry in ledger["protocols"]}
    for name, least in (
            ("contract", contract.number * contract.records), ("line_protocol", influx.expected()), ("exposition", push.number),
            ("otlp", logs.number), ("remote_write", 100), ("scrape", 5), ("graphite", 1), ("statsd", 1)):
        check(by_protocol.get(name, 0) >= least, f"{name}: received {by_protocol.get(name)}, acknowledged {least}")


def verify_receiver(check, receiver, clients):
    """All that was taken was sent on, once."""
    contract, influx = clients[:2]
    for name, client in (("contract", contract), ("influx", influx)):
        await_equal(
            lambda: total(receiver, f"sum(count_over_time(soak_{name}[1d]))"), client.expected(), f"soak_{name} at the receiver", check)
    balanced(check, receiver, "at the receiver")


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    check = Checks()
    registry = prometheus_client.CollectorRegistry()
    prometheus_client.Gauge("soak_scraped", "One.", registry=registry).set(1)
    exporter, _ = prometheus_client.start_http_server(0, "127.0.0.1", registry=registry)
    with temporary_folder() as name:
        folder = pathlib.Path(name)
        statsd_port, graphite_port = free_ports(2)
        (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [{
            "job_name": "soak", "scrape_interval": "500ms", "scrape_timeout": "400ms",
            "static_configs": [{"targets": [f"127.0.0.1:{exporter.server_port}"]}]}]}))
        receiver = Killed(folder / "receiver", {})
        (folder / "forward.yml").write_text(json.dumps({"receivers": [{
            "name": "central", "url": f"http://127.0.0.1:{receiver.address.port}/api/v1/write",
            "match": ["soak_contract", '{__name__=~"soak_influx.*"}']}]}))
        environment = {
            "HELIOGRAPH_FORWARD_FILE": str(folder / "forward.yml"),
            "HELIOGRAPH_STATSD_LISTEN": f"127.0.0.1:{statsd_port}", "HELIOGRAPH_STATSD_INTERVAL": "200ms",
            "HELIOGRAPH_GRAPHITE_LISTEN": f"127.0.0.1:{graphite_port}", "HELIOGRAPH_INGEST_OTLP_LISTEN": "off",
            "HELIOGRAPH_SCRAPE_CONFIG_FILE": str(folder / "prometheus.yml")}
        sender = Killed(folder / "data", environment)
        port = sender.address.port
        stop, start_ms = threading.Event(), int(time.time() * 1000) - 3_600_000
        clients = [
            Contract(stop, port, start_ms), Influx(stop, port, start_ms), Push(stop, port),
            Metrics(stop, port), Logs(stop, port), Lines(stop, statsd_port, graphite_port)]
        configuration = f"""
global: {{ scrape_interval: 250ms, scrape_timeout: 250ms, external_labels: {{ replica: a }} }}
scrape_configs: [ {{ job_name: self, static_configs: [ {{ targets: ["127.0.0.1:{exporter.server_port}"] }} ] }} ]
remote_write:
  - url: http://127.0.0.1:{port}/api/v1/write
    queue_config: {{ batch_send_deadline: 100ms, min_backoff: 30ms, max_backoff: 100ms }}
"""
        try:
            with peer.Prometheus(folder / "prometheus", configuration) as prometheus:
                for client in clients:
                    client.start()
                end = time.monotonic() + seconds
                while time.monotonic() < end:
                    time.sleep(rng.uniform(0.5, 1.5) * KILL_EVERY)
                    sender.kill(check, "the server")
                    # Not both at the same time: one waits for the other then.
                    time.sleep(rng.uniform(0, 1))
                    receiver.kill(check, "the receiver")
                stop.set()
                for client in clients:
                    client.join(60)
                    check(not client.is_alive() and client.failure is None, f"{type(client).__name__} ended: {client.failure}")
                verify(check, sender.server, clients, prometheus)
                verify_receiver(check, receiver.server, clients)
                ledger = balanced(check, sender.server, "at the end")
            check.equal(sender.server.stop(), 0, "it stops")
            sender.start()
            sender.server.wait_until_ready()
            balanced(check, sender.server, "after a clean stop")
            print(f"{sender.kills} + {receiver.kills} kills, {ledger['totals']['received']} records received, {ledger['totals']['duplicate']} of them twice", flush=True)
        finally:
            sender.server.kill()
            receiver.server.kill()
    check.finish()


if __name__ == "__main__":
    if not peer.available():
        sys.exit("prometheus is not installed: run scripts/bootstrap")
    main()
