"""Debian's Prometheus as a client of a server under test, and the wire formats that it speaks. Standard library only."""
import json
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import harness


def available():
    return shutil.which("prometheus") is not None and shutil.which("promtool") is not None


class Prometheus:
    """One `prometheus`, on a port the kernel chose. Use as a context manager: it is ended on leaving."""

    def __init__(self, folder, configuration, *arguments):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "prometheus.yml"
        file.write_text(configuration)
        self.process = harness.start(
            ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}",
             "--web.listen-address=127.0.0.1:0", "--log.level=info", *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.lines = []
        self.port = None
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r'msg="Listening on" address=127\.0\.0\.1:(\d+)', line)
            if found:
                self.port = int(found.group(1))
                break
        if self.port is None:
            self.process.wait()
            raise RuntimeError("prometheus did not start:\n" + "".join(self.lines[-20:]))
        threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True).start()

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    # As harness.Server has it.
    json = ask

    def reload(self):
        """Has it read its configuration again."""
        self.process.send_signal(signal.SIGHUP)

    def wait_for(self, query, seconds=60):
        """The result of a query as soon as it has one."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                status, answer = self.ask("/api/v1/query", query=query)
                if status == 200 and answer["data"]["result"]:
                    return answer["data"]["result"]
            except (OSError, ValueError):
                status, answer = None, None
            if time.monotonic() > deadline:
                raise AssertionError(f"{query}: no result after {seconds} s, last {status} {answer}")
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        harness.end(self.process)


# Protobuf and snappy, as far as remote read needs them.

def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, value):
    """An integer as varint, anything else as bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, at):
    shift = value = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        if key & 7 == 0:
            value, at = read_varint(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        else:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        yield key >> 3, value


def snappy_literals(data):
    """A snappy block that compresses nothing."""
    out = bytearray(varint(len(data)))
    for start in range(0, len(data), 60):
        part = data[start:start + 60]
        out += bytes([len(part) - 1 << 2]) + part
    return bytes(out)


def snappy_content(block):
    length, at = read_varint(block, 0)
    out = bytearray()
    while at < len(block):
        tag = block[at]
        at += 1
        if tag & 3 == 0:
            size = (tag >> 2) + 1
            if size > 60:
                extra = size - 60
                size = int.from_bytes(block[at:at + extra], "little") + 1
                at += extra
            out += block[at:at + size]
            at += size
            continue
        if tag & 3 == 1:
            size, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | block[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            size, offset = (tag >> 2) + 1, int.from_bytes(block[at:at + width], "little")
            at += width
        for _ in range(size):
            out.append(out[-offset])
    assert len(out) == length
    return bytes(out)


def read_request(start, end, name, types=()):
    matcher = field(2, "__name__") + field(3, name)
    query = field(1, start) + field(2, end) + field(3, matcher)
    return snappy_literals(field(1, query) + b"".join(field(2, t) for t in types))


def samples_of(message):
    """{labels: [(milliseconds, value)]} of the first result of a `ReadResponse`."""
    series = {}
    for number, result in fields(message):
        for _, one in fields(result):
            labels, samples = {}, []
            for number, value in fields(one):
                parts = dict(fields(value))
                if number == 1:
                    labels[parts[1].decode()] = parts[2].decode()
                elif number == 2:
                    samples.append((parts.get(2, 0), parts.get(1, 0.0)))
            series[tuple(sorted(labels.items()))] = samples
    return series
