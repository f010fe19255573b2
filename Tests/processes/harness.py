"""Starts real heliograph processes for tests, and talks to them. Standard library only."""
import ctypes
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

BINARY = os.environ.get("HELIOGRAPH_BINARY", "heliograph")


def add_python_packages():
    """Makes what `scripts/bootstrap --python` installed importable."""
    root = pathlib.Path(__file__).resolve().parents[2]
    found = [str(folder) for folder in root.glob(".venv/lib/python3*/site-packages")]
    if not found:
        sys.exit(f"there is no {root}/.venv: run scripts/bootstrap --python")
    sys.path[:0] = found


def clean_environment():
    """Ours without settings: what the person who runs the tests or benchmarks has set must not reach the servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}


def die_with_parent():
    """The kernel ends the child when this process is gone, however it went (man 2 prctl, PR_SET_PDEATHSIG = 1)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(command, **options):
    """A process without input that does not outlive this one."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, preexec_fn=die_with_parent, **options)


def end(process):
    """At once, if it runs."""
    if process.poll() is None:
        process.kill()
        process.wait()


def await_true(condition, what, seconds=60):
    """What the condition gives as soon as that is something."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Server:
    """One `heliograph run`, on a port the kernel chose. Use as a context manager: it is ended on leaving."""

    def __init__(self, folder, *arguments, environment=None):
        command = [BINARY, "run", "--data", str(folder), "--listen", "127.0.0.1:0", *arguments]
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = start(
            command, stdout=subprocess.PIPE, stderr=self.errors,
            # Its second address would be the same for all servers of a machine.
            env={**clean_environment(), "HELIOGRAPH_INGEST_OTLP_LISTEN": "off", **(environment or {})})
        self.port = None
        for line in self.process.stdout:
            found = re.search(r"https?://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            self.process.wait()
            raise RuntimeError(f"the server did not start (exit {self.process.returncode}):\n{self.log()}")
        # The pipe must not fill up.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def request(self, method, path, body=None, headers=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def json(self, path, **parameters):
        if parameters:
            path += "?" + urllib.parse.urlencode(parameters)
        status, body, _ = self.request("GET", path)
        return status, json.loads(body)

    def send(self, records, **headers):
        body = "\n".join(json.dumps(r) if not isinstance(r, str) else r for r in records)
        status, answer, _ = self.request(
            "POST", "/api/v1/telemetry", body.encode(), {"Content-Type": "application/x-ndjson", **headers})
        return status, json.loads(answer)

    def query(self, expression, **parameters):
        status, answer = self.json("/api/v1/query", query=expression, **parameters)
        if status != 200:
            raise AssertionError(f"query {expression}: {status} {answer}")
        return answer["data"]["result"]

    def ledger(self):
        return self.json("/api/v1/ledger")[1]["data"]

    def wait_until_ready(self, seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            status, _, _ = self.request("GET", "/readyz")
            if status == 200:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready after {seconds} s")
            time.sleep(0.02)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends it as Ctrl-C does; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        end(self.process)
        if kind is not None:
            print("--- the server's log ---", self.log()[-4000:], sep="\n", file=sys.stderr)


class Checks:
    """Counts checks and prints the failed ones; `finish` exits with the verdict."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def __call__(self, condition, what):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}", flush=True)
        return condition

    def equal(self, found, expected, what):
        return self(found == expected, f"{what}: expected {expected!r}, found {found!r}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="heliograph-")


def shared_folder():
    """The folder of test material beside the checkout, or None."""
    for parent in pathlib.Path(__file__).resolve().parents:
        if (parent / "shared").is_dir() and (parent / "shared" / "nab").is_dir():
            return parent / "shared"
    return None
