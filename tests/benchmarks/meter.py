"""The meter: what one operation costs, in time, in calls, in memory blocks that stay and in instructions.

Time is this process' own, so that what else the machine does counts little. The number of calls is the same on every
machine, and the first thing to look at when two states of the code are compared.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import attrs
from tests.benchmarks.instructions import Counter

__all__ = ["Case", "Reading", "calls_of", "measure"]

_WARM_UPS: Final = 1


@attrs.frozen(slots=True)
class Case:
    """Something to measure: ``prepare`` makes everything ready and returns what is run, once.

    ``operations`` is how many operations one run makes.
    """

    name: str
    operations: int
    prepare: Callable[[], Callable[[], object]]


@attrs.frozen(slots=True)
class Reading:
    """What one operation of a case costs. ``seconds`` has a value for each round; ``instructions`` None: nobody counts.

    ``calls`` are those of functions written in Python, a generator's resumptions included; ``blocks`` are the memory
    blocks that stay allocated afterwards.
    """

    name: str
    seconds: tuple[float, ...]
    calls: float
    blocks: float
    instructions: float | None

    @property
    def least(self) -> float:
        """Seconds in the fastest round."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """Seconds in the round in the middle."""
        return statistics.median(self.seconds)


def calls_of(run: Callable[[], object]) -> int:
    """Return how many calls of functions written in Python *run* makes, its own included."""
    made = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal made
        made += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return made


def _blocks(run: Callable[[], object]) -> int:
    before = sys.getallocatedblocks()
    kept = run()
    after = sys.getallocatedblocks()
    del kept
    return after - before


def _seconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def measure(case: Case, rounds: int) -> Reading:
    """Run *case* in so many rounds for the time, and once more for each counter; each run on what was made for it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        seconds = [_seconds(_ready(case)) for _ in range(_WARM_UPS + rounds)][_WARM_UPS:]
        calls = calls_of(_ready(case))
        blocks = _blocks(_ready(case))
        with Counter() as counter:
            instructions = counter.of(_ready(case))
    finally:
        if enabled:
            gc.enable()
    each = case.operations
    return Reading(
        case.name,
        tuple(one / each for one in seconds),
        calls / each,
        blocks / each,
        None if instructions is None else instructions / each,
    )


def _ready(case: Case) -> Callable[[], object]:
    run = case.prepare()
    gc.collect()
    return run
