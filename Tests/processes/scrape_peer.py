"""Targets that are scraped: Debian's node exporter, and small servers that check how they are asked. Standard library only."""
import gzip
import http.server
import re
import shutil
import ssl
import subprocess
import threading

import harness


def available():
    return shutil.which("prometheus-node-exporter") is not None


class NodeExporter:
    """One `prometheus-node-exporter`, on a port the kernel chose. Use as a context manager: it is ended on leaving."""

    # Collectors whose series come and go with what the machine does between two scrapes.
    QUIET = ("--collector.disable-defaults", "--collector.uname", "--collector.loadavg", "--collector.meminfo",
             "--collector.time", "--collector.vmstat", "--collector.stat")

    def __init__(self, port=0):
        self.process = harness.start(
            ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}", *self.QUIET],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.port = None
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            found = re.search(r'Listening on"? address=127\.0\.0\.1:(\d+)', line)
            if found:
                self.port = int(found.group(1))
                break
        if not self.port:
            harness.end(self.process)
            raise RuntimeError("the node exporter did not start:\n" + "".join(lines[-20:]))
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def kill(self):
        harness.end(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class Target:
    """A server whose page and conditions can be changed. Use as a context manager.

    `page` is what it answers; `content_type` how it calls that; `wanted` the value of `Authorization` without which it says 401.
    """

    def __init__(self, page, content_type="text/plain; version=0.0.4", wanted=None, tls=None, compresses=False):
        self.page, self.content_type, self.wanted, self.compresses = page, content_type, wanted, compresses
        self.asked = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner.asked.append((self.path, dict(self.headers)))
                if owner.wanted is not None and self.headers.get("Authorization") != owner.wanted:
                    self.answer(401, b"who are you?")
                    return
                self.answer(200, owner.page.encode())

            def answer(self, status, body):
                self.send_response(status)
                if owner.content_type:
                    self.send_header("Content-Type", owner.content_type)
                if owner.compresses and "gzip" in self.headers.get("Accept-Encoding", ""):
                    body = gzip.compress(body)
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Who asks may hang up: over a certificate that it does not trust, or an answer that it has seen enough of.
        self.server.handle_error = lambda *_: None
        self.server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls["server"])
            if "clients" in tls:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(tls["clients"])
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def certificate(folder, name, subject_alternative):
    """A self-signed certificate and its key, made by openssl: their paths."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={subject_alternative}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return str(certificate), str(key)
