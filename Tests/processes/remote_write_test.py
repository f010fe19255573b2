#!/usr/bin/env python3
"""Remote write: a real Prometheus sends what it scrapes while the server is killed and comes back, and nothing is missing;
then both versions of the protocol by hand, with what they refuse. usage: remote_write_test.py"""
import base64
import json
import pathlib
import struct
import sys
import tempfile
import time

import prometheus_peer as peer
from forwarder import Forwarder
from harness import Checks, Server, await_true

V1 = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
V2 = {**V1, "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}


def samples(asked, selector, at, seconds):
    """All samples of the series with these values, as the system that is asked has them."""
    status, answer = asked.json("/api/v1/query", query=f"{selector}[{seconds}s]", time=at)
    if status != 200:
        raise AssertionError(f"{selector}: {status} {answer}")
    return {json.dumps(series["metric"], sort_keys=True): series["values"] for series in answer["data"]["result"]}


def prometheus_through_kills(check, folder, rounds=3):
    with Forwarder() as forwarder, Server(folder / "data", "--set", "demo=false") as first:
        forwarder.target = first.port
        configuration = f"""
global: {{ scrape_interval: 200ms, scrape_timeout: 200ms, external_labels: {{ replica: a }} }}
scrape_configs:
  - job_name: prometheus
    static_configs: [ {{ targets: ["SELF"] }} ]
remote_write:
  - url: http://127.0.0.1:{forwarder.port}/api/v1/write
    queue_config: {{ batch_send_deadline: 100ms, min_backoff: 30ms, max_backoff: 100ms }}
"""
        with peer.Prometheus(folder / "prometheus", configuration.replace("SELF", "127.0.0.1:1")) as prometheus:
            # It scrapes itself, whose port is known only now.
            text = configuration.replace("SELF", f"127.0.0.1:{prometheus.port}")
            (folder / "prometheus" / "prometheus.yml").write_text(text)
            prometheus.reload()
            began = time.time()
            server = first
            for _ in range(rounds):
                await_samples(server, 'up{job="prometheus"} == 1')
                server.kill()
                # It goes on scraping, and tries again.
                count = scrapes(prometheus)
                await_true(lambda: scrapes(prometheus) >= count + 5, "scrapes go on")
                server = Server(folder / "data", "--set", "demo=false")
                forwarder.target = server.port
            await_samples(server, 'up{job="prometheus"} == 1')
            end = time.time()
            # What was scraped until then is there when a later scrape is.
            await_true(lambda: server.query('up{job="prometheus"}', time=time.time())
                       and newest(server, 'up{job="prometheus"}') > end + 0.5, "the queue has caught up")
            seconds = int(end - began) + 1
            compared = 0
            for selector in ('{__name__=~"up|scrape_.*"}', '{__name__=~"prometheus_.*",job="prometheus"}'):
                theirs, ours = samples(prometheus, selector, end, seconds), samples(server, selector, end, seconds)
                for metric, values in theirs.items():
                    # External labels go onto what is sent, not onto what is kept.
                    sent = json.dumps({**json.loads(metric), "replica": "a"}, sort_keys=True)
                    compared += len(values)
                    if ours.get(sent) != values:
                        check(False, f"{metric}: {len(values)} samples there, {len(ours.get(sent, []))} here")
            check(compared > 5000, f"{compared} samples were compared")
            print(f"{rounds} kills, {compared} samples compared")
            check(server.query('count({replica="a"})'), "external labels are kept")
            server.kill()


def scrapes(prometheus):
    _, answer = prometheus.json("/api/v1/query", query='count_over_time(up{job="prometheus"}[1h])')
    return sum(int(series["value"][1]) for series in answer["data"]["result"])


def newest(server, selector):
    found = server.query(f"max(timestamp({selector}))")
    return float(found[0]["value"][1]) if found else 0


def await_samples(server, selector):
    server.wait_until_ready()
    before = newest(server, selector)
    await_true(lambda: newest(server, selector) > max(before, 1), f"new samples of {selector}")


def message1(*series):
    out = b""
    for labels, values in series:
        body = b"".join(peer.field(1, peer.field(1, n) + peer.field(2, v)) for n, v in labels)
        body += b"".join(peer.field(2, b"\x09" + struct.pack("<d", v) + peer.field(2, t)) for t, v in values)
        out += peer.field(1, body)
    return out


def message2(labels, values, created=None, metadata=b""):
    symbols = [""] + list(dict.fromkeys(text for pair in labels for text in pair))
    references = b"".join(peer.varint(symbols.index(text)) for pair in labels for text in pair)
    body = peer.field(1, references)
    body += b"".join(peer.field(2, b"\x09" + struct.pack("<d", v) + peer.field(2, t)) for t, v in values)
    body += metadata
    if created:
        body += peer.field(6, created)
    return b"".join(peer.field(4, text) for text in symbols) + peer.field(5, body)


def by_hand(check, folder):
    now = int(time.time() * 1000)
    with Server(folder / "hand", "--set", "demo=false") as server:
        def write(message, headers=V1):
            status, text, answered = server.request("POST", "/api/v1/write", peer.snappy_literals(message), headers)
            return status, text.decode(), answered

        status, text, _ = write(message1(([("__name__", "one"), ("job", "é")], [(now - 1000, 1), (now, 2.5)])))
        check(status == 204 and text == "", f"version 1: {status} {text}")
        check.equal([r["value"][1] for r in server.query('one{job="é"}')], ["2.5"], "what version 1 wrote")
        status, _, answered = write(message2([("__name__", "two_total")], [(now, 7)], created=now - 60_000), V2)
        check.equal(status, 204, "version 2")
        written = {kind: answered.get(f"X-Prometheus-Remote-Write-{kind}-Written") for kind in ("Samples", "Histograms", "Exemplars")}
        check.equal(written, {"Samples": "1", "Histograms": "0", "Exemplars": "0"}, "what version 2 wrote")
        check.equal([r["value"][1] for r in server.query("two_total")], ["7"], "the value that version 2 wrote")
        # Half of a request: the good ones are taken, the others kept, and the sender does not come again.
        half = message1(([("__name__", "half")], [(now, 1), (-5, 2)]), ([("job", "nameless")], [(now, 3)]))
        for headers in (V1, V2):
            body = half if headers is V1 else message2([("job", "nameless")], [(now, 3)])
            status, text, answered = write(body, headers)
            check(status == 400 and "dead letters" in text and len(text.splitlines()) == 1, f"refused in part: {status} {text}")
        check.equal(answered.get("X-Prometheus-Remote-Write-Samples-Written"), "0", "written of a refused request")
        check.equal([r["value"][1] for r in server.query("half")], ["1"], "the part that was taken")
        for body, headers, wanted in (
                (b"\x0a\x7f", V1, 400), (half, {**V1, "Content-Type": "application/json"}, 415),
                (half, {**V1, "Content-Type": "application/x-protobuf;proto=other.Message"}, 415),
                (half, {**V1, "Content-Encoding": "zstd"}, 415)):
            status, text, _ = write(body, headers)
            check(status == wanted and text.strip(), f"expected {wanted} with a text: {status} {text}")
        status, text, _ = server.request("POST", "/api/v1/write", b"no snappy", V1)
        check.equal(status, 400, "no snappy block")
        # A few bytes that say they unpack to 4 GB.
        status, text, _ = server.request("POST", "/api/v1/write", b"\xff\xff\xff\xff\x0f\x00", V1)
        check(status == 413, f"a bomb: {status} {text}")
        letters = server.json("/api/v1/dead-letters", limit=100)[1]["data"]
        check.equal(letters["by_reason"], {"invalid_message": 1, "missing_field": 2, "timestamp_out_of_range": 1}, "dead letters")
        check(all(letter["protocol"] == "remote_write" for letter in letters["dead_letters"]), "whose they are")
        # One that is kept can be sent again.
        late = next(l for l in letters["dead_letters"] if l["reason"] == "timestamp_out_of_range")
        payload = base64.b64decode(late["payload_base64"]) if "payload_base64" in late else late["payload"].encode()
        status, text, _ = write(peer.field(1, payload))
        check(status == 400 and "timestamp" in text, f"sent again it is refused again: {status} {text}")
        ledger = server.ledger()
        check(ledger["balanced"], f"the ledger: {ledger}")
        check.equal(ledger["totals"]["received"], 9, "received")


def main():
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="heliograph-") as folder:
        folder = pathlib.Path(folder)
        by_hand(check, folder)
        if peer.available():
            prometheus_through_kills(check, folder)
        else:
            print("skipped: prometheus is not installed (apt-get install prometheus)")
    check.finish()


if __name__ == "__main__":
    sys.exit(main())
