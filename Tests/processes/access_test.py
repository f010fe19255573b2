#!/usr/bin/env python3
"""Tokens, their scopes, rates and budgets on a running server, as curl, Prometheus and a browser's page use them; what the
server refuses to do without; and that no secret is ever logged. usage: access_test.py"""
import base64
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import prometheus_peer as peer
from harness import BINARY, Checks, Server, await_true, clean_environment

RECORD = {"source_id": "a", "metric_name": "m", "metric_value": 1}


def heliograph(*arguments, token=None):
    environment = clean_environment()
    if token:
        environment["HELIOGRAPH_TOKEN"] = token
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, env=environment, timeout=60)


def create(folder, name, scope, *arguments):
    done = heliograph("token", "create", "--data", str(folder), "--name", name, "--scope", scope, *arguments)
    if done.returncode != 0:
        raise AssertionError(f"token create: {done.stderr}")
    return done.stdout.strip()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def basic(token, user="anybody"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


def until(condition, what, seconds=10):
    return await_true(condition, what, seconds)


def refuses_to_be_open(check, folder):
    """On an address that others can reach."""
    data = folder / "public"
    run = ("run", "--data", str(data), "--listen", "0.0.0.0:0")
    done = heliograph(*run)
    check(done.returncode != 0 and "token create" in done.stderr and "access.mode" in done.stderr, f"refused: {done}")
    expired = create(data, "short", "read", "--expires", "1ms")
    done = heliograph(*run)
    check(done.returncode != 0, "an expired token is none")
    token = create(data, "reader", "read")
    with Server(data, "--listen", "0.0.0.0:0") as server:
        check.equal(server.request("GET", "/api/v1/labels")[0], 401, "nothing without a token")
        check.equal(server.request("GET", "/api/v1/labels", headers=bearer(expired))[0], 401, "an expired token")
        check.equal(server.request("GET", "/api/v1/labels", headers=bearer(token))[0], 200, "a token")
        # The last one goes: nobody comes in any more, rather than everybody.
        heliograph("token", "revoke", "--data", str(data), token)
        until(lambda: server.request("GET", "/api/v1/labels", headers=bearer(token))[0] == 401, "revoked")
        check.equal(server.request("GET", "/api/v1/labels")[0], 401, "nothing without a token after the last one went")
    with Server(folder / "told", "--listen", "0.0.0.0:0", "--set", "access.mode=open") as server:
        check.equal(server.request("GET", "/api/v1/labels")[0], 200, "open if told to")


def scopes(check, folder):
    data = folder / "scopes"
    with Server(data) as server:
        check.equal(server.send([RECORD])[0], 200, "loopback needs no token")
        tokens = {scope: create(data, scope, scope) for scope in ("write", "read", "admin")}
        until(lambda: server.request("GET", "/api/v1/labels")[0] == 401, "a running server sees the first token")
        ways = {
            "write": ("POST", "/api/v1/telemetry", json.dumps(RECORD), {"Content-Type": "application/json"}),
            "read": ("GET", "/metrics", None, {}),
            "admin": ("DELETE", "/api/v1/series?match[]=nothing", None, {}),
        }
        for needed, (method, path, body, headers) in ways.items():
            for scope, token in tokens.items():
                status, text, answered = server.request(method, path, body, {**headers, **bearer(token)})
                check.equal(status, 200 if scope == needed else 403, f"{path} with {scope}")
                if status == 403:
                    check(f'scope="{needed}"' in answered["WWW-Authenticate"] and f"scope {needed}" in text.decode(),
                          f"the missing scope is named: {answered['WWW-Authenticate']} {text}")
            status, text, answered = server.request(method, path, body, headers)
            check(status == 401 and answered["WWW-Authenticate"] == 'Bearer realm="heliograph"', f"{path}: {status}")
            wrong = tokens[needed][:-1] + ("0" if tokens[needed][-1] != "0" else "1")
            status, _, answered = server.request(method, path, body, {**headers, **bearer(wrong)})
            check(status == 401 and "invalid_token" in answered["WWW-Authenticate"], f"{path} with a wrong secret: {status}")
        for headers in (basic(tokens["read"]), {"Authorization": f"Token {tokens['read']}"},
                        {"Authorization": f"bearer  {tokens['read']}"}):
            check.equal(server.request("GET", "/api/v1/labels", headers=headers)[0], 200, f"{headers}"[:30])
        for header in ("", "Bearer", "Basic", "Basic ????", "Digest x", "Bearer " + "x" * 5000, "Basic aGFsbG8="):
            check.equal(server.request("GET", "/api/v1/labels", headers={"Authorization": header})[0], 401, f"{header[:20]!r}")
        for path in ("/healthz", "/readyz", "/-/healthy", "/", "/dashboards/fleet.json", "/ping", "/session"):
            check(server.request("GET", path)[0] < 300, f"{path} is open")
        check.equal(server.request("GET", "/api/v1/nothing")[0], 404, "an unknown path")
        status, _, answered = server.request("OPTIONS", "/api/v1/query", headers={"Origin": "http://elsewhere"})
        check.equal(status, 204, "a preflight request")
        # Each protocol's own form.
        status, text, _ = server.request("POST", "/v1/metrics", b"{}", {"Content-Type": "application/json"})
        check(status == 401 and json.loads(text)["code"] == 16, f"OTLP: {status} {text}")
        status, text, _ = server.request("POST", "/api/v2/write", b"m v=1")
        check(status == 401 and json.loads(text)["code"] == "unauthorized", f"line protocol 2: {status} {text}")
        status, text, _ = server.request("POST", "/write", b"m v=1")
        check(status == 401 and "error" in json.loads(text), f"line protocol 1: {status} {text}")
        status, text, answered = server.request("POST", "/api/v1/write", b"x")
        check(status == 401 and answered["Content-Type"].startswith("text/plain"), f"remote write: {status} {text}")
        status, _, _ = server.request("POST", "/write?db=x", b"m v=1", {"Authorization": f"Token {tokens['write']}"})
        check.equal(status, 204, "line protocol with its own header")
        done = subprocess.run(
            ["curl", "-sf", "-u", f"me:{tokens['read']}", f"http://127.0.0.1:{server.port}/metrics"], capture_output=True, text=True)
        check(done.returncode == 0, f"curl: {done}")
        for wanted in ('heliograph_access_denied_total{reason="missing"}', 'heliograph_access_denied_total{reason="scope"} 6'):
            check(wanted in done.stdout, f"metrics have {wanted}")
        # The command line.
        url = f"http://127.0.0.1:{server.port}"
        check.equal(heliograph("query", "m", "--url", url).returncode == 0, False, "query without a token")
        done = heliograph("query", "m", "--url", url, token=tokens["read"])
        check(done.returncode == 0, f"query with a token: {done}")
        file = folder / "records.ndjson"
        file.write_text(json.dumps(RECORD) + "\n")
        done = heliograph("import", "--url", url, str(file), token=tokens["write"])
        check(done.returncode == 0, f"import with a token: {done}")
        done = heliograph("export", "--match", "m", "--url", url, token=tokens["read"])
        check(done.returncode == 0 and '"metric_name":"m"' in done.stdout, f"export with a token: {done}")
        listed = heliograph("token", "list", "--data", str(data)).stdout
        check(all(token[3:13] in listed and token[14:] not in listed for token in tokens.values()), f"the list: {listed}")
        session(check, server, tokens)
        # Revoked by its id while a client goes on.
        done = heliograph("token", "revoke", "--data", str(data), tokens["read"][3:13])
        check(done.returncode == 0 and "revoked" in done.stdout, f"revoke: {done}")
        began = time.monotonic()
        until(lambda: server.request("GET", "/api/v1/labels", headers=bearer(tokens["read"]))[0] == 401, "revoked")
        check(time.monotonic() - began < 2, "revocation takes effect soon")
        check(heliograph("token", "revoke", "--data", str(data), "nobody").returncode != 0, "there is nobody to revoke")
        server.stop()
        log = server.log()
        check(not any(token[14:] in log for token in tokens.values()), "no secret is in the log")
    for path in data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            check(not any(token[14:].encode() in content for token in tokens.values()), f"no secret is in {path.name}")
    with Server(data, "--set", "logging.level=trace") as server:
        check.equal(server.request("GET", "/api/v1/labels", headers=bearer(tokens["admin"]))[0], 403, "tokens survive a restart")
        server.request("GET", "/api/v1/labels", headers=basic(tokens["read"]))
        server.request("POST", "/session", f"token={tokens['write']}", {"Content-Type": "application/x-www-form-urlencoded"})
        server.stop()
        check(not any(token[14:] in server.log() for token in tokens.values()), "no secret is in the log of everything")


def session(check, server, tokens):
    """The dashboard's cookie."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    check.equal(server.request("POST", "/session", "token=hg_no", form)[0], 401, "no token")
    check.equal(server.request("POST", "/session", f"token={tokens['write']}", form)[0], 403, "a token that may not read")
    status, text, answered = server.request("POST", "/session", f"token={tokens['read']}", form)
    cookie = answered["Set-Cookie"]
    check(status == 200 and "HttpOnly" in cookie and "SameSite=Strict" in cookie, f"signed in: {status} {cookie}")
    check(tokens["read"] not in text.decode(), "the answer does not repeat the token")
    jar = {"Cookie": "other=1; " + cookie.split(";")[0]}
    check.equal(server.request("GET", "/api/v1/labels", headers=jar)[0], 200, "a cookie reads")
    check(json.loads(server.request("GET", "/session", headers=jar)[1])["data"]["signed_in"], "it is known")
    all_scopes = create(folder_of(server), "all", "write,read,admin")
    until(lambda: server.request("GET", "/api/v1/labels", headers=bearer(all_scopes))[0] == 200, "the new token")
    jar = {"Cookie": f"heliograph_token={all_scopes}"}
    check.equal(server.request("GET", "/api/v1/labels", headers=jar)[0], 200, "a cookie of an administrator reads")
    for method, path in (("DELETE", "/api/v1/series?match[]=nothing"), ("POST", "/api/v1/telemetry")):
        check.equal(server.request(method, path, b"{}", jar)[0], 403, f"a cookie cannot {method} {path}")
    check("Max-Age=0" in server.request("DELETE", "/session", headers=jar)[2]["Set-Cookie"], "signed out")


def folder_of(server):
    arguments = server.process.args
    return pathlib.Path(arguments[arguments.index("--data") + 1])


def rates(check, folder):
    data = folder / "rates"
    slow = create(data, "slow", "write,read", "--rate", "100")
    few = create(data, "few", "write", "--max-series", "3")
    free = create(data, "free", "write,read")
    line = {"Content-Type": "application/x-ndjson"}

    def body(source, count, tag=""):
        records = ({**RECORD, "source_id": source, "metric_name": f"m{tag}{i}", "metric_value": i} for i in range(count))
        return "\n".join(json.dumps(record) for record in records)

    with Server(data, "--set", "limits.burst=1s", "--set", "limits.records_per_second_per_source=1000") as server:
        def post(token, content):
            status, text, answered = server.request("POST", "/api/v1/telemetry", content, {**line, **bearer(token)})
            return status, json.loads(text), answered["Retry-After"]

        # Larger than a burst: it passes, and is paid back.
        check.equal(post(slow, body("x", 400))[0], 200, "the first request")
        status, answer, delay = post(slow, body("x", 1))
        check(status == 429 and 1 <= int(delay) <= 4 and "nothing of this request was taken" in answer["error"],
              f"over the rate: {status} {answer} {delay}")
        check.equal(post(free, body("x", 1))[0], 200, "another token is not concerned")
        status, _, answered = server.request("POST", "/api/v1/write", b"x", {**bearer(slow)})
        check(status == 429 and answered["Retry-After"], f"in any protocol: {status}")
        time.sleep(int(delay))
        check.equal(post(slow, body("x", 1))[0], 200, "after the time that it was told")
        # A source, with a request that holds others, too: all or nothing.
        before = server.request("GET", "/api/v1/ledger", headers=bearer(free))[1]
        received = json.loads(before)["data"]["totals"]["received"]
        check.equal(post(free, body("loud", 5000))[0], 200, "a loud source, once")
        status, answer, delay = post(free, body("quiet", 3) + "\n" + body("loud", 3))
        check(status == 429 and "loud" in answer["error"], f"over the source's rate: {status} {answer}")
        check.equal(post(free, body("quiet", 3))[0], 200, "the other source by itself")
        after = json.loads(server.request("GET", "/api/v1/ledger", headers=bearer(free))[1])["data"]
        check.equal(after["totals"]["received"], received + 5003, "nothing of a refused request was taken")
        check(after["balanced"], "the ledger is balanced")
        metrics = server.request("GET", "/metrics", headers=bearer(free))[1].decode()
        check('heliograph_rate_limited_total{by="token"} 2' in metrics and 'heliograph_rate_limited_total{by="source"} 1' in metrics,
              "both are counted")
        # Series.
        status, answer, _ = post(few, body("s", 5, "few"))
        check(status == 200 and answer["accepted"] == 3 and answer["rejected"] == 2
              and {error["reason"] for error in answer["errors"]} == {"token_series_limit"}, f"series: {status} {answer}")
        check.equal(post(few, body("s", 3, "few"))[1], {"accepted": 3, "rejected": 0}, "known ones go on")
        check.equal(post(free, body("s", 5, "few"))[1], {"accepted": 5, "rejected": 0}, "another token may")
        until(lambda: "3 of 3" in heliograph("token", "list", "--data", str(data)).stdout, "the count is written down")
        server.kill()
    with Server(data) as server:
        status, text, _ = server.request("POST", "/api/v1/telemetry", body("t", 1, "again"), {**line, **bearer(few)})
        check.equal(json.loads(text)["rejected"], 1, "a budget survives a kill")


def slow_clients(check, folder):
    """Whoever dribbles is cut off, and others are served meanwhile."""
    with Server(folder / "slow", "--set", "ingest.request_timeout=1s", "--set", "ingest.idle_timeout=1s") as server:
        heads = {
            "half a head": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A",
            "a body that does not come": b"POST /api/v1/telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        }
        clients = {}
        for what, head in heads.items():
            clients[what] = socket.create_connection(("127.0.0.1", server.port), timeout=0.2)
            clients[what].sendall(head)
        open_ones = set(clients)
        deadline = time.monotonic() + 20
        while open_ones and time.monotonic() < deadline:
            for what in list(open_ones):
                try:
                    clients[what].sendall(b"a")
                    if not clients[what].recv(1000):
                        open_ones.discard(what)
                except TimeoutError:
                    pass
                except OSError:
                    open_ones.discard(what)
            check.equal(server.request("GET", "/healthz")[0], 200, "others are served")
        check.equal(open_ones, set(), "still open")
        for client in clients.values():
            client.close()


def whoever_does_not_read(check, folder):
    """An answer that nobody takes is given up, and what made it is let go."""
    settings = ("--set", "ingest.idle_timeout=1s")
    with Server(folder / "unread", *settings) as server:
        now = int(time.time() * 1000)
        for part in range(10):
            records = [{**RECORD, "metric_value": i + 0.125, "timestamp": now - part * 10_000 - i} for i in range(10_000)]
            check.equal(server.send(records)[0], 200, "records")
        path = "/api/v1/export?match[]=m"
        whole = len(server.request("GET", path)[1])
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(30)
        client.connect(("127.0.0.1", server.port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

        # What lies in the server's socket is not seen from here until it is read.
        time.sleep(4)
        came = 0
        try:
            while data := client.recv(1 << 20):
                came += len(data)
        except OSError:
            pass
        client.close()
        check(0 < came < whole, f"{came} of {whole} bytes came")
        check.equal(server.request("GET", "/healthz")[0], 200, "others are served")


def prometheus_with_a_token(check, folder):
    data = folder / "peer"
    token = create(data, "prometheus", "write")
    reader = create(data, "reader", "read")
    file = folder / "token"
    file.write_text(token)
    with Server(data) as server:
        configuration = f"""
global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}
scrape_configs:
  - job_name: heliograph
    authorization: {{ credentials: "{reader}" }}
    static_configs: [ {{ targets: ["127.0.0.1:{server.port}"] }} ]
remote_write:
  - url: http://127.0.0.1:{server.port}/api/v1/write
    authorization: {{ credentials_file: {file} }}
    queue_config: {{ batch_send_deadline: 100ms }}
"""
        with peer.Prometheus(folder / "prometheus", configuration):
            def arrived():
                _, text, _ = server.request("GET", "/api/v1/query?query=up%7Bjob%3D%22heliograph%22%7D", headers=bearer(reader))
                return [series["value"][1] for series in json.loads(text)["data"]["result"]] == ["1"]
            until(arrived, "a Prometheus with tokens scrapes and writes", 60)
            check(True, "a Prometheus with tokens scrapes and writes")


def main():
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="heliograph-") as folder:
        folder = pathlib.Path(folder)
        refuses_to_be_open(check, folder)
        scopes(check, folder)
        rates(check, folder)
        slow_clients(check, folder)
        whoever_does_not_read(check, folder)
        if peer.available():
            prometheus_with_a_token(check, folder)
        else:
            print("skipped: prometheus is not installed (apt-get install prometheus)")
    check.finish()


if __name__ == "__main__":
    sys.exit(main())
