#!/usr/bin/env python3
"""InfluxDB's line protocol from its own client (influxdb-client of PyPI) and from a socket: what was written is read back by
PromQL, what is refused is answered in InfluxDB's forms and kept, and the ledger adds up. usage: line_protocol_test.py"""
import gzip
import json
import socket
import time
import urllib.parse

from harness import Checks, Server, add_python_packages, temporary_folder

add_python_packages()
import influxdb_client  # noqa: E402
from influxdb_client.client.write_api import SYNCHRONOUS, WriteOptions  # noqa: E402
from influxdb_client.rest import ApiException  # noqa: E402

STORED = {"X-Heliograph-Ack": "stored"}


def write(server, body, path="/write", headers=None, **parameters):
    """Returns the status, the answer's JSON if there is any, and the headers."""
    if parameters:
        path += "?" + urllib.parse.urlencode(parameters)
    body = body if isinstance(body, bytes) else body.encode()
    status, answer, answered = server.request("POST", path, body, {**STORED, **(headers or {})})
    return status, json.loads(answer) if answer else None, answered


def value(server, expression, at):
    """The only value of an expression."""
    found = server.query(expression, time=at)
    return float(found[0]["value"][1]) if len(found) == 1 else found


def client(check, server, now):
    """The client of version 2: points, batches in the background, gzip, what it asks for, and what it makes of errors."""
    url = f"http://127.0.0.1:{server.port}"
    with influxdb_client.InfluxDBClient(url=url, token="t", org="o") as influx:
        check(influx.ping(), "ping()")
        check("heliograph" in influx.version(), f"version(): {influx.version()}")
        check.equal(influx.health().status, "pass", "health()")
        with influx.write_api(write_options=SYNCHRONOUS) as api:
            point = (
                influxdb_client.Point("the room").tag("place", "a, b=c").tag("windows", r"C:\dir")
                .field("temperature", 21.5).field("people", 3).field("open", True).time(now * 10**9))
            api.write("bucket", record=point)
            api.write("bucket", record=[{"measurement": "load", "tags": {"host": "h"}, "fields": {"value": 0.5}, "time": now}],
                      write_precision="s")
            selector = r'place="a, b=c",windows="C:\\dir"'
            for field, expected in (("temperature", 21.5), ("people", 3), ("open", 1)):
                check.equal(value(server, f'{{"the room_{field}",{selector}}}', now), expected, f"the field {field}")
            check.equal(value(server, 'load{host="h"}', now), 0.5, "a field called value")
            try:
                api.write("bucket", record="good f=1\nbad\ngood g=2")
                check(False, "a broken line was taken")
            except ApiException as error:
                answer = json.loads(error.body)
                check.equal((error.status, answer["code"], answer["line"]), (400, "invalid", 2), "a partial write")
                check(answer["message"].startswith("partial write: ") and "Line 2, column 4" in answer["message"], f"{answer}")
            check.equal(value(server, "good_f + ignoring() good_g", int(time.time()) + 1), 3, "the good lines of it")
    failures = []
    with influxdb_client.InfluxDBClient(url=url, token="t", org="o", enable_gzip=True) as influx:
        options = WriteOptions(batch_size=500, flush_interval=1000)
        with influx.write_api(write_options=options, error_callback=lambda *details: failures.append(details)) as api:
            for index in range(10_250):
                api.write("bucket", record=influxdb_client.Point("batch").tag("n", str(index % 50)).field("f", index)
                          .field("g", -index).time((now * 1000 - index) * 10**6))
        # Leaving waits for what is in line.
    check.equal(failures, [], "failures of the background writer")
    check.equal(value(server, "sum(count_over_time(batch_f[1m]) + count_over_time(batch_g[1m]))", now), 20_500, "batches")
    check.equal(value(server, "sum(sum_over_time(batch_f[1m]) + sum_over_time(batch_g[1m]))", now), 0, "their sum")


def raw(check, server, now):
    """Version 1 over one connection, in pieces, as collectors write it; several databases; CREATE DATABASE first."""
    def post(path, body, *headers):
        return (f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nX-Heliograph-Ack: stored\r\n"
                + "".join(h + "\r\n" for h in headers) + "\r\n").encode() + body

    create = urllib.parse.urlencode({"q": 'CREATE DATABASE "telegraf"'}).encode()
    lines = f"net,host=a,interface=eth0 bytes_recv=17i,bytes_sent=4u {now}\r\n# a comment\n\nnet,host=b bytes_recv=1i {now}\n"
    requests = [
        post("/query", create, "Content-Type: application/x-www-form-urlencoded"),
        post("/write?db=telegraf&precision=s&rp=autogen&consistency=any", lines.encode()),
        post("/write?db=other+one&precision=s", gzip.compress(lines.encode()), "Content-Encoding: gzip"),
        post("/write?db=telegraf", b'cpu usage=1,name="x",idle=2 oops\ncpu usage=1'),
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        file = connection.makefile("rb")
        answers = []
        for request in requests:
            for start in range(0, len(request), 37):
                connection.sendall(request[start:start + 37])
            answers.append(read_answer(file))
    check.equal([status for status, _ in answers], [200, 204, 204, 400], f"answers: {answers}")
    check.equal(json.loads(answers[0][1]), {"results": [{"statement_id": 0}]}, "CREATE DATABASE")
    error = json.loads(answers[3][1])["error"]
    check(error.startswith("partial write: ") and error.endswith(" dropped=1"), f"a partial write of version 1: {error}")
    for database in ("telegraf", "other one"):
        for field, host, expected in (("bytes_recv", "a", 17), ("bytes_sent", "a", 4), ("bytes_recv", "b", 1)):
            check.equal(value(server, f'net_{field}{{db="{database}",host="{host}"}}', now), expected, f"{database} {field} {host}")


def read_answer(file):
    status = int(file.readline().split()[1])
    length = 0
    while (line := file.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, file.read(length)


def answers(check, server, now):
    """What is answered to what: (what, path, headers, body, status, words)."""
    gz = {"Content-Encoding": "gzip"}
    table = [
        ("nothing", {}, b"", 204, []), ("comments only", {}, b"# x\n\n", 204, []),
        ("not gzip", gz, b"hello", 400, ["compressed"]), ("a bomb", gz, gzip.compress(b"\n" * 100_000_000), 413, ["bytes"]),
        ("half of gzip", gz, gzip.compress(b"m f=1")[:-9], 400, ["compressed"]),
        ("too large", {}, b"\n" * 40_000_000, 413, ["bytes"]), ("brotli", {"Content-Encoding": "br"}, b"x", 415, ["gzip"]),
        ("too many fields", {}, b"m f=1\n" * 1_000_001, 413, ["1000000"]),
        ("NUL", {}, b"\0", 400, ["line"]), ("not UTF-8", {}, b"m,a=\xff f=1", 400, ["UTF-8"]),
        ("a text", {}, b'm f="x"', 204, []), ("a broken line", {}, b"m f=1,", 400, ["column 7"]),
        ("1969", {}, b"m f=1 -1", 400, ["1970"]), ("a level", {"X-Heliograph-Ack": "soon"}, b"m f=1", 400, ["durable"]),
    ]
    for path in ("/write", "/api/v2/write"):
        if path == "/api/v2/write":
            table = [row for row in table if row[0] not in ("a bomb", "too many fields")]
        for what, headers, body, expected, words in table:
            status, answer, _ = write(server, body, path, headers)
            if not check.equal(status, expected, f"{path}: {what} ({answer})") or status == 204:
                continue
            text = answer["message"] if path == "/api/v2/write" else answer["error"]
            check(path == "/write" or "code" in answer, f"{path}: {what}: {answer}")
            for word in words:
                check(word in text, f"{path}: {what}: expected {word!r} in {text!r}")
            # Telegraf must be told that it is of no use to send it again.
            check(status != 400 or text.startswith(("partial write: ", "unable to parse ")), f"{path}: {what}: {text}")
            check.equal(write(server, f"works f=1 {now}", path, precision="s")[0], 204, f"the request after {what}")
        status, answer, _ = write(server, "m f=1", path, precision="d")
        check(status == 400 and "precision" in str(answer), f"{path}: a precision that there is not: {status} {answer}")
    for precision, factor in (("ns", 10**9), ("us", 10**6), ("ms", 1000), ("s", 1)):
        for path in ("/write", "/api/v2/write"):
            name = f"unit_{precision}_{'1' if path == '/write' else '2'}"
            check.equal(write(server, f"{name} value=1 {now * factor}", path, precision=precision)[0], 204, name)
            check.equal(value(server, f"timestamp({name})", now), now, f"the time of {name}")
    for method in ("GET", "HEAD"):
        status, _, headers = server.request(method, "/ping")
        check(status == 204 and headers["X-Influxdb-Version"], f"{method} /ping: {status} {headers}")
        check.equal(server.request(method, "/health")[0], 200, f"{method} /health")
    check.equal(server.request("GET", "/query?q=SELECT+1")[0], 400, "InfluxQL")
    check.equal(server.request("GET", "/write")[0], 405, "GET /write")


# As Telegraf 1.30 wrote it with the inputs system, procstat and http_response, but for the times.
TELEGRAF = """\
system,host=web-1 load1=0.42,load5=0.31,load15=0.25,n_cpus=8i,n_users=2i,n_unique_users=1i NOW
system,host=web-1 uptime=777841i NOW
system,host=web-1 uptime_format="9 days,  0:04" NOW
procstat,host=web-1,pattern=nginx,process_name=nginx,user=www-data cmdline="nginx: worker process \\"a\\", b=c",pid=812i,cpu_usage=0.5,running=true NOW
http_response,host=web-1,method=GET,result=success,server=http://localhost,status_code=200 http_response_code=200i,response_time=0.003,result_type="success",result_code=0i NOW
"""


def texts(check, now):
    """Fields with texts are left out and counted, and nobody is told that something went wrong."""
    with temporary_folder() as folder, Server(folder) as server:
        with influxdb_client.InfluxDBClient(url=f"http://127.0.0.1:{server.port}", token="t", org="o") as influx:
            with influx.write_api(write_options=SYNCHRONOUS) as api:
                api.write("bucket", record=influxdb_client.Point("device").tag("id", "7").field("firmware", 'v1, "b" = x\n2')
                          .field("volts", 3.3).time(now * 10**9))
                api.write("bucket", record=influxdb_client.Point("device").tag("id", "8").field("firmware", "v2").time(now * 10**9))
        check.equal(value(server, "device_volts", now), 3.3, "the number beside a text")
        for path in ("/write", "/api/v2/write"):
            check.equal(write(server, TELEGRAF.replace("NOW", str(now)), path, precision="s")[0], 204, f"Telegraf's to {path}")
        for metric, expected in (("system_uptime", 777841), ("procstat_running", 1), ("http_response_result_code", 0)):
            check.equal(value(server, metric, now), expected, metric)
        names = server.json("/api/v1/label/__name__/values")[1]["data"]
        counted = {"device_firmware": 2, "system_uptime_format": 2, "procstat_cmdline": 2, "http_response_result_type": 2}
        check.equal(set(names) & set(counted), set(), "no series of texts")
        exposed = server.request("GET", "/metrics")[1].decode()
        for metric, count in counted.items():
            wanted = f'heliograph_ingest_skipped_fields_total{{reason="text",metric="{metric}"}} {count}\n'
            check(wanted in exposed, f"counted: {wanted}")
        check.equal(server.json("/api/v1/dead-letters")[1]["data"]["total"], 0, "no dead letters of texts")
        ledger = server.ledger()
        check(ledger["balanced"] and ledger["totals"]["pending"] == 0, f"the ledger: {ledger['totals']}")
        check.equal(ledger["totals"]["received"], 1 + 2 * 13, "texts are no records")


def dead_letters(check, now):
    """A refused field and a broken line are kept with what is needed to send them again."""
    with temporary_folder() as folder, Server(folder, "--set", "ingest.line_protocol.text_fields=refuse") as server:
        refused(check, server, now)
        ledger = server.ledger()
        check(ledger["balanced"], f"the ledger where texts are refused: {ledger['totals']}")


def refused(check, server, now):
    status, answer, _ = write(
        server, f'm,source_id=pump f=1,s="a \\"b\\"" {now}\nbroken,source_id=pump x {now}', db="d b", precision="s")
    check.equal(status, 400, f"{answer}")
    letters = server.json("/api/v1/dead-letters", source="pump")[1]["data"]["dead_letters"]
    check.equal(
        [(l["reason"], l["field"], l["payload"], l["protocol"]) for l in letters],
        [("invalid_line", None, f"broken,source_id=pump x {now}", "line_protocol"),
         ("unsupported_value", "s", f'm,source_id=pump,db=d\\ b s="a \\"b\\"" {now}000000000', "line_protocol")], "dead letters")
    check(letters[0]["message"].startswith("Line 2, column 23: "), letters[0]["message"])


def kill(check):
    """Everything acknowledged is there after kill -9."""
    with temporary_folder() as folder:
        server = Server(folder)
        now = int(time.time())
        body = "\n".join(f"load,host=h{n % 100} f={n},g={n} {now * 1000 - n}" for n in range(2000))
        acknowledged = 0
        for index in range(10):
            status, answer, _ = write(server, body.replace("load,", f"load,batch=b{index},"), precision="ms")
            check.equal(status, 204, f"{answer}")
            acknowledged += 4000
        server.kill()
        with Server(folder) as server:
            server.wait_until_ready()
            found = value(server, 'sum(count_over_time({__name__=~"load_[fg]"}[1m]))', now)
            check.equal(found, acknowledged, "what was acknowledged before a kill")
            check(server.ledger()["balanced"], "the ledger after a kill")
            server.kill()


def main():
    check = Checks()
    with temporary_folder() as folder, Server(folder) as server:
        now = int(time.time()) - 10
        client(check, server, now)
        raw(check, server, now)
        answers(check, server, now)
        ledger = server.ledger()
        check(ledger["balanced"] and ledger["totals"]["pending"] == 0, f"the ledger: {ledger['totals']}")
        received = {p["protocol"]: p["received"] for p in ledger["protocols"]}
        check(set(received) == {"line_protocol"} and received["line_protocol"] > 20_500, f"by protocol: {received}")
        check.equal(server.stop(), 0, "the exit code")
    texts(check, now)
    dead_letters(check, now)
    kill(check)
    check.finish()


main()
