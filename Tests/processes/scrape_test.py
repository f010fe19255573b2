#!/usr/bin/env python3
"""Scraping: Debian's node exporter is scraped here and, with the very same file, by Debian's Prometheus, and both have the same
series; then targets that go, files that change, who asks and over what, limits, and reloading. usage: scrape_test.py"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import prometheus_peer as peer
import scrape_peer
from harness import BINARY, Checks, Server, await_true
from scrape_peer import NodeExporter, Target

REPORT = ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling",
          "scrape_series_added")


def write(path, text):
    """In one step, as whoever writes such files should."""
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text)
    os.replace(part, path)
    return path


def start(folder, configuration, *arguments):
    file = write(folder / "prometheus.yml", configuration)
    return Server(folder / "data", "--set", f"scrape.config_file={file}", *arguments)


def value(asked, expression):
    _, answer = asked.json("/api/v1/query", query=expression)
    return [float(series["value"][1]) for series in answer["data"]["result"]]


def series(asked, selector):
    """The labels of all series that a selector finds now; numbers of quantiles as Prometheus 3 writes them, which version 2 does
    not."""
    _, answer = asked.json("/api/v1/query", query=selector)
    return {tuple(sorted((name, str(float(text)) if name == "quantile" else text) for name, text in one["metric"].items()))
            for one in answer["data"]["result"]}


def active(server):
    _, answer = server.json("/api/v1/targets", state="active")
    return answer["data"]["activeTargets"]


def target_of(server, job):
    return next(target for target in active(server) if target["labels"]["job"] == job)


def the_same_as_prometheus(check, folder):
    with NodeExporter() as exporter:
        configuration = f"""
global: {{ scrape_interval: 500ms, scrape_timeout: 400ms, external_labels: {{ site: a }} }}
rule_files: [ none.yml ]
scrape_configs:
  - job_name: node
    params: {{ "collect[]": [ uname, loadavg, meminfo ] }}
    static_configs: [ {{ targets: [ "127.0.0.1:{exporter.port}" ], labels: {{ room: "7", machine: y }} }} ]
    relabel_configs:
      - {{ source_labels: [ __address__ ], regex: '(.*):\\d+', target_label: host }}
      - {{ source_labels: [ host ], target_label: shard, modulus: 16, action: hashmod }}
    metric_relabel_configs:
      - {{ source_labels: [ __name__ ], regex: 'node_memory_(Huge|Direct).*', action: drop }}
      - {{ source_labels: [ __name__ ], regex: 'node_memory_(.+)_bytes', target_label: kind }}
  - job_name: whole
    static_configs: [ {{ targets: [ "127.0.0.1:{exporter.port}" ] }} ]
    metric_relabel_configs:
      - {{ regex: 'room', action: labeldrop }}
"""
        with start(folder, configuration) as server, peer.Prometheus(folder / "prometheus", configuration) as prometheus:
            for asked in (server, prometheus):
                # From the second scrape on nothing is new.
                await_true(lambda: value(asked, 'sum(scrape_series_added{job=~"node|whole"})') == [0]
                           and value(asked, "count(up == 1)") == [2], f"both jobs are scraped on port {asked.port}")
            for job in ("node", "whole"):
                selector = f'{{job="{job}"}}'
                ours, theirs = series(server, selector), series(prometheus, selector)
                check(len(theirs) > 20, f"{job}: {len(theirs)} series are compared")
                check.equal(sorted(ours - theirs), [], f"{job}: series that only Heliograph has")
                check.equal(sorted(theirs - ours), [], f"{job}: series that only Prometheus has")
                for name in ("up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling"):
                    expression = f'{name}{{job="{job}"}}'
                    check.equal(value(server, expression), value(prometheus, expression), expression)
                print(f"{job}: {len(ours)} series here, {len(theirs)} in Prometheus")
            check(value(server, 'scrape_duration_seconds{job="node"}')[0] > 0, "a scrape takes time")
            ours, theirs = target_of(server, "node"), target_of(prometheus, "node")
            for key in ("labels", "scrapePool", "scrapeUrl", "health", "lastError", "scrapeInterval", "scrapeTimeout"):
                check.equal(ours[key], theirs[key], f"targets: {key}")
            missing = theirs["discoveredLabels"].items() - ours["discoveredLabels"].items()
            check.equal(sorted(missing), [], "discovered labels that only Prometheus has")
            check.equal(server.json("/api/v1/scrape_pools")[1]["data"], {"scrapePools": ["node", "whole"]}, "the pools")
            check("rule_files" in server.log(), "the log names what is passed over")

            # The exporter goes: everything but the report is stale at once, in both.
            exporter.kill()
            for asked in (server, prometheus):
                await_true(lambda: value(asked, 'sum(up)') == [0], "both see that the exporter is gone")
                names = {dict(one)["__name__"] for one in series(asked, '{job="node"}')}
                check.equal(names, set(REPORT), f"what is left, on port {asked.port}")
            check.equal(target_of(server, "node")["health"], "down", "the target's health")
            check("refused" in target_of(server, "node")["lastError"].lower(), target_of(server, "node")["lastError"])
            with NodeExporter(exporter.port):
                await_true(lambda: value(server, "sum(up)") == [2], "the exporter is back")
                check(len(series(server, '{job="node"}')) > 20, "its series are back")
            ledger = server.ledger()
            check(ledger["balanced"], f"the ledger is balanced: {ledger}")


def targets_come_and_go(check, folder):
    with Target("a 1\n") as first, Target("a 2\n") as second:
        listing = folder / "targets.json"
        write(listing, json.dumps([{"targets": [first.address], "labels": {"zone": "x"}}]))
        configuration = f"""
scrape_configs:
  - job_name: files
    scrape_interval: 200ms
    file_sd_configs: [ {{ files: [ "tar*.json" ] }} ]
    relabel_configs:
      - {{ source_labels: [ __meta_filepath ], regex: '.*/(.*)', target_label: file }}
      - {{ source_labels: [ zone ], regex: secret, action: drop }}
"""
        with start(folder, configuration) as server:
            await_true(lambda: value(server, "a") == [1], "the target in the file is scraped")
            check(series(server, 'a{file="targets.json",zone="x"}'), "with the labels of the file")
            write(listing, json.dumps([{"targets": [first.address], "labels": {"zone": "x"}},
                                       {"targets": [second.address], "labels": {"zone": "y"}},
                                       {"targets": ["127.0.0.1:1"], "labels": {"zone": "secret"}}]))
            await_true(lambda: sorted(value(server, "a")) == [1, 2], "a target is added")
            _, answer = server.json("/api/v1/targets")
            check.equal(answer["data"]["droppedTargetCounts"], {"files": 1}, "the dropped target is counted")
            check.equal(answer["data"]["droppedTargets"][0]["discoveredLabels"]["zone"], "secret", "and shown")
            write(listing, "this is no JSON")
            await_true(lambda: "targets could not be looked up" in server.log(), "a broken file is told of")
            check.equal(len(active(server)), 2, "and changes nothing")
            write(listing, json.dumps([{"targets": [second.address], "labels": {"zone": "y"}}]))
            await_true(lambda: value(server, "a") == [2], "the series of the target that went end")
            check.equal(value(server, "up"), [1], "so does its up")
            check.equal([target["labels"]["zone"] for target in active(server)], ["y"], "the other target goes on")
            # The same from a server; and what the command says of such a file.
            with Target(json.dumps([{"targets": [first.address], "labels": {"zone": "h"}}]), "application/json") as listed:
                write(folder / "prometheus.yml", f"""
alerting: {{ alertmanagers: [] }}
scrape_configs:
  - job_name: http
    scrape_interval: 200ms
    http_sd_configs: [ {{ url: "http://{listed.address}/list", refresh_interval: 300ms }} ]
  - {{ job_name: self, static_configs: [ {{ targets: [ "a:1", "b:1" ] }} ],
      relabel_configs: [ {{ source_labels: [ __address__ ], regex: b.*, action: drop }} ] }}
""")
                said = subprocess.run([BINARY, "scrape", "check", folder / "prometheus.yml"], capture_output=True, text=True)
                check.equal(said.returncode, 0, "the file is checked")
                for words in ("note: the section `alerting`", f"targets from http://{listed.address}/list", "http://a:1/metrics",
                              "dropped by relabelling"):
                    check(words in said.stdout, f"{words}: {said.stdout}")
                server.request("POST", "/-/reload")
                await_true(lambda: value(server, 'a{zone="h"}') == [1], "a target from a server is scraped")
                listed.page = "[]"
                await_true(lambda: not any(target["labels"]["job"] == "http" for target in active(server)), "and goes")
                write(folder / "prometheus.yml", configuration)
                server.request("POST", "/-/reload")
                await_true(lambda: value(server, 'up{job="files"}') == [1], "back to files")
            # Within one target: a series that vanishes ends, those with times of the target's own do not.
            second.page = f"b 1\nc 2 {int(time.time() * 1000)}\n"
            await_true(lambda: value(server, "c") == [2] and value(server, "a") == [], "a vanished series ends")
            second.page = "b 1\n"
            count = len(second.asked)
            await_true(lambda: len(second.asked) >= count + 2, "two more scrapes")
            check.equal(value(server, "c"), [2], "a series with times does not end")


def who_asks_and_over_what(check, folder):
    server_tls = scrape_peer.certificate(folder, "server", "IP:127.0.0.1")
    named_tls = scrape_peer.certificate(folder, "named", "DNS:metrics.example")
    client_tls = scrape_peer.certificate(folder, "client", "DNS:client")
    (folder / "password").write_text("se:cret\n")
    (folder / "token").write_text("abc\n")
    basic, bearer = "Basic bWU6c2U6Y3JldA==", "Bearer abc"
    with Target("m 1\n", wanted=basic) as with_basic, \
            Target("m 1\n", wanted=bearer) as with_bearer, \
            Target("m 1\n", wanted="Token abc", compresses=True) as with_type, \
            Target("m 1\n", tls={"server": server_tls, "clients": client_tls[0]}) as with_tls, \
            Target("m 1\n", tls={"server": named_tls}) as with_name:
        job = "  - { scrape_interval: 200ms, job_name: %s, static_configs: [ { targets: [ '%s' ] } ], %s }\n"
        configuration = "scrape_configs:\n" + "".join(job % parts for parts in (
            ("basic", with_basic.address, "basic_auth: { username: me, password_file: password }"),
            ("wrong", with_basic.address, "basic_auth: { username: me, password: other }"),
            ("bearer", with_bearer.address, "bearer_token_file: token"),
            ("type", with_type.address, "authorization: { type: Token, credentials: abc }, params: { a: [ 'b c' ] }"),
            ("tls", with_tls.address, f"scheme: https, tls_config: {{ ca_file: {server_tls[0]}, cert_file: {client_tls[0]}, "
                                      f"key_file: {client_tls[1]} }}"),
            ("untrusted", with_tls.address, f"scheme: https, tls_config: {{ cert_file: {client_tls[0]}, "
                                            f"key_file: {client_tls[1]} }}"),
            ("name", with_name.address, f"scheme: https, tls_config: {{ ca_file: {named_tls[0]}, "
                                        "server_name: metrics.example }"),
            ("unnamed", with_name.address, f"scheme: https, tls_config: {{ ca_file: {named_tls[0]} }}"),
            ("careless", with_name.address, "scheme: https, tls_config: { insecure_skip_verify: true }")))
        with start(folder, configuration) as server:
            await_true(lambda: len(value(server, "up")) == 9, "all jobs are scraped")
            expected = {"basic": 1, "wrong": 0, "bearer": 1, "type": 1, "tls": 1, "untrusted": 0, "name": 1, "unnamed": 0,
                        "careless": 1}
            found = {dict(one)["job"]: int(dict(one)["v"]) for one in
                     ({**dict(labels), "v": value(server, f'up{{job="{dict(labels)["job"]}"}}')[0]}
                      for labels in series(server, "up"))}
            check.equal(found, expected, "who may scrape")
            for job, words in (("untrusted", "see tls_config.ca_file"), ("unnamed", "see tls_config.server_name"),
                               ("wrong", "401")):
                check(words in target_of(server, job)["lastError"], f"{job}: {target_of(server, job)['lastError']}")
            path, headers = with_type.asked[0]
            check.equal(path, "/metrics?a=b%20c", "parameters are in the address")
            check("application/openmetrics-text" in headers["Accept"], headers["Accept"])
            check("gzip" in headers["Accept-Encoding"], "compression is asked for")
            check.equal(headers["X-Prometheus-Scrape-Timeout-Seconds"], "0.2", "the timeout is told")
            # A new token is read from its file.
            with_bearer.wanted = "Bearer new"
            await_true(lambda: value(server, 'up{job="bearer"}') == [0], "the old token is refused")
            (folder / "token").write_text("new")
            await_true(lambda: value(server, 'up{job="bearer"}') == [1], "the new one is used")


def labels_limits_and_broken_texts(check, folder):
    page = 'm{job="own",instance="i",exported_job="e"} 1\nm{job="own2"} 2\n'
    with Target(page) as target, Target("x 1\n") as other, Target("y 1\n", content_type="text/html") as page_of_html:
        job = "  - {{ scrape_interval: 200ms, job_name: {}, static_configs: [ {{ targets: [ '{}' ] }} ]{} }}\n"
        configuration = "scrape_configs:\n" + "".join(job.format(*parts) for parts in (
            ("plain", target.address, ""), ("honor", target.address, ", honor_labels: true"),
            ("limited", target.address, ", sample_limit: 1"), ("labels", target.address, ", label_limit: 3"),
            ("body", target.address, ", body_size_limit: 10B"), ("many", "127.0.0.1:1', '127.0.0.1:2", ", target_limit: 1"),
            ("broken", other.address, ""), ("html", page_of_html.address, ""),
            ("fallback", page_of_html.address, ", fallback_scrape_protocol: PrometheusText0.0.4")))
        with start(folder, configuration) as server:
            await_true(lambda: len(value(server, "up")) == 10, "all targets are scraped")
            instance = ("instance", target.address)
            check.equal(series(server, 'm{job="plain"}'), {
                (("__name__", "m"), ("exported_exported_job", "own"), ("exported_instance", "i"), ("exported_job", "e"),
                 instance, ("job", "plain")),
                (("__name__", "m"), ("exported_job", "own2"), instance, ("job", "plain"))}, "conflicting labels")
            check.equal(series(server, 'm{job=~"own.*"}'), {
                (("__name__", "m"), ("exported_job", "e"), ("instance", "i"), ("job", "own")),
                (("__name__", "m"), instance, ("job", "own2"))}, "honored labels")
            for job, words in (("limited", "sample limit exceeded: 2"), ("labels", "label_limit exceeded"),
                               ("body", "body size limit exceeded"), ("many", "target_limit exceeded"),
                               ("html", "fallback_scrape_protocol")):
                check(words in target_of(server, job)["lastError"], f"{job}: {target_of(server, job)['lastError']}")
                check(set(value(server, f'up{{job="{job}"}}')) == {0}, f"{job} is down")
            check.equal(value(server, 'scrape_samples_scraped{job="limited"}'), [2], "samples are counted beyond the limit")
            check.equal(value(server, 'y{job="fallback"}'), [1], "the fallback is used")
            check.equal(value(server, 'up{job="broken"}'), [1], "the text is not broken yet")
            other.page = "x 2\nthis is { no line\n"
            await_true(lambda: value(server, 'up{job="broken"}') == [0], "a broken text fails the scrape")
            check.equal(value(server, 'x{job="broken"}'), [], "nothing of it is taken")
            count = len(other.asked)
            await_true(lambda: len(other.asked) >= count + 3, "three more scrapes")
            _, answer = server.json("/api/v1/dead-letters")
            kept = [letter for letter in answer["data"]["dead_letters"] if "this is { no line" in json.dumps(letter)]
            check.equal([(letter["protocol"], letter["reason"]) for letter in kept], [("scrape", "invalid_line")],
                        "one dead letter keeps it")
            check("Line 2" in target_of(server, "broken")["lastError"], target_of(server, "broken")["lastError"])
            other.page = "# TYPE x gauge\nx 3\n# EOF\n"
            other.content_type = "application/openmetrics-text; version=1.0.0"
            await_true(lambda: value(server, 'x{job="broken"}') == [3], "a whole text is taken again")
            other.page = "# TYPE x gauge\nx 4\n"
            await_true(lambda: "# EOF" in target_of(server, "broken")["lastError"], "OpenMetrics without an end is not")
            check(server.ledger()["balanced"], "the ledger is balanced")


def reloading(check, folder):
    with Target("a 1\n") as first, Target("b 1\n") as second:
        job = "  - {{ scrape_interval: 200ms, job_name: {}, static_configs: [ {{ targets: [ '{}' ] }} ]{} }}\n"
        text = "scrape_configs:\n" + job.format("one", first.address, "")
        with start(folder, text) as server:
            await_true(lambda: value(server, "a") == [1], "the job is scraped")
            file = folder / "prometheus.yml"
            write(file, "scrape_configs:\n  - job_nane: x\n")
            status, body, _ = server.request("POST", "/-/reload")
            check.equal(status, 500, "a broken file is refused")
            check(f"{file}:2:5" in body.decode() and "did you mean `job_name`" in body.decode(), body.decode())
            count = len(first.asked)
            await_true(lambda: len(first.asked) > count, "the old configuration holds on")
            write(file, text + job.format("two", second.address, ""))
            check.equal(server.request("POST", "/-/reload")[0], 200, "a good file is taken")
            await_true(lambda: value(server, "b") == [1], "the new job is scraped")
            # With a rule more, the series goes on under another label, and the old one ends at the next scrape.
            rule = ", metric_relabel_configs: [ { target_label: extra, replacement: x } ]"
            write(file, "scrape_configs:\n" + job.format("one", first.address, rule))
            server.process.send_signal(signal.SIGHUP)
            await_true(lambda: len(series(server, 'a{extra="x"}')) == 1 and series(server, 'a{extra=""}') == set(),
                       "a changed job takes over its series")
            await_true(lambda: value(server, "b") == [] and value(server, "up") == [1], "a job that is gone ends")
            # A restart of the server begins no new series, and ends none.
            check.equal(server.stop(), 0, "it stops when told to")
        with Server(folder / "data", "--set", f"scrape.config_file={file}") as server:
            server.wait_until_ready()
            check.equal(value(server, "a"), [1], "a stop ends no series")
    for text, words in (("scrape_configs: [ { job_name: x, consul_sd_configs: [] } ]", "`consul_sd_configs` is not supported"),
                        ("scrape_configs: [ { job_name: x, scrape_interval: 1s, scrape_timeout: 2s } ]", "is longer")):
        try:
            with start(folder, text):
                check(False, f"a server started with {text}")
        except RuntimeError as error:
            check(words in str(error), f"{error}")


def targets_on_the_page(check, folder):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "browser"))
    from chrome import Chrome, Watch, find_chromium
    with Target("a 1\n") as target, Chrome(find_chromium()) as chrome:
        configuration = f"""
scrape_configs:
  - job_name: <b>bold</b>
    scrape_interval: 200ms
    static_configs: [ {{ targets: [ "{target.address}", "127.0.0.1:1", "drop:1" ] }} ]
    relabel_configs: [ {{ source_labels: [ __address__ ], regex: drop.*, action: drop }} ]
"""
        with start(folder, configuration) as server:
            await_true(lambda: len(value(server, "up")) == 2, "both targets are scraped")
            watch = Watch(chrome, f"http://127.0.0.1:{server.port}")
            chrome.open(f"http://127.0.0.1:{server.port}/")
            chrome.wait_for("document.querySelectorAll('#targets tbody tr').length === 3", "two targets and their job")
            text = chrome.evaluate("document.getElementById('targets-card').innerText")
            for words in ("<b>bold</b>", "1 of 2 up, 1 dropped", "1 of 2 down", "Connection refused", target.address):
                check(words in text, f"{words}: {text}")
            check.equal(chrome.evaluate("document.querySelector('#targets tbody td').innerText"), "down", "what is down is first")
            check(chrome.evaluate("document.getElementById('welcome').hidden"), "who scrapes is not welcomed")
            check.equal(watch.complaints, [], "what the page complains of")
        with Server(folder / "empty") as server:
            chrome.open(f"http://127.0.0.1:{server.port}/")
            chrome.wait_for("!document.getElementById('welcome').hidden", "the welcome on an empty server")
            check(chrome.evaluate("document.getElementById('targets-card').hidden"), "without jobs there are no targets")


def main():
    check = Checks()
    if not (peer.available() and scrape_peer.available()):
        sys.exit("prometheus or prometheus-node-exporter is missing: run scripts/bootstrap")
    parts = (the_same_as_prometheus, targets_come_and_go, who_asks_and_over_what, labels_limits_and_broken_texts, reloading,
             targets_on_the_page)
    chosen = [part for part in parts if part.__name__ in sys.argv[1:]] or parts
    for part in chosen:
        with tempfile.TemporaryDirectory(prefix="heliograph-") as folder:
            part(check, pathlib.Path(folder))
    check.finish()


if __name__ == "__main__":
    main()
