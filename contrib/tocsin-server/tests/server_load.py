"""Load: as many alerts as the daemon takes, over many connections, while it is reloaded, restarted and killed.

Every alert whose post was answered with 200 has to reach the receiver. ``make load`` is the long form; the short one is
among the tests.
"""

from __future__ import annotations

import argparse
import itertools
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

import attrs
import httpx
from server_processes import PATIENCE, Receiver, receiver, running, serve_command

__all__ = ["Outcome", "load"]

LISTENING: Final = r"^Listening on (\S+)$"
_BATCH: Final = 20
_CONFIG: Final = """
channels: {{hook: {{backend: webhook, config: {{webhook_url: "{url}", format: alertmanager}}}}}}
routing_rules: [{{rule_id: all, target_channels: [hook]}}]
aggregation: {{strategy: window, window_seconds: 1}}
"""


@attrs.define
class Outcome:
    """What came of it: how many alerts were accepted, how many posts failed, and which alerts were never told."""

    accepted: set[str] = attrs.field(factory=set)
    failed: int = 0
    unclear: set[str] = attrs.field(factory=set)
    slowest: float = 0.0
    missing: set[str] = attrs.field(factory=set)


class _Poster(threading.Thread):
    """One connection: posts batches of new alerts until it is told to stop; after a failure it connects anew."""

    def __init__(self, number: int, address: list[str], stop: threading.Event, outcome: Outcome) -> None:
        super().__init__(daemon=True)
        self._number, self._address, self._over, self._outcome = number, address, stop, outcome
        self._lock = threading.Lock()

    def run(self) -> None:
        """Post."""
        names = (f"{self._number}-{index}" for index in itertools.count())
        while not self._over.is_set():
            with httpx.Client(base_url=self._address[0], timeout=PATIENCE, trust_env=False) as client:
                self._post(client, names)

    def _post(self, client: httpx.Client, names: Any) -> None:
        while not self._over.is_set():
            batch = list(itertools.islice(names, _BATCH))
            began = time.monotonic()
            try:
                answer = client.post("/api/v2/alerts", json=[{"labels": {"alertname": "load", "n": n}} for n in batch])
            except httpx.TransportError:
                self._outcome.failed += 1
                self._outcome.unclear.update(batch)
                return
            self._outcome.slowest = max(self._outcome.slowest, time.monotonic() - began)
            if answer.status_code == 200:
                self._outcome.accepted.update(batch)
            else:
                assert answer.status_code == 503, answer.text
                self._outcome.failed += 1
                return


def load(folder: Path, seconds: float, connections: int, restarts: int, seed: int = 0) -> Outcome:
    """Post for so many seconds; so often in between the daemon is reloaded, stopped or killed, and started again."""
    chance, outcome, stop = random.Random(seed), Outcome(), threading.Event()
    config = folder / "tocsin.yaml"
    with receiver() as told:
        config.write_text(_CONFIG.format(url=told.url))
        address = [""]
        posters = [_Poster(number, address, stop, outcome) for number in range(connections)]
        command = serve_command(config, folder / "data")
        try:
            for turn in range(restarts + 1):
                with running(command, LISTENING) as ours:
                    address[0] = ours.url
                    command[-1] = ours.url.removeprefix("http://")  # the next one takes the same port
                    if not turn:
                        for poster in posters:
                            poster.start()
                    _let_run(seconds / (restarts + 1), ours)
                    last = turn == restarts
                    if last:
                        stop.set()
                        for poster in posters:
                            poster.join()
                        outcome.missing = _missing(outcome, told)
                    number = signal.SIGTERM if last else chance.choice([signal.SIGKILL, signal.SIGTERM])
                    code = ours.stop(number)
                    assert number == signal.SIGKILL or code == 0, code
        finally:
            stop.set()
    return outcome


def _let_run(seconds: float, ours: Any) -> None:
    """Let it take alerts; half-way it reads its configuration anew."""
    for _ in range(2):
        try:
            ours.process.wait(timeout=seconds / 2)
        except subprocess.TimeoutExpired:
            ours.process.send_signal(signal.SIGHUP)
        else:
            raise AssertionError("it ended by itself:\n" + "".join(ours.lines.seen[-20:]))


def _missing(outcome: Outcome, told: Receiver) -> set[str]:
    """Return the accepted alerts of which the receiver is not told, once nothing was told for a while."""
    left = set(outcome.accepted)
    while left:
        try:
            document = told.requests.get(timeout=15)
        except queue.Empty:  # nobody tells anything any more
            break
        left -= {one["labels"].get("n", "") for one in document["alerts"]}
    return left


def main() -> int:
    """Run the long form, and say what came of it."""
    parser = argparse.ArgumentParser(description="Post as many alerts as the daemon takes.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--restarts", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = load(Path(folder), options.seconds, options.connections, options.restarts)
    accepted, slowest = len(outcome.accepted), outcome.slowest * 1000
    print(f"{accepted} alerts accepted ({accepted / options.seconds:.0f} a second), the slowest in {slowest:.0f} ms;")
    print(f"{outcome.failed} posts failed while the daemon was away; {len(outcome.missing)} alerts were never told")
    return 1 if outcome.missing else 0


if __name__ == "__main__":
    sys.exit(main())
