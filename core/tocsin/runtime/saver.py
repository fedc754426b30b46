"""The saver: the records follow the journal from time to time, as checkpoints; and what is over is let go of."""

from __future__ import annotations

import logging
from typing import Final

from tocsin.engine.machine import Engine
from tocsin.runtime.clocks import Clock
from tocsin.runtime.failure import describe_failure
from tocsin.stores.interface import Checkpoint, Store

__all__ = ["Saver"]

_log: Final = logging.getLogger("tocsin")

_RECORDS: Final = 300
_SECONDS: Final = 10.0
_PRUNE_SECONDS: Final = 3600.0
"""The journal is looked through for what is over at least as often."""

_PRUNE_ENTRIES: Final = 1000
"""At least; and two for each entry since the last time, so that a backlog melts away."""


class Saver:
    """Writes the engine's records as checkpoints, and lets go of what is over; called under the writer's lock.

    *ordinal* is the newest entry's. The journal has everything: a checkpoint that fails costs time after a crash, and
    nothing else.
    """

    def __init__(self, engine: Engine, store: Store, clock: Clock, ordinal: int) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._saved_at = clock.now()
        self._pruned_at = ordinal
        self._works = True

    @property
    def due(self) -> bool:
        """Whether the records are to follow the journal: the more there is to do again after a crash, the sooner."""
        enough = _RECORDS if self._works else float("inf")
        return self._engine.unsaved >= enough or self._clock.now() >= self.at

    @property
    def at(self) -> float:
        """The instant of the clock from when they are to."""
        return self._saved_at + (_SECONDS if self._engine.unsaved else _PRUNE_SECONDS)

    def save(self, ordinal: int) -> str | None:
        """Bring the store's records up to date with an entry; return why that failed. It is tried again later."""
        self._saved_at = self._clock.now()
        if self._store.volatile:
            self._engine.saved()
            return None
        try:
            self._store.checkpoint(Checkpoint.naming_its_entry(ordinal, self._engine.unsaved_records()))
            self._engine.saved()
            self._works = True
            before = self._clock.wall() - self._engine.plan.config.retain_journal_seconds
            self._store.prune(before, _PRUNE_ENTRIES + 2 * (ordinal - self._pruned_at))
            self._pruned_at = ordinal
            return None
        except Exception as error:  # noqa: BLE001  a store may raise anything; it is logged, and tried again
            self._works = False
            problem = f"the store could not take a checkpoint: {describe_failure(error)}"
            _log.error("%s", problem)
            return problem
