#!/usr/bin/env python3
"""The pipeline as its users meet it: the command line, promtool, the recorded AWS metrics, alerts to a real webhook receiver,
a restart, the dashboard in Chromium. usage: pipeline_test.py"""
import csv
import http.server
import json
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading

from harness import BINARY, Checks, Server, clean_environment, shared_folder, temporary_folder

TESTS = pathlib.Path(__file__).resolve().parent.parent


def command(*arguments, timeout=120):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=timeout, env=clean_environment())


def settings(check, folder):
    file = pathlib.Path(folder) / "heliograph.yaml"
    file.write_text("qurey:\n  timeout: 5s\n")
    result = command("check-config", "--config", str(file))
    check(result.returncode != 0 and "query" in result.stderr + result.stdout, f"an unknown key: {result}")
    file.write_text("query:\n  timeout: 5s\n")
    result = command("check-config", "--config", str(file))
    check(result.returncode == 0 and "5s" in result.stdout, f"a good file: {result}")
    result = command("run", "--data", "/proc/nowhere", "--listen", "127.0.0.1:0")
    check(result.returncode != 0 and "/proc/nowhere" in result.stderr, f"a folder that cannot be: {result}")
    check("produce" in command("--help").stdout, "--help lists the subcommands")


def promtool(check, server):
    if not shutil.which("promtool"):
        print("skipped: promtool is not installed")
        return
    url = f"http://127.0.0.1:{server.port}"
    for arguments in (
        ("instant", url, "sum by (region) (rate(http_requests_total[5m]))"), ("labels", url, "source_id"),
        ("series", url, "--match=cpu_usage"), ("range", url, "avg(cpu_usage)", "--step=60s"),
    ):
        result = subprocess.run(["promtool", "query", *arguments], capture_output=True, text=True)
        check(result.returncode == 0 and result.stdout.strip(), f"promtool query {arguments}: {result}")


def fleet(check, server):
    url = f"http://127.0.0.1:{server.port}"
    result = command("produce", "--url", url, "--sources", "10", "--backfill", "20m", "--seed", "7", "--duration", "2s")
    check(result.returncode == 0, f"produce: {result.stderr[-800:]}")
    check.equal(int(server.query("count(count by (source_id) (cpu_usage))")[0]["value"][1]), 10, "sources of the fleet")
    check(float(server.query("sum(rate(http_requests_total[5m]))")[0]["value"][1]) > 0, "a rate over the fleet's counters")
    result = command("kpi", "--url", url, "--window", "15m")
    check(result.returncode == 0 and "uptime" in result.stdout.lower(), f"heliograph kpi: {result}")
    status, kpis = server.json("/api/v1/kpis", window="15m")
    names = {k["name"]: k for k in kpis["data"]["kpis"]} if status == 200 else {}
    for name in ("uptime", "error_rate", "latency_p50", "latency_p95", "latency_p99", "throughput"):
        check(names.get(name, {}).get("overall") is not None, f"KPI {name}: {names.get(name)}")
    if names.get("latency_p50", {}).get("overall") is not None:
        check(names["latency_p50"]["overall"] < names["latency_p99"]["overall"], "p50 below p99")
    check(server.ledger()["balanced"], "the ledger with the fleet")
    status, body, _ = server.request("GET", "/metrics")
    check(status == 200 and b"heliograph_ledger_records_total" in body, "/metrics")
    status, _, headers = server.request("GET", "/graph?g0.expr=cpu_usage%20%3E%2090&g0.tab=1")
    check.equal((status, headers["Location"]), (302, "/?expr=cpu_usage%20%3E%2090"), "a link out of a notification")


def recorded_metrics(check, server):
    shared = shared_folder()
    if shared is None:
        print("skipped: recorded AWS metrics (no ../shared/nab here)")
        return
    files = sorted((shared / "nab" / "data" / "realAWSCloudwatch").glob("*.csv"))
    result = command("produce", "--url", f"http://127.0.0.1:{server.port}", "--replay", *map(str, files))
    check(result.returncode == 0, f"replay: {result.stderr[-800:]}")
    file = next(f for f in files if "ec2_cpu_utilization_53ea38" in f.name)
    rows = [(r["timestamp"], float(r["value"])) for r in csv.DictReader(file.open())]
    distinct = dict(rows)
    found = server.query(
        '{__name__="ec2_cpu_utilization",source_id="53ea38"}[30d]', time="2014-03-14T00:00:00Z")[0]["values"]
    check.equal(len(found), len(distinct), "samples of a recorded file")
    check.equal([float(v) for _, v in found], [v for _, v in sorted(distinct.items())], "values of a recorded file")
    status, answer = server.json(
        "/api/v1/query_range", query="avg_over_time(ec2_cpu_utilization[1h])", start="2014-02-15T00:00:00Z",
        end="2014-02-16T00:00:00Z", step="1h")
    check(status == 200 and answer["data"]["result"], f"a chart of recorded data: {status}")


class Receiver(http.server.BaseHTTPRequestHandler):
    received = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.received.put(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


RULES = """
groups:
  - name: tank
    interval: 1s
    rules:
      - alert: TankHot
        expr: tank_temperature > 90
        for: 1s
        labels: {team: plant}
        annotations: {summary: "{{ $labels.source_id }} is at {{ $value }}"}
"""


def alerts(check, folder):
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    rules = pathlib.Path(folder) / "tank.rules.yml"
    rules.write_text(RULES)
    environment = {
        "HELIOGRAPH_ALERTS_RULE_FILES": str(rules),
        "HELIOGRAPH_ALERTS_WEBHOOKS": f"http://127.0.0.1:{receiver.server_address[1]}/hook",
        "HELIOGRAPH_ALERTS_EVALUATION_INTERVAL": "1s",
    }
    record = {"source_id": "tank-1", "metric_name": "tank_temperature", "metric_value": 95, "message": "hot"}
    data = pathlib.Path(folder) / "alerts"
    try:
        with Server(data, environment=environment) as server:
            server.send([record])
            firing = Receiver.received.get(timeout=60)
            check.equal((firing["version"], firing["status"]), ("4", "firing"), "the first notification")
            alert = firing["alerts"][0]
            check.equal(alert["labels"].get("team"), "plant", "the alert's labels")
            check.equal(alert["annotations"].get("summary"), "tank-1 is at 95", "the alert's annotations")
            listed = server.json("/api/v1/alerts")[1]["data"]["alerts"]
            check.equal([a["state"] for a in listed], ["firing"], "/api/v1/alerts")
            check.equal(server.json("/api/v1/rules")[1]["data"]["groups"][0]["name"], "tank", "/api/v1/rules")
            server.kill()
        with Server(data, environment=environment) as server:
            server.wait_until_ready()
            listed = server.json("/api/v1/alerts")[1]["data"]["alerts"]
            check.equal([a["state"] for a in listed], ["firing"], "the alert's state after a kill")
            server.send([{**record, "metric_value": 20}])
            while True:
                resolved = Receiver.received.get(timeout=60)
                if resolved["status"] == "resolved":
                    break
            check.equal(resolved["alerts"][0]["labels"]["alertname"], "TankHot", "the resolved notification")
            check.equal(server.stop(), 0, "exit code with alerts")
    finally:
        receiver.shutdown()


def dashboard(check, server):
    if not shutil.which("chromium"):
        print("skipped: chromium is not installed")
        return
    with tempfile.TemporaryDirectory() as shots:
        result = subprocess.run(
            ["/usr/bin/python3", str(TESTS / "browser" / "dashboard_test.py"), f"http://127.0.0.1:{server.port}", shots],
            timeout=300)
        check.equal(result.returncode, 0, "the dashboard in Chromium")


def restart(check, folder):
    with Server(folder) as server:
        server.send([{"source_id": "r", "metric_name": "restart", "metric_value": 42}])
        second = command("run", "--data", str(folder), "--listen", "127.0.0.1:0")
        check(second.returncode != 0 and "in use" in second.stderr, f"a second process on one folder: {second}")
        check.equal(server.stop(), 0, "exit code")
    with Server(folder) as server:
        server.wait_until_ready()
        check.equal(server.query("restart")[0]["value"][1], "42", "a value after a restart")


def main():
    check = Checks()
    with temporary_folder() as folder:
        settings(check, folder)
        with Server(pathlib.Path(folder) / "fleet") as server:
            fleet(check, server)
            promtool(check, server)
            recorded_metrics(check, server)
            check.equal(server.stop(), 0, "the exit code with a fleet")
        restart(check, pathlib.Path(folder) / "restart")
        alerts(check, folder)
        with Server(pathlib.Path(folder) / "dashboard") as server:
            dashboard(check, server)
    check.finish()


main()
