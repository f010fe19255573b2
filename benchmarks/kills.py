"""What a server has acknowledged and does not have after kill -9: for each engine of `compare`."""
import collections
import json
import os
import random
import signal
import subprocess
import sys

from peers import PeerError, die_with_parent

# Seconds of sending before the kill: a moment between, by the seed.
EARLIEST, LATEST = 1.0, 4.0
# For a sender whose server is gone to notice it.
SENDER_LIMIT = 60


def stored_by_source(peer, workload):
    """Metric by metric: without their names series of a source would be the same, which Prometheus refuses."""
    seconds = workload["queries"][0]["end"] - workload["start"] + 15
    span = {"start": workload["start"], "end": workload["queries"][0]["end"]}
    stored = collections.Counter()
    for name in json.loads(peer.ask({"kind": "values", "expression": "__name__", **span}))["data"]:
        query = {"kind": "instant", "expression": f'sum by (source_id) (count_over_time({name}{{source_id!=""}}[{seconds}s]))', **span}
        for one in json.loads(peer.ask(query))["data"]["result"]:
            stored[one["metric"]["source_id"]] += int(float(one["value"][1]))
    return stored


def kill_once(kind, binary, workload, requests, scratch, path, moment):
    """Samples: (acknowledged, of these missing after the restart, stored beyond them)."""
    acknowledged_file = scratch / "acknowledged.json"
    with kind(scratch / kind.__name__) as peer:
        sender = subprocess.Popen(
            [binary, "send", "--url", f"http://127.0.0.1:{peer.port}{path}", "--request-file", requests,
             "--acknowledged", acknowledged_file], preexec_fn=die_with_parent, stdout=subprocess.DEVNULL)
        try:
            sender.wait(timeout=moment)
            raise PeerError(f"{peer.name}: the sender ended (exit {sender.returncode}) before the kill; take more steps")
        except subprocess.TimeoutExpired:
            pass
        os.kill(peer.process.pid, signal.SIGKILL)
        peer.stop()
        if sender.wait(timeout=SENDER_LIMIT):
            raise PeerError(f"{peer.name}: the sender failed (exit {sender.returncode})")
        acknowledged = json.loads(acknowledged_file.read_text())
        peer.start()
        stored = stored_by_source(peer, workload)
        peer.stop()
    differences = [stored.get(f"host-{source:06d}", 0) - count for source, count in enumerate(acknowledged)]
    return sum(acknowledged), sum(-d for d in differences if d < 0), sum(d for d in differences if d > 0)


def measure_kills(kind, binary, workload, requests, scratch, rounds, seed):
    """Kills each time in a folder of its own. The moments are the same for every engine."""
    moments = random.Random(seed)
    found = []
    for number in range(rounds):
        moment = moments.uniform(EARLIEST, LATEST)
        acknowledged, missing, beyond = kill_once(
            kind, binary, workload, requests, scratch, kind.write_paths["remote-write"], moment)
        print(f"    kill {number + 1} after {moment:.2f} s: {acknowledged:,} samples acknowledged, {missing:,} of them missing, "
              f"{beyond:,} stored beyond them", file=sys.stderr, flush=True)
        found.append((acknowledged, missing))
    acknowledged, missing = map(sum, zip(*found))
    return {"kill -9: samples acknowledged": acknowledged, "kill -9: acknowledged and missing": missing,
            "kill -9: missing per million": missing / acknowledged * 1e6}
