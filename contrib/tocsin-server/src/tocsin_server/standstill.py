"""Standing still: a process that was suspended heard from nobody meanwhile, and that says nothing about anybody."""

from __future__ import annotations

from typing import Final

import anyio

from tocsin import Clock

__all__ = ["standstill"]

_BEAT: Final = 10.0
"""So often the clock is looked at while something is waited for."""

_LATE: Final = 5.0
"""A beat that is so late was slept through: nothing that is worked off takes so long."""


async def standstill(clock: Clock, until: float, sooner: anyio.Event) -> float:
    """Wait until an instant (engine time), or until *sooner* is set, and return 0.

    Where the process stood still meanwhile, return at once for how many seconds it did, as far as can be told.
    """
    while not sooner.is_set() and clock.now() < until:
        wake_at = min(until, clock.now() + _BEAT)
        with clock.move_on_after(wake_at - clock.now()):
            await sooner.wait()
        late = clock.now() - wake_at
        if late > _LATE:
            return late
    return 0.0
