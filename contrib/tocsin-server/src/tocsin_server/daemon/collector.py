"""When Python's collector of garbage looks at everything there is: with many alerts all else waits for that."""

from __future__ import annotations

import gc
from typing import Final

from tocsin import Clock

__all__ = ["collect_in_quiet"]

_THRESHOLDS: Final = (2_000, 5, 1_000_000)
"""Young objects are looked at often and a few at a time; all of them only when this module says so."""

_LOOK_SECONDS: Final = 60.0
_LOOKS: Final = 60
_QUIET: Final = 3
"""So few collections of young objects there are in a minute in which little happens."""


def _young() -> int:
    """How often young objects were looked at since the process began."""
    return sum(int(generation["collections"]) for generation in gc.get_stats()[:2])


async def collect_in_quiet(clock: Clock) -> None:
    """Collect garbage after a minute in which little happened, once an hour in any case; until cancelled."""
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        collected = seen = _young()
        looks = 0
        while True:
            await clock.sleep_until(clock.now() + _LOOK_SECONDS)
            looks += 1
            was, seen = seen, _young()
            quiet = seen - was <= _QUIET and seen - collected > _QUIET
            if quiet or looks >= _LOOKS:
                gc.collect()
                collected, looks = seen, 0
    finally:
        gc.set_threshold(*before)
