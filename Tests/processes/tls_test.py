#!/usr/bin/env python3
"""TLS with certificates that openssl makes: curl and Python speak it, a new certificate is taken over while the server runs, a broken
one is not, and clients' certificates can be asked for. usage: tls_test.py"""
import http.client
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import harness
from harness import BINARY, Checks, await_true, clean_environment


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def authority(folder, name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")


def certificate(folder, name, signer):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")
    extensions = folder / f"{name}.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-days", "2", "-in", folder / f"{name}.csr", "-CA", folder / f"{signer}.pem",
            "-CAkey", folder / f"{signer}.key", "-CAcreateserial", "-extfile", extensions, "-out", folder / f"{name}.pem")


class TLSServer(harness.Server):
    """One that is asked over TLS."""

    scheme = "https"

    def __init__(self, folder, pki, *arguments):
        self.context = ssl.create_default_context(cafile=str(pki / "ca.pem"))
        super().__init__(folder, "--set", f"tls.certificate_file={pki}/live.pem", "--set", f"tls.key_file={pki}/live.key",
                         *arguments)

    def request(self, method, path, body=None, headers=None, timeout=60):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.context)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def common_name(self):
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            with self.context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                return dict(pair[0] for pair in secure.getpeercert()["subject"])["commonName"]


def put(pki, name, parts=("pem", "key")):
    """As certbot and others do it: a file beside it takes its place."""
    for part in parts:
        shutil.copy(pki / f"{name}.{part}", pki / f"next.{part}")
        os.replace(pki / f"next.{part}", pki / f"live.{part}")


def until(condition, what, seconds=10):
    return await_true(condition, what, seconds)


def refused(*settings):
    arguments = [part for setting in settings for part in ("--set", setting)]
    done = subprocess.run([BINARY, "run", "--listen", "127.0.0.1:0", *arguments], capture_output=True, text=True,
                          env=clean_environment(), timeout=60)
    return done.returncode != 0, done.stderr


def main():
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="heliograph-") as folder:
        folder = pathlib.Path(folder)
        pki = folder / "pki"
        pki.mkdir()
        authority(pki, "ca")
        authority(pki, "other-ca")
        for name in ("first", "second", "client"):
            certificate(pki, name, "ca")
        certificate(pki, "stranger", "other-ca")
        put(pki, "first")
        with TLSServer(folder / "data", pki) as server:
            url = f"https://127.0.0.1:{server.port}"
            status, _ = server.send([{"source_id": "a", "metric_name": "m", "metric_value": 1}] * 2000)
            check.equal(status, 200, "records over TLS")
            check.equal(len(server.query("m")), 1, "a query over TLS")
            done = subprocess.run(["curl", "-sf", "--cacert", str(pki / "ca.pem"), f"{url}/metrics"], capture_output=True, text=True)
            check(done.returncode == 0 and "heliograph_" in done.stdout, f"curl: {done.returncode}")
            done = subprocess.run(["curl", "-sf", "--cacert", str(pki / "ca.pem"), "--tls-max", "1.1", f"{url}/metrics"],
                                  capture_output=True, text=True)
            check(done.returncode != 0, "TLS 1.1 is too old")
            check(subprocess.run(["curl", "-sf", f"http://127.0.0.1:{server.port}/metrics"], capture_output=True).returncode != 0,
                  "plain HTTP")
            environment = {**clean_environment(), "HELIOGRAPH_CA_FILE": str(pki / "ca.pem")}
            done = subprocess.run([BINARY, "query", "m", "--url", url], capture_output=True, text=True, env=environment, timeout=60)
            check(done.returncode == 0, f"the command line: {done}")
            done = subprocess.run([BINARY, "query", "m", "--url", url], capture_output=True, text=True, env=clean_environment(),
                                  timeout=60)
            check(done.returncode != 0, "an authority that nobody knows")
            # Connections that are open keep what they have.
            kept = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=server.context)
            kept.request("GET", "/healthz")
            kept.getresponse().read()
            check.equal(server.common_name(), "first", "the first certificate")
            put(pki, "second")
            until(lambda: server.common_name() == "second", "the second certificate")
            kept.request("GET", "/healthz")
            check.equal(kept.getresponse().read(), b"ok\n", "a connection from before")
            kept.close()
            # Broken ones: no PEM, a key of another certificate, a file that is gone.
            (pki / "broken.pem").write_text("no certificate")
            put(pki, "broken", ("pem",))
            until(lambda: "cannot be used" in server.log(), "a log line")
            check.equal(server.common_name(), "second", "a broken certificate leaves the old one")
            put(pki, "first", ("pem",))
            until(lambda: server.log().count("cannot be used") >= 2, "a log line about the pair")
            check.equal(server.common_name(), "second", "a key that does not fit leaves the old pair")
            put(pki, "first", ("key",))
            until(lambda: server.common_name() == "first", "the pair is whole again")
            (pki / "live.key").unlink()
            until(lambda: server.log().count("cannot be used") >= 3, "a log line about the file")
            check.equal(server.common_name(), "first", "a file that is gone leaves the old pair")
            put(pki, "first")
            check_watch(check, server)
            dribble(check, server)
        with TLSServer(folder / "mutual", pki, "--set", f"tls.client_ca_file={pki}/ca.pem") as server:
            def knocks(name):
                server.context = ssl.create_default_context(cafile=str(pki / "ca.pem"))
                if name:
                    server.context.load_cert_chain(pki / f"{name}.pem", pki / f"{name}.key")
                try:
                    return server.request("GET", "/healthz")[0] == 200
                except OSError:
                    return False
            check.equal([knocks(name) for name in ("client", None, "stranger")], [True, False, False], "clients' certificates")
        data = f"data.dir={folder}/none"
        for settings, wanted in (
                ((f"tls.certificate_file={pki}/nothing.pem", f"tls.key_file={pki}/first.key"), "tls.certificate_file"),
                ((f"tls.certificate_file={pki}/first.pem",), "tls.key_file"),
                ((f"tls.certificate_file={pki}/first.pem", f"tls.key_file={pki}/second.key"), "does not go with")):
            failed, text = refused(data, *settings)
            check(failed and wanted in text, f"{settings}: {text}")
    check.finish()


def check_watch(check, server):
    """A client that goes away is noticed under TLS as well: its query ends long before it is done."""
    now = int(time.time() * 1000)
    records = ({"source_id": "w", "metric_name": "w", "metric_value": i, "timestamp": now - i * 1000, "tags": {"n": str(i % 50)}}
               for i in range(20_000))
    check.equal(server.send(list(records))[0], 200, "records for a long query")
    slow = "/api/v1/query_range?step=1&start=%d&end=%d&query=" % (now // 1000 - 9000, now // 1000)
    expression = "sum(" + "%2B".join(["quantile_over_time(0.5%2Cw%5B4h%5D)"] * 6) + ")"
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        secure = server.context.wrap_socket(plain, server_hostname="127.0.0.1")
        secure.sendall(f"GET {slow}{expression} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.3)
        secure.close()

    def cancelled():
        for line in server.request("GET", "/metrics")[1].decode().splitlines():
            if line.startswith("heliograph_query") and "cancel" in line:
                return float(line.split()[-1]) > 0
        return False
    try:
        until(cancelled, "the query is given up", 20)
        check(True, "a client that left")
    except AssertionError as error:
        check(False, f"{error}")


def dribble(check, server):
    """A handshake that never ends holds nobody up."""
    with socket.create_connection(("127.0.0.1", server.port)) as plain:
        plain.sendall(b"\x16\x03\x01")
        check.equal(server.request("GET", "/healthz")[0], 200, "others are served")


if __name__ == "__main__":
    sys.exit(main())
