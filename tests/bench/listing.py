"""What it costs to list every alert while alerts come in: memory, and how long whoever posts has to wait."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from tests.bench.daemons import Broken, Daemon, Posted
from tests.bench.figures import Figure, Run
from tests.bench.load import Order

_POLL_SECONDS: Final = 0.01
_ROUND: Final = 20_000
_BATCH: Final = 64


def listed(daemon: Daemon, alerts: int) -> Mapping[Figure, Run]:
    """List so many alerts once, and post some of them again until the list is there.

    :raises Broken: when one of them is missing in the list.
    """
    before, ended = daemon.memory(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        posting = pool.submit(_post, daemon, min(alerts, _ROUND), ended)
        listing = pool.submit(_list, daemon, alerts)
        peak = _peak(daemon, before, listing, ended)
        seconds, posted = listing.result(), posting.result()
    last = posted[-1]
    slowest, what = max(one.slowest for one in posted), f"memory: listing {alerts:,} alerts"
    growth = Figure(f"{what}, most memory by that before", "times", 2.0, more_is_better=False, absolute=True)
    return {
        Figure(what, "s", more_is_better=False): Run(seconds, last.daemon, last.load),
        growth: Run(peak / before, last.daemon, last.load),
        Figure(f"{what}, slowest answer to a post", "s", more_is_better=False): Run(slowest, last.daemon, last.load),
    }


def _post(daemon: Daemon, alerts: int, ended: threading.Event) -> list[Posted]:
    posted: list[Posted] = []
    while not posted or not ended.is_set():
        posted.append(daemon.take(Order(0, alerts, _BATCH, 1, round_number=1 + len(posted))))
    return posted


def _list(daemon: Daemon, alerts: int) -> float:
    began = time.perf_counter()
    body = daemon.get("/api/v2/alerts")
    seconds = time.perf_counter() - began
    found = len(json.loads(body))
    if found != alerts:
        raise Broken(f"{daemon.name} lists {found:,} alerts of {alerts:,}")
    return seconds


def _peak(daemon: Daemon, peak: int, listing: Future[float], ended: threading.Event) -> int:
    """Look at the memory until the list is there, or cannot be had."""
    try:
        while not listing.done():
            peak = max(peak, daemon.memory())
            time.sleep(_POLL_SECONDS)  # another process is looked at
    finally:
        ended.set()
    return peak
