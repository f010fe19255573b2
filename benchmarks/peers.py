"""The stores that Heliograph is compared with, as Debian packages them: started on ports that the kernel chooses, in folders
of their own, spoken to over HTTP, and ended. Standard library only."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Tests" / "processes"))
from harness import clean_environment, die_with_parent  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
REQUEST_TIMEOUT = 180


def release_binary(product, variable):
    """Builds the release binary of a product, unless the environment's variable names one."""
    if os.environ.get(variable):
        return os.environ[variable]
    command = ["swift", "build", "-c", "release", "--product", product]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.run([*command, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return f"{folder.strip()}/{product}"


class PeerError(Exception):
    """What a peer did that the comparison cannot go on with."""


def listening_port(pid):
    """The port on which the process listens, from the kernel's tables: the servers do not say which one they were given."""
    inodes = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptor))
        except OSError:
            continue
        if found:
            inodes.add(found.group(1))
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        # 0A is LISTEN (include/net/tcp_states.h).
        if fields[3] == "0A" and fields[9] in inodes:
            return int(fields[1].split(":")[1], 16)
    return None


def folder_bytes(folder):
    """Apparent sizes of all files; a file with several names counts once."""
    sizes = {}
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            status = path.stat()
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


class Peer:
    """One server process over one folder. Use as a context manager: it is ended on leaving, also by an error."""
    name = package = binary = ready_path = ""
    # By format of `heliograph-bench send`, the endpoint that takes it.
    write_paths = {}
    # Whether `settle` and `disk` are there.
    has_disk_figures = True

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.process = self.port = self.connection = None

    def command(self):
        raise NotImplementedError

    @classmethod
    def missing(cls):
        return None if shutil.which(cls.binary) else f"{cls.binary} is not installed: apt-get install {cls.package}"

    def start(self, seconds=120):
        """Returns the seconds until it said that it is ready."""
        began = time.perf_counter()
        self.log = open(self.folder / "log.txt", "ab")
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=self.folder,
            env=clean_environment(), preexec_fn=die_with_parent)
        self.port = None
        while time.perf_counter() - began < seconds:
            if self.process.poll() is not None:
                raise PeerError(f"{self.name} ended (exit {self.process.returncode}):\n{self.last_words()}")
            self.port = self.port or listening_port(self.process.pid)
            if self.port:
                try:
                    if self.get(self.ready_path)[0] == 200:
                        return time.perf_counter() - began
                except (OSError, http.client.HTTPException):
                    self.connection = None
            time.sleep(0.002)
        raise PeerError(f"{self.name} was not ready after {seconds} s:\n{self.last_words()}")

    def stop(self):
        """Ends it as Ctrl-C does, by its process id; after two minutes the hard way."""
        if self.process is None:
            return
        if self.connection:
            self.connection.close()
            self.connection = None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=120)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        self.process = None

    def __enter__(self):
        self.folder.mkdir(parents=True)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def last_words(self):
        return (self.folder / "log.txt").read_text(errors="replace")[-2000:]

    def get(self, path, method="GET", **parameters):
        if parameters:
            path += "?" + urllib.parse.urlencode(parameters, doseq=True)
        try:
            return self._exchange(method, path)
        except (http.client.RemoteDisconnected, ConnectionError):
            # Servers close connections that were idle for a minute or so, as while samples are sent.
            if self.process.poll() is not None:
                raise
            self.connection = None
            return self._exchange(method, path)

    def _exchange(self, method, path):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_TIMEOUT)
        self.connection.request(method, path)
        response = self.connection.getresponse()
        return response.status, response.read()

    def post(self, path, **parameters):
        return self.get(path, method="POST", **parameters)

    def cpu_seconds(self):
        """User and system time of all living threads, to the nanosecond (Documentation/scheduler/sched-stats.rst)."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except (OSError, ValueError):
                continue
        return total / 1e9

    def ask(self, query):
        """Puts one of the comparison's queries. Returns how many series or values the answer has."""
        span = {"start": query["start"], "end": query["end"]}
        if query["kind"] == "range":
            path, parameters = "query_range", {"query": query["expression"], "step": query["step"], **span}
        elif query["kind"] == "instant":
            path, parameters = "query", {"query": query["expression"], "time": query["end"]}
        elif query["kind"] == "series":
            path, parameters = "series", {"match[]": query["expression"], **span}
        else:
            path, parameters = f"label/{query['expression']}/values", span
        status, body = self.get("/api/v1/" + path, **parameters)
        if status != 200:
            raise PeerError(f"{self.name} answered {status} to {query['expression']}: {body[:300]!r}")
        return body

    @staticmethod
    def answer_size(body):
        data = json.loads(body)["data"]
        return len(data["result"] if isinstance(data, dict) else data)

    def settle(self, seconds):
        """Brings everything to disk in the form in which it stays. Bounded by `seconds`."""

    def disk(self):
        """Bytes: (samples, index)."""
        raise NotImplementedError


class VictoriaMetrics(Peer):
    name, package, binary = "VictoriaMetrics", "victoria-metrics", "victoria-metrics"
    ready_path = "/health"
    write_paths = {"remote-write": "/api/v1/write", "line-protocol": "/write"}

    def command(self):
        # The result cache would measure itself; without it the ends of a range are not moved either.
        return [
            shutil.which(self.binary), "-httpListenAddr=127.0.0.1:0", f"-storageDataPath={self.folder / 'data'}",
            "-retentionPeriod=10y", "-search.disableCache", "-search.latencyOffset=1ms"]

    def settle(self, seconds):
        self.get("/internal/force_flush")
        self.get("/internal/force_merge")
        deadline, quiet = time.monotonic() + seconds, 0
        # The merge begins some time after the request: it is over when nothing merges for a while.
        while quiet < 5:
            if time.monotonic() > deadline:
                raise PeerError(f"{self.name} still merges after {seconds} s")
            time.sleep(0.3)
            active = re.findall(rb"^vm_active_merges\{[^}]*\} (\d+)", self.get("/metrics")[1], re.MULTILINE)
            quiet = 0 if any(int(count) for count in active) else quiet + 1

    def disk(self):
        return folder_bytes(self.folder / "data" / "data"), folder_bytes(self.folder / "data" / "indexdb")


class Prometheus(Peer):
    name, package, binary = "Prometheus", "prometheus", "prometheus"
    ready_path = "/-/ready"
    write_paths = {"remote-write": "/api/v1/write"}

    def command(self):
        configuration = self.folder / "prometheus.yml"
        configuration.write_text("")
        return [
            shutil.which(self.binary), f"--config.file={configuration}", f"--storage.tsdb.path={self.folder / 'data'}",
            "--web.listen-address=127.0.0.1:0", "--storage.tsdb.retention.time=10y",
            "--web.enable-remote-write-receiver", "--web.enable-admin-api"]

    def settle(self, seconds):
        """A snapshot writes the head as a block, beside hard links to the blocks that there are."""
        status, body = self.post("/api/v1/admin/tsdb/snapshot")
        if status != 200:
            raise PeerError(f"{self.name} answered {status} to a snapshot: {body[:300]!r}")
        self.snapshot = self.folder / "data" / "snapshots" / json.loads(body)["data"]["name"]
        self.sizes = (
            sum(folder_bytes(folder) for folder in self.snapshot.glob("*/chunks")),
            sum(path.stat().st_size for path in self.snapshot.glob("*/index")))
        shutil.rmtree(self.snapshot)

    def disk(self):
        return self.sizes


class Heliograph(Peer):
    """The release binary; over a data folder that was filled before, or an empty one."""
    name = "Heliograph"
    ready_path = "/readyz"
    write_paths = {"remote-write": "/api/v1/write", "line-protocol": "/write", "contract": "/api/v1/telemetry"}
    has_disk_figures = False

    # Of every server, besides what one of them is given.
    arguments = ()

    def __init__(self, folder, data=None, arguments=()):
        super().__init__(folder)
        self.server = release_binary("heliograph", "HELIOGRAPH_BINARY")
        self.data = data or self.folder / "data"
        self.arguments = [*Heliograph.arguments, *arguments]

    @classmethod
    def missing(cls):
        return None

    def command(self):
        return [
            self.server, "run", "--data", self.data, "--listen", "127.0.0.1:0", "--set", "ingest.otlp.listen=off",
            *self.arguments]
