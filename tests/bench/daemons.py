"""The daemons that are measured, as processes; tocsin's configuration is converted from Alertmanager's."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import psutil  # type: ignore[import-untyped]  # it has no types
from tests.bench.flight import Landed, Trip
from tests.bench.load import Order, Report

from tocsin.cli import main as tocsin_command

ALERTMANAGER: Final = "prometheus-alertmanager"
_STARTING_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.02
_ANSWER_SECONDS: Final = 300.0
_SAID: Final = re.compile(r"^Listening on \S+?:(\d+)$|msg=\"?Listening on\"? address=\S+?:(\d+)", re.MULTILINE)
_DISPATCHED: Final = re.compile(
    r"^alertmanager_dispatcher_alert_processing_duration_seconds_count (\S+)$", re.MULTILINE
)

_ENVIRONMENT: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Modules are compiled once, as where tocsin is installed, and not at each start."""


class Broken(Exception):
    """A daemon or the load generator did not do what it has to; the text says which one and what it printed."""


@attrs.frozen
class Posted:
    """What one load did: seconds until all was taken in and routed, and cores in use meanwhile."""

    seconds: float
    daemon: float
    load: float
    slowest: float = 0.0
    """Seconds until the slowest request was answered."""


@attrs.frozen
class Flown:
    """What became of a trip, and cores that the daemon used meanwhile."""

    landed: Landed
    daemon: float

    @property
    def load(self) -> float:
        """The cores that both ends used."""
        return self.landed.cpu / self.landed.seconds


def found() -> bool:
    """Whether Alertmanager is installed."""
    return shutil.which(ALERTMANAGER) is not None


def command(name: str, configuration: Path, data: Path) -> list[str]:
    """Return the command that runs the daemon called ``tocsin`` or ``alertmanager`` on a free port of loopback.

    :raises Broken: when the configuration cannot be converted.
    """
    if name == "alertmanager":
        return [
            shutil.which(ALERTMANAGER) or ALERTMANAGER,
            f"--config.file={configuration}",
            f"--storage.path={data}",
            "--web.listen-address=127.0.0.1:0",
            "--cluster.listen-address=",
        ]
    tocsin, ours = str(Path(sys.executable).with_name("tocsin")), configuration.with_suffix(".tocsin.yml")
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = tocsin_command(["convert", str(configuration), "-o", str(ours)])
    if code:
        raise Broken(f"tocsin convert failed:\n{said.getvalue()[-2000:]}")
    return [tocsin, "serve", "--config", str(ours), "--data", str(data), "--listen", "127.0.0.1:0"]


def ordered(module: str, given: Mapping[str, Any], *inherited: int) -> dict[str, Any]:
    """Have a module do what it is given as JSON, in a process that inherits these file descriptors; return its report.

    :raises Broken: when it fails.
    """
    made = subprocess.run(
        [sys.executable, "-m", module],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        pass_fds=inherited,
        env=_ENVIRONMENT,
    )
    if made.returncode:
        raise Broken(made.stderr.strip()[-2000:])
    report: dict[str, Any] = json.loads(made.stdout)
    return report


class Daemon:
    """One running daemon."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        self.name = name
        self._arguments = arguments
        self._log = log
        self._start()

    def _start(self) -> None:
        self._dispatched = 0
        with self._log.open("wb") as written:
            self.process = subprocess.Popen(self._arguments, stdout=written, stderr=subprocess.STDOUT, env=_ENVIRONMENT)
        try:
            self.port = self._listening()
        except BaseException:
            self.stop()
            raise

    def _listening(self) -> int:
        until = time.monotonic() + _STARTING_SECONDS
        while time.monotonic() < until:
            said = _SAID.search(self._log.read_text(encoding="utf-8", errors="replace"))
            if said:
                return int(said[1] or said[2])
            self.check()
            time.sleep(_POLL_SECONDS)  # another process is waited for
        raise Broken(f"{self.name} did not listen within {_STARTING_SECONDS:.0f} s: {self._last_words()}")

    def _last_words(self) -> str:
        return "\n" + self._log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def check(self) -> None:
        """Raise :class:`Broken` with what it printed last when it has ended."""
        code = self.process.poll()
        if code is not None:
            raise Broken(f"{self.name} ended with code {code} while it was measured: {self._last_words()}")

    def memory(self) -> int:
        """Return its resident memory, in bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def _cpu(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def take(self, order: Order) -> Posted:
        """Have the load generator post, and wait until all of it is routed.

        :raises Broken: when this daemon ends, or refuses something.
        """
        before = self._cpu()
        report = Report(**self._generate("tests.bench.load", attrs.evolve(order, port=self.port)))
        seconds = report.seconds + self._until_routed(0 if order.silences else order.alerts)
        self.check()
        return Posted(seconds, (self._cpu() - before) / seconds, report.cpu / report.seconds, report.slowest)

    def fly(self, trip: Trip) -> Flown:
        """Have alerts posted and received, and wait until all that are waited for have arrived.

        :raises Broken: when this daemon ends, refuses something, or does not tell of an alert.
        """
        before = self._cpu()
        landed = Landed(**self._generate("tests.bench.flight", attrs.evolve(trip, port=self.port), trip.listener))
        self._dispatched += trip.alerts
        self.check()
        return Flown(landed, (self._cpu() - before) / landed.seconds)

    def _generate(self, module: str, given: Order | Trip, *inherited: int) -> dict[str, Any]:
        try:
            return ordered(module, attrs.asdict(given), *inherited)
        except Broken as broken:
            self.check()
            raise Broken(f"the load generator failed against {self.name}: {broken}") from None

    def restart(self, alerts: int) -> Posted:
        """Kill it, start it again on the same data, and wait until it says that it is ready.

        :raises Broken: when it does not start, or does not hold exactly so many alerts afterwards.
        """
        self.stop()
        began = time.perf_counter()
        self._start()
        while not self._ready():
            self.check()
            time.sleep(_POLL_SECONDS)  # another process is waited for
        seconds = time.perf_counter() - began
        busy = self._cpu()
        held = len(json.loads(self.get("/api/v2/alerts")))
        if held != alerts:
            raise Broken(f"{self.name} holds {held:,} alerts after its restart, and took in {alerts:,}")
        return Posted(seconds, busy / seconds, 0.0)

    def _ready(self) -> bool:
        try:
            self.get("/-/ready")
        except urllib.error.HTTPError:
            return False
        return True

    def get(self, path: str) -> bytes:
        """Return what it answers.

        :raises urllib.error.HTTPError: when it answers with an error.
        :raises Broken: when it does not answer.
        """
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=_ANSWER_SECONDS) as answer:
                body: bytes = answer.read()
        except urllib.error.HTTPError:
            raise
        except OSError as error:
            self.check()
            raise Broken(f"{self.name} does not answer {path}: {error} {self._last_words()}") from error
        return body

    def _until_routed(self, alerts: int) -> float:
        """Alertmanager answers before it routes; tocsin afterwards."""
        if self.name != "alertmanager":
            return 0.0
        self._dispatched += alerts
        began = time.perf_counter()
        while self._routed() < self._dispatched:
            self.check()
            time.sleep(_POLL_SECONDS)  # another process is waited for
        return time.perf_counter() - began

    def _routed(self) -> float:
        counted = _DISPATCHED.search(self.get("/metrics").decode())
        return float(counted[1]) if counted else 0.0

    def stop(self) -> None:
        """End it at once: nothing that it holds is wanted any more."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(name: str, configuration: str, folder: Path) -> Iterator[Daemon]:
    """Run a daemon with a configuration of Alertmanager's in an empty folder, for as long as the block runs.

    :raises Broken: when it does not start.
    """
    folder.mkdir(parents=True)
    file = folder / "alertmanager.yml"
    file.write_text(configuration, encoding="utf-8")
    daemon = Daemon(name, command(name, file, folder / "data"), folder / "log")
    try:
        yield daemon
    finally:
        daemon.stop()
        shutil.rmtree(folder, ignore_errors=True)
