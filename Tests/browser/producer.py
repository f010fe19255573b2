"""The telemetry of two sources that the checks of the dashboard look at. Standard library only."""

import json
import math
import random
import time
import urllib.error
import urllib.parse
import urllib.request

SOURCES = {
    "browser-a": {"region": "north", "service": "gate", "env": "test"},
    "browser-b": {"region": "south", "service": "shop", "env": "test"},
}


class Failure(Exception):
    """A check that did not hold."""


class Producer:
    """Sends records of two sources."""

    def __init__(self, address):
        self._address = address
        self._random = random.Random(7)

    def _post(self, records):
        body = "".join(json.dumps(record) + "\n" for record in records).encode()
        self._send(urllib.request.Request(
            self._address, data=body, headers={"Content-Type": "application/x-ndjson"}, method="POST"))

    def describe(self, text):
        """Sends metadata in OpenMetrics' form."""
        self._send(urllib.request.Request(
            urllib.parse.urljoin(self._address, "/api/v1/import/prometheus"), data=text.encode(), method="POST",
            headers={"Content-Type": "application/openmetrics-text"}))

    def _send(self, request):
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                response.read()
        except urllib.error.HTTPError as error:
            raise Failure(f"POST {self._address}: HTTP {error.code}: {error.read(500).decode(errors='replace')}")
        except OSError as error:
            raise Failure(f"POST {self._address}: {error}")

    def _records(self, ms):
        seconds = ms / 1000
        for index, (source, tags) in enumerate(SOURCES.items()):
            wave = math.sin(seconds / 60 + index)
            # Counters grow with the clock, so that a later run goes on where this one stopped.
            requests = round(seconds % 1_000_000 * (40 + 20 * index))
            values = {
                "cpu_usage": 45 + 20 * index + 12 * wave + self._random.uniform(-2, 2),
                "mem_used_percent": 60 + 5 * index + 2 * wave,
                "http_requests_total": requests,
                "http_errors_total": requests // 80,
                "request_latency_ms": 40 + 30 * index + 8 * wave + self._random.uniform(0, 20),
                "queue_depth": round(10 + 5 * index + 4 * wave),
            }
            for name, value in values.items():
                yield {"timestamp": ms, "source_id": source, "metric_name": name, "metric_value": value, "tags": tags}

    def history(self, seconds, step_seconds=5):
        """Records of the last `seconds`, and two events."""
        now = int(time.time() * 1000)
        records = []
        for ms in range(now - seconds * 1000, now, step_seconds * 1000):
            records.extend(self._records(ms))
        records.append(self._event(now - seconds * 300, "browser-a", "error", "shelf caught fire during the test"))
        records.append(self._event(now - seconds * 150, "browser-b", "warning", "water level is low in the test"))
        self._post(records)

    def now(self, cpu=None):
        """Records of this instant; `cpu` is a CPU usage to tell them by."""
        records = list(self._records(int(time.time() * 1000)))
        for record in records:
            if cpu is not None and record["metric_name"] == "cpu_usage":
                record["metric_value"] = cpu
        self._post(records)

    @staticmethod
    def _event(ms, source, severity, message):
        return {
            "timestamp": ms, "source_id": source, "metric_name": "incident", "metric_value": 1,
            "severity": severity, "message": message, "tags": SOURCES[source],
        }
