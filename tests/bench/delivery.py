"""The way from POST to the receiver, one notification per alert: how long it takes, also beside ill receivers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.bench.daemons import Flown, running
from tests.bench.figures import Figure, Run
from tests.bench.flight import Trip, listener

_FAR: Final = 1_000_000
_ILL: Final = ("hung", "500", "slow")
_GROUPS: Final = "group_by: ['...'], group_wait: 0s, group_interval: 1h, repeat_interval: 4h"


def configuration(port: int) -> str:
    """Every alert is its own group and told at once; those of a job ``ill-…`` go to the receiver at that path alone."""
    lines = [f"route: {{receiver: well, {_GROUPS}, routes: ["]
    lines += [f"  {{receiver: '{path}', matchers: ['job=\"ill-{path}\"']}}," for path in _ILL]
    lines += ["]}", "receivers:", _receiver("well", port, ""), *(_receiver(path, port, path) for path in _ILL)]
    return "\n".join(lines)


def _receiver(name: str, port: int, path: str) -> str:
    return f"- {{name: '{name}', webhook_configs: [{{url: 'http://127.0.0.1:{port}/{path}'}}]}}"


def _milliseconds(flown: Flown, value: float) -> Run:
    return Run(value, flown.daemon, flown.load)


def measure_latency(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    """Measure at two paces, and how many are told when as many are posted as are answered."""
    slow, fast, fast_seconds, many = (20, 50, 1, 50) if quick else (20, 1_000, 20, 5_000)
    with listener() as server, running(daemon, configuration(server.getsockname()[1]), folder) as measured:
        fd = server.fileno()
        measured.fly(Trip(fd, 20))
        calm = measured.fly(Trip(fd, 20 if quick else slow * 10, rate=slow, first=_FAR))
        busy = measured.fly(Trip(fd, fast * fast_seconds, rate=fast, first=2 * _FAR))
        flat = measured.fly(Trip(fd, many, first=3 * _FAR))
    within = Figure(f"latency: {slow}/s, p50", "ms", 3.0, more_is_better=False, absolute=True)
    return {
        within: _milliseconds(calm, calm.landed.p50),
        Figure(f"latency: {slow}/s, p99", "ms", more_is_better=False): _milliseconds(calm, calm.landed.p99),
        Figure(f"latency: {fast:,}/s, p50", "ms", more_is_better=False): _milliseconds(busy, busy.landed.p50),
        Figure(f"latency: {fast:,}/s, p99", "ms", 3.0, more_is_better=False): _milliseconds(busy, busy.landed.p99),
        Figure("latency: flat out", "alerts/s", 0.3): Run(many / flat.landed.seconds, flat.daemon, flat.load),
    }


def measure_hardship(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    """Measure the same traffic twice, half of it for three receivers that first are well, and then ill."""
    rate, seconds = (40, 1) if quick else (200, 15)
    jobs = ("load", "ill-hung", "load", "ill-500", "load", "ill-slow")
    with listener() as server, running(daemon, configuration(server.getsockname()[1]), folder) as measured:
        fd = server.fileno()
        measured.fly(Trip(fd, 24, jobs))
        well = measured.fly(Trip(fd, rate * seconds, jobs, rate=rate, first=_FAR))
        ill = measured.fly(Trip(fd, rate * seconds, jobs, rate=rate, first=2 * _FAR, ill=True))
    worse = Figure(
        "hardship: p99 beside ill receivers by that without", "times", 1.1, more_is_better=False, absolute=True
    )
    return {
        Figure("hardship: p99, all receivers well", "ms", more_is_better=False): _milliseconds(well, well.landed.p99),
        Figure("hardship: p99, beside ill receivers", "ms", more_is_better=False): _milliseconds(ill, ill.landed.p99),
        worse: _milliseconds(ill, ill.landed.p99 / well.landed.p99),
    }
