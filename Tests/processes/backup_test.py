#!/usr/bin/env python3
"""Backup, restore, verify, export and import with real processes under load. usage: backup_test.py [SEED]

- A backup is taken while senders run and blocks are written. Restored elsewhere, it has every record that was acknowledged
  before it began, once, and nothing that was never sent.
- A flipped bit in a file of a backup is found and named; such a backup is not restored.
- What was exported and imported into an empty server is exported again as the same bytes.
"""
import http.client
import json
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

from harness import BINARY, Checks, Server, clean_environment, temporary_folder

SENDERS = 2
BATCH = 200
HOUR_MS = 3_600_000


def command(*arguments, timeout=300):
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, env=clean_environment())


class Sender(threading.Thread):
    """Sends until it is told to stop; remembers what was acknowledged. Some records are hours old, so that blocks of several
    days are written while it goes on."""

    def __init__(self, port, number, start_ms, rng):
        super().__init__(daemon=True)
        self.port, self.source, self.start_ms, self.rng = port, f"sender-{number}", start_ms, rng
        self.acknowledged, self.sent = {}, {}
        self.stopping = threading.Event()
        self.progress = threading.Condition()
        self.failure = None

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        index = 0
        try:
            while not self.stopping.is_set():
                group = {}
                for _ in range(BATCH):
                    index += 1
                    age = self.rng.choice([0, 0, 0, 26, 50]) * HOUR_MS
                    group[self.start_ms - age + index] = self.rng.uniform(-1e6, 1e6)
                lines = [
                    json.dumps({
                        "timestamp": t, "source_id": self.source, "metric_name": "load", "metric_value": v,
                        "tags": {"kind": "under load"}})
                    for t, v in group.items()]
                self.sent.update(group)
                connection.request(
                    "POST", "/api/v1/telemetry", "\n".join(lines), {"Content-Type": "application/x-ndjson"})
                response = connection.getresponse()
                answer = json.loads(response.read())
                if response.status == 429:
                    continue
                if response.status != 200 or answer["accepted"] != BATCH:
                    self.failure = f"{response.status} {answer}"
                    return
                with self.progress:
                    self.acknowledged.update(group)
                    self.progress.notify_all()
        except (OSError, http.client.HTTPException) as error:
            self.failure = repr(error)
        finally:
            with self.progress:
                self.stopping.set()
                self.progress.notify_all()
            connection.close()

    def wait_for(self, records):
        with self.progress:
            self.progress.wait_for(lambda: len(self.acknowledged) >= records or self.stopping.is_set(), timeout=120)

    def snapshot(self):
        with self.progress:
            return dict(self.acknowledged)

    def stop(self):
        self.stopping.set()
        self.join()


def flushing(seconds):
    """Settings with which windows become blocks soon after they arrive."""
    return {"HELIOGRAPH_HEAD_GRACE": f"{seconds}s", "HELIOGRAPH_HEAD_FLUSH_INTERVAL": "200ms"}


def wait_for_blocks(check, data, known, senders, seconds=120):
    """Returns when there is a block that was not there before, while senders go on."""
    deadline = time.monotonic() + seconds
    while True:
        names = {path.name for path in (data / "blocks").glob("*.sqlite")}
        if names - known:
            return names
        if time.monotonic() > deadline or any(sender.stopping.is_set() for sender in senders):
            check(False, f"no new block after {seconds} s, or a sender ended")
            return names
        time.sleep(0.02)


def exported(check, server, *arguments):
    result = command("export", "--url", f"http://127.0.0.1:{server.port}", "--quiet", *arguments)
    check(result.returncode == 0, f"export {arguments}: {result.stderr}")
    return result.stdout


def samples(text):
    """By source and timestamp; a list of values, so that doubles show."""
    found = {}
    for line in text.splitlines():
        record = json.loads(line)
        found.setdefault((record["source_id"], record["timestamp"]), []).append(record["metric_value"])
    return found


def stamp(milliseconds):
    seconds, rest = divmod(milliseconds, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03}Z"


def under_load(check, folder, rng):
    data, backups = folder / "data", [folder / "first", folder / "second"]
    start_ms = int(time.time() * 1000) - 600_000
    acknowledged = []
    with Server(data, environment=flushing(1)) as server:
        senders = [Sender(server.port, n, start_ms, random.Random(rng.random())) for n in range(SENDERS)]
        for sender in senders:
            sender.start()
        blocks = set()
        for backup, records, extra in ((backups[0], 5_000, []), (backups[1], 15_000, ["--previous", backups[0]])):
            for sender in senders:
                sender.wait_for(records)
            blocks = wait_for_blocks(check, data, blocks, senders)
            acknowledged.append([sender.snapshot() for sender in senders])
            before = sum(len(sender.snapshot()) for sender in senders)
            result = command("backup", "--data", data, "--to", backup, *extra)
            check(result.returncode == 0, f"backup of a running store: {result.stderr}")
            went_on = sum(len(sender.snapshot()) for sender in senders) - before
            print(f"{backup.name}: {result.stdout.strip()}; {went_on} records were acknowledged meanwhile")
        live = command("verify", "--data", data)
        check(live.returncode == 0, f"verify of a running store: {live.stdout}{live.stderr}")
        for sender in senders:
            sender.stop()
            check(sender.failure is None, f"a sender failed: {sender.failure}")
        second = command("backup", "--data", data, "--to", backups[1])
        check(second.returncode == 1 and "not empty" in second.stderr, f"a backup onto another: {second.stderr}")
        check.equal(server.stop(), 0, "exit code under load")
    for number, backup in enumerate(backups):
        check(any((backup / "blocks").glob("*.sqlite")), f"{backup.name} has no blocks: the test did not test")
        restored(check, folder / f"restored-{number}", backup, senders, acknowledged[number])
    stopped = folder / "stopped"
    result = command("backup", "--data", data, "--to", stopped, "--link")
    check(result.returncode == 0, f"backup of a stopped store: {result.stderr}")
    names = sorted(p.name for p in data.iterdir())
    check(not any(n.endswith(("-wal", "-shm")) for n in names), f"left beside a stopped store: {names}")
    check.equal(command("verify", "--backup", stopped).returncode, 0, "verify of a linked backup")
    restored(check, folder / "restored-stopped", stopped, senders, [sender.snapshot() for sender in senders])
    return backups[0]


def restored(check, data, backup, senders, acknowledged):
    verified = command("verify", "--backup", backup)
    check(verified.returncode == 0, f"verify of {backup.name}: {verified.stdout}{verified.stderr}")
    result = command("restore", "--from", backup, "--data", data)
    check(result.returncode == 0 and "heliograph run --data" in result.stdout, f"restore: {result.stderr}")
    result = command("verify", "--data", data, "--format", "json")
    check(result.returncode == 0 and json.loads(result.stdout)["ok"], f"verify after restore: {result.stdout}")
    with Server(data, environment=flushing(600)) as server:
        server.wait_until_ready()
        busy = command("restore", "--from", backup, "--data", data)
        check(busy.returncode == 1 and "in use" in busy.stderr, f"restore into a folder in use: {busy.stderr}")
        found = samples(exported(check, server, "--match", "load"))
        for sender, known in zip(senders, acknowledged):
            mine = {t: v for (source, t), v in found.items() if source == sender.source}
            missing = [t for t, v in known.items() if mine.get(stamp(t)) != [v]]
            check(not missing, f"{backup.name}: {len(missing)} of {len(known)} acknowledged records are missing or wrong")
            sent = {stamp(t): [v] for t, v in sender.sent.items()}
            foreign = [t for t, v in mine.items() if sent.get(t) != v]
            check(not foreign, f"{backup.name}: {len(foreign)} records are there that were never sent, or twice")
        ledger = server.ledger()
        check(ledger["balanced"], f"{backup.name}: the ledger does not add up: {ledger['totals']}")
        # The log goes on behind the blocks: what is sent now is kept, also after a kill.
        status, _ = server.send([{"timestamp": 1_700_000_000_000, "source_id": "after", "metric_name": "load", "metric_value": 7}])
        check.equal(status, 200, "a record after the restore")
        server.kill()
    with Server(data) as server:
        server.wait_until_ready()
        found = samples(exported(check, server, "--match", 'load{source_id="after"}'))
        check.equal(found, {("after", "2023-11-14T22:13:20.000Z"): [7]}, "the record after the restore, after a kill")
        check.equal(server.stop(), 0, "exit code after the restore")


def flip(path, position, bit=2):
    with open(path, "r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ (1 << bit)]))


def damage(check, folder, backup, rng):
    good = folder / "good"
    shutil.copytree(backup, good)
    block = rng.choice(sorted((good / "blocks").glob("*.sqlite")))
    for path in (block, good / "log.sqlite", good / "alerts.sqlite"):
        position, bit = rng.randrange(path.stat().st_size), rng.randrange(8)
        flip(path, position, bit)
        name = str(path.relative_to(good))
        result = command("verify", "--backup", good)
        named = [line for line in result.stdout.splitlines() if line.startswith(name) and "DAMAGED" in line]
        check(result.returncode == 1 and named, f"bit {bit} of byte {position} of {name}: {result.stdout}{result.stderr}")
        target = folder / "never"
        result = command("restore", "--from", good, "--data", target)
        check(result.returncode == 1 and name in result.stderr, f"restore of a damaged {name}: {result.stderr}")
        check(not target.exists(), f"a damaged backup left {target}")
        flip(path, position, bit)
    check.equal(command("verify", "--backup", good).returncode, 0, "verify of the mended backup")
    (good / "manifest.json").unlink()
    check.equal(command("verify", "--backup", good).returncode, 1, "verify without a manifest")
    # Without a manifest, the files' own checksums: a data folder with a damaged block.
    data = folder / "scratch"
    check.equal(command("restore", "--from", backup, "--data", data).returncode, 0, "restore")
    block = rng.choice(sorted((data / "blocks").glob("*.sqlite")))
    flip(block, block.stat().st_size // 2)
    result = command("verify", "--data", data)
    check(result.returncode == 1 and f"blocks/{block.name}" in result.stdout, f"a data folder's block: {result.stdout}")


ODD = [
    # Values and texts that a careless writer gets wrong.
    (0.1, {}), (-0.0, {}), (5e-324, {}), (1.7976931348623157e308, {}), (1 / 3, {}), (2.0**53, {}), (2.0**53 + 2, {}),
    (1e21, {}), (123456789012345680, {}), (-1e-7, {}), (3, {"site": 'a "b", c\\d'}), (4, {"site": " spaces , "}),
    (5, {"site": "ünï—çödé 🙂"}), (6, {"n": 1.50, "on": True}), (7, {"a": "{}", "b": "[1,2]", "c": "null"}),
]


def round_trip(check, folder, rng):
    records = []
    for index, (value, tags) in enumerate(ODD):
        records.append({
            "timestamp": 1_700_000_000_123 + index, "source_id": "odd, \"source\"", "metric_name": "odd:value",
            "metric_value": value, "tags": tags})
    for index in range(5_000):
        records.append({
            "timestamp": 1_700_000_000_000 + index * 977, "source_id": f"s{index % 7}", "metric_name": f"m{index % 3}",
            "metric_value": rng.uniform(-1, 1) * 10 ** rng.randrange(-300, 300),
            **({"severity": "warning"} if index % 5 == 0 else {}),
            **({"tags": {"zone": str(index % 2)}} if index % 2 else {})})
    with Server(folder / "source") as source:
        status, answer = source.send(records)
        check.equal((status, answer["rejected"]), (200, 0), f"the records to export: {answer}")
        for name in ("ndjson", "csv"):
            first = exported(check, source, "--format", name)
            path = folder / f"export.{name}"
            result = command("export", "--url", f"http://127.0.0.1:{source.port}", "--format", name, "--out", path)
            check(result.returncode == 0, f"export --out: {result.stderr}")
            check(path.read_bytes().decode() == first.replace("\n", "\r\n") if name == "csv" else path.read_text() == first,
                  f"{name}: --out and standard output differ")
            with Server(folder / f"target-{name}") as target:
                url = f"http://127.0.0.1:{target.port}"
                result = command("import", path, "--url", url, "--records-per-request", "700")
                check(result.returncode == 0 and f"imported {len(records)} of {len(records)}" in result.stdout,
                      f"import of {name}: {result.stdout}{result.stderr}")
                for form in ("ndjson", "csv"):
                    check(exported(check, target, "--format", form) == exported(check, source, "--format", form),
                          f"the export of the import of {name}, as {form}, is another")
                before = target.ledger()["totals"]
                result = command("import", path, "--url", url)
                check.equal(result.returncode, 0, f"the import of {name} again: {result.stderr}")
                target.query("vector(1)")  # sees everything acknowledged before it, so that nothing is pending
                after = target.ledger()["totals"]
                check.equal(after["duplicate"] - before["duplicate"], len(records), f"duplicates of {name} again")
                check.equal(after["stored"], before["stored"], f"stored after {name} again")
                check.equal(target.stop(), 0, f"exit code of the target of {name}")
        few = exported(check, source, "--match", 'm1{zone="1"}', "--match", "m2{source_id='s3'}",
                       "--from", "2023-11-14T22:30:00+00:00", "--to", "1700003600")
        for record in map(json.loads, few.splitlines()):
            check("2023-11-14T22:30:00.000Z" <= record["timestamp"] <= "2023-11-14T23:13:20.000Z", f"time: {record}")
            chosen = (record["metric_name"] == "m1" and record.get("tags", {}).get("zone") == "1") or (
                record["metric_name"] == "m2" and record["source_id"] == "s3")
            check(chosen, f"not selected: {record}")
        check(few, "nothing was selected")
        result = command("export", "--url", f"http://127.0.0.1:{source.port}", "--match", "m1{")
        check(result.returncode == 1 and "match[]" in result.stderr, f"a bad selector: {result.stderr}")
        refusals(check, folder, source)
        check.equal(source.stop(), 0, "exit code of the source")
    gone = command("export", "--url", f"http://127.0.0.1:{source.port}")
    check(gone.returncode == 1 and "is the server running" in gone.stderr, f"nobody there: {gone.stderr}")


def refusals(check, folder, server):
    url = f"http://127.0.0.1:{server.port}"
    good = '{"timestamp":1700000000000,"source_id":"r","metric_name":"r","metric_value":%d}'
    bad = folder / "bad.ndjson"
    lines = [good % 1, "", "{not json", good % 2, '{"source_id":"r","metric_name":"r","metric_value":"x"}', good % 3]
    bad.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n" + (good % 4).encode())
    before = server.ledger()["totals"]["dead_lettered"]
    result = command("import", bad, "--url", url)
    named = sorted(int(line.split(":")[1]) for line in result.stderr.splitlines() if line.startswith(str(bad)))
    check.equal((result.returncode, named), (1, [3, 5, 7]), f"lines refused: {result.stderr}")
    check("imported 4 of 7 records, 3 refused" in result.stdout, f"the summary: {result.stdout}")
    check.equal(server.ledger()["totals"]["dead_lettered"] - before, 3, "dead letters of an import")
    table = folder / "bad.csv"
    table.write_text(
        "metric_value,timestamp,source_id,metric_name,tags\n"
        "1,1700000000001,r,r,\nNaN,1700000000002,r,r,\n2,soon,r,r,\n3,1700000000003,r,r,{broken\n"
        '4,1700000000004,"two\nlines",r,\n5,1700000000005,r,r\n"6",2023-11-14T22:13:20Z,r,r,"{""site"":""a""}"\n')
    result = command("import", table, "--url", url)
    named = sorted(int(line.split(":")[1]) for line in result.stderr.splitlines() if line.startswith(str(table)))
    check.equal((result.returncode, named), (1, [3, 4, 5, 6, 8]), f"rows refused: {result.stderr}")
    result = command("import", folder / "none.ndjson", "--url", url)
    check(result.returncode == 1 and "none.ndjson" in result.stderr, f"no such file: {result.stderr}")


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(2**32)
    print(f"backup test: seed {seed}", flush=True)
    rng = random.Random(seed)
    check = Checks()
    with temporary_folder() as name:
        folder = pathlib.Path(name)
        backup = under_load(check, folder, rng)
        damage(check, folder, backup, rng)
        round_trip(check, folder, rng)
        result = command("backup", "--data", folder / "none", "--to", folder / "x")
        check(result.returncode == 1 and "no data folder" in result.stderr, f"no data folder: {result.stderr}")
    check.finish()


main()
