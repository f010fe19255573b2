#!/usr/bin/env python3
"""OpenTelemetry's own SDK and exporter send logs; they are read back as events and counted by PromQL.
usage: otlp_logs_test.py"""
import gzip
import json
import logging
import re
import socket
import time

from harness import Checks, Server, add_python_packages, temporary_folder

add_python_packages()

import requests  # noqa: E402
from google.protobuf.json_format import MessageToDict  # noqa: E402
from opentelemetry._logs import LogRecord, SeverityNumber  # noqa: E402
from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: E402
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: E402
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service  # noqa: E402
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler  # noqa: E402
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402

RESOURCE = Resource({
    "service.name": "shop", "service.namespace": "eu", "service.instance.id": "i-1", "host.name": "h1", "os.type": "linux"})
IDENTITY = {"job": "eu/shop", "instance": "i-1", "host_name": "h1"}


def url(port, path="/v1/logs"):
    return f"http://127.0.0.1:{port}{path}"


def events(server, **parameters):
    status, answer = server.json("/api/v1/events", **parameters)
    if status != 200:
        raise AssertionError(f"events: {status} {answer}")
    return answer["data"]


def value(server, expression):
    """Of the only series; None if there is another number of them."""
    result = server.query(expression)
    return float(result[0]["value"][1]) if len(result) == 1 else None


def application(check, server, endpoint):
    """Python's own logging, exported as the SDK exports it."""
    exporter = OTLPLogExporter(endpoint=endpoint, compression=Compression.Gzip)
    provider = LoggerProvider(resource=RESOURCE)
    # Exports when it is told to, here.
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=3_600_000))
    logger = logging.getLogger("shop.orders")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(LoggingHandler(level=logging.DEBUG, logger_provider=provider))
    logger.info("started")
    # Of one millisecond or not: each has its event.
    for number in range(200):
        logger.warning("order %d is late", number, extra={"order.id": f"o-{number}", "attempt": number})
    try:
        raise ValueError("no such pump")
    except ValueError:
        logger.exception("order failed", extra={"source_id": "pump-1"})
    provider.get_logger("shop.custom").emit(LogRecord(
        timestamp=time.time_ns(), severity_number=SeverityNumber.FATAL, severity_text="FATAL",
        body={"reason": "fire", "floor": 3}, attributes={"tags": ["a", "b"]}, event_name="alarm"))
    check(provider.force_flush(), "the SDK could export")
    found = events(server, q="is late", limit=1000)
    texts = {re.match(r"order (\d+) is late", e["message"]).group(1) for e in found}
    check.equal((len(found), len(texts)), (200, 200), "every record is an event")
    check.equal({e["severity"] for e in found}, {"warning"}, "severity")
    one = events(server, q='"o-17"')[0]
    fields = json.loads(one["message"][one["message"].index("{"):])
    check.equal((fields["order.id"], fields["attempt"], fields["scope"]), ("o-17", 17, "shop.orders"), "fields of a record")
    check.equal((one["metric_name"], one["tags"]), ("log_records", IDENTITY), "labels")
    failed = events(server, source="pump-1")
    check.equal(len(failed), 1, "an event by its source")
    check("no such pump" in failed[0]["message"] and failed[0]["severity"] == "error", f"an exception: {failed}")
    fire = events(server, severity="critical")
    check.equal(len(fire), 1, "an event by its severity")
    check(fire[0]["message"].startswith('{"floor":3,"reason":"fire"} {'), f"a body that is a map: {fire[0]['message']}")
    check('"event_name":"alarm"' in fire[0]["message"] and '"tags":["a","b"]' in fire[0]["message"], f"its fields: {fire[0]['message']}")
    check.equal(value(server, 'sum(sum_over_time(log_records{severity="warning"}[5m]))'), 200, "records counted by PromQL")
    # debug to critical, and one with a source: no series for what records say.
    check.equal(value(server, "count(count_over_time(log_records[5m]))"), 4, "series")
    info = server.query("target_info")
    check(len(info) == 1 and info[0]["metric"].items() >= {"job": "eu/shop", "os_type": "linux"}.items(), f"target_info: {info}")
    provider.shutdown()


def request(*records):
    return {"resourceLogs": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "json"}}]},
        "scopeLogs": [{"scope": {"name": "s"}, "logRecords": list(records)}]}]}


def encodings(check, server):
    """JSON and protobuf say the same; what is refused is told and kept, and can be sent again."""
    now = time.time_ns()
    headers = {"Content-Type": "application/json"}
    good = {
        "timeUnixNano": str(now), "severityNumber": 17, "severityText": "ERROR", "body": {"stringValue": "json says"},
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
        "attributes": [{"key": "n", "value": {"intValue": "5"}}, {"key": "deep", "value": {"kvlistValue": {"values": [
            {"key": "x", "value": {"doubleValue": 1.5}}]}}}]}
    for path in ("/v1/logs", "/api/v1/otlp/v1/logs"):
        answer = requests.post(
            url(server.port, path), gzip.compress(json.dumps(request(good)).encode()), headers={**headers, "Content-Encoding": "gzip"})
        check.equal((answer.status_code, answer.json()), (200, {}), f"JSON to {path}")
    found = events(server, q="json says")
    check.equal(len(found), 1, "the same record twice is one event")
    check.equal(
        found[0]["message"],
        'json says {"scope":"s","trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","n":5,"deep":{"x":1.5}}',
        "a message")
    check.equal(found[0]["timestamp_ms"], now // 1_000_000, "its time")
    broken = {**good, "severityNumber": "many"}
    late = {"timeUnixNano": "9999999999999999999", "body": {"stringValue": "late"}}
    answer = requests.post(url(server.port), json.dumps(request(good, broken, late)), headers=headers)
    partial = answer.json()["partialSuccess"]
    check.equal((answer.status_code, partial["rejectedLogRecords"]), (200, "2"), f"partial success: {partial}")
    check(partial["errorMessage"].startswith("2 of 3 log records were refused"), partial["errorMessage"])
    letters = server.json("/api/v1/dead-letters")[1]["data"]["dead_letters"]
    check.equal([l["reason"] for l in letters[:2]], ["timestamp_out_of_range", "wrong_type"], "reasons")
    mended = letters[1]["payload"].replace('"many"', "13").replace("json says", "mended")
    check.equal(requests.post(url(server.port), mended, headers=headers).json(), {}, "a dead letter, mended")
    check.equal([e["severity"] for e in events(server, q="mended")], ["warning"], "is an event")
    status, answer, _ = server.request(
        "POST", f"/api/v1/dead-letters/{letters[1]['id']}/replay", mended.replace("mended", "replayed").encode())
    check.equal(status, 200, f"a replay of a mended log record: {answer}")
    check.equal([e["severity"] for e in events(server, q="replayed")], ["warning"], "is an event, too")
    server.request("POST", f"/api/v1/dead-letters/{letters[0]['id']}/replay")
    left = server.json("/api/v1/dead-letters")[1]["data"]["dead_letters"]
    check.equal([l["id"] for l in left], [letters[0]["id"]], "one that is replayed as it is stays")
    message = service.ExportLogsServiceRequest()
    record = message.resource_logs.add().scope_logs.add().log_records.add()
    record.body.string_value = "x" * 70_000
    record.severity_text = "Warn"
    record = message.resource_logs[0].scope_logs[0].log_records.add()
    record.time_unix_nano = 2 ** 64 - 1
    answer = requests.post(url(server.port), message.SerializeToString(), headers={"Content-Type": "application/x-protobuf"})
    partial = service.ExportLogsServiceResponse.FromString(answer.content).partial_success
    check.equal((answer.status_code, partial.rejected_log_records), (200, 1), "partial success in protobuf")
    long = events(server, q="[cut: 70000 bytes]")
    check.equal([e["severity"] for e in long], ["warning"], "a long text is cut and says so; a severity by its word")
    letter = server.json("/api/v1/dead-letters", limit=1)[1]["data"]["dead_letters"][0]
    check.equal(letter["reason"], "timestamp_out_of_range", "a dead letter in protobuf")
    for body, kind, status in ((b"\xff", "application/x-protobuf", 400), (b"[", "application/json", 400), (b"", "text/plain", 415)):
        check.equal(requests.post(url(server.port), body, headers={"Content-Type": kind}).status_code, status, f"{body} as {kind}")
    check.equal(MessageToDict(service.ExportLogsServiceResponse.FromString(requests.post(
        url(server.port), b"", headers={"Content-Type": "application/x-protobuf"}).content)), {}, "an empty request")


def listening(server):
    """The port of the second address."""
    deadline = time.monotonic() + 30
    while True:
        found = re.findall(r"address=127\.0\.0\.1:(\d+) .*listening for OpenTelemetry", server.log())
        if found:
            return int(found[0])
        if time.monotonic() > deadline:
            raise AssertionError("the second address is not listened on")
        time.sleep(0.02)


def second_address(check):
    environment = {"HELIOGRAPH_INGEST_OTLP_LISTEN": "127.0.0.1:0", "HELIOGRAPH_INGEST_OTLP_PROMOTE_LOG_ATTRIBUTES": "http.route"}
    with temporary_folder() as folder:
        with Server(folder, environment=environment) as server:
            port = listening(server)
            application(check, server, url(port))
            for path in ("/api/v1/query?query=1", "/", "/api/v1/telemetry", "/metrics"):
                check.equal(requests.get(url(port, path)).status_code, 404, f"{path} is not there")
            record = {"body": {"stringValue": "routed"}, "attributes": [{"key": "http.route", "value": {"stringValue": "/a"}}]}
            requests.post(url(port), json.dumps(request(record)), headers={"Content-Type": "application/json"})
            check.equal(events(server, q="routed")[0]["tags"].get("http_route"), "/a", "an attribute that is a label")
            check.equal(server.stop(), 0, "a clean stop")
    with temporary_folder() as folder, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        try:
            with Server(folder, environment={"HELIOGRAPH_INGEST_OTLP_LISTEN": address}) as server:
                check(server.process.wait(timeout=60) != 0, "an address that was set must be had")
                said = server.log()
        except RuntimeError as error:
            # It may end before it says that it runs.
            said = str(error)
        check(address in said and "ingest.otlp.listen" in said, f"and is said: {said[-500:]}")


def usual_address(check):
    """Where the default is taken, the server runs all the same."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 4318))
            other.listen()
        except OSError:
            pass  # Somebody has it, which is what is wanted.
        with temporary_folder() as folder, Server(folder, environment={"HELIOGRAPH_INGEST_OTLP_LISTEN": ""}) as server:
            deadline = time.monotonic() + 30
            while "the usual address of OpenTelemetry's receivers is taken" not in server.log():
                if not check(time.monotonic() < deadline, "a warning"):
                    break
                time.sleep(0.02)
            check.equal(server.request("GET", "/healthz")[0], 200, "the server runs")
            check.equal(server.stop(), 0, "and stops cleanly")


def main():
    check = Checks()
    with temporary_folder() as folder:
        with Server(folder) as server:
            application(check, server, url(server.port))
            encodings(check, server)
            before = (len(events(server, limit=1000)), server.ledger()["totals"]["received"])
            server.kill()
        with Server(folder) as server:
            server.wait_until_ready()
            ledger = server.ledger()
            check(ledger["balanced"], f"the ledger adds up after kill -9: {ledger['totals']}")
            check.equal((len(events(server, limit=1000)), ledger["totals"]["received"]), before, "nothing is lost by a kill")
            check.equal(server.stop(), 0, "a clean stop")
        with Server(folder) as server:
            server.wait_until_ready()
            check.equal(len(events(server, limit=1000)), before[0], "nor by a stop")
    second_address(check)
    usual_address(check)
    check.finish()


if __name__ == "__main__":
    main()
