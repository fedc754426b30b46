"""The saver: the records follow the journal from time to time, as checkpoints; and what is over is let go of."""

from __future__ import annotations

import logging
from typing import Final

from tocsin.engine.machine import Engine
from tocsin.runtime.clocks import Clock
from tocsin.runtime.failure import describe_failure
from tocsin.stores.interface import Checkpoint, Store, Unhurried

__all__ = ["Saver"]

_log: Final = logging.getLogger("tocsin")

_RECORDS: Final = 150
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
        self._taken: Checkpoint | None = None

    @property
    def due(self) -> bool:
        """Whether the records are to follow the journal: the more there is to do again after a crash, the sooner."""
        if self._taken is not None:
            return False
        enough = _RECORDS if self._works else float("inf")
        return self._engine.unsaved >= enough or self._clock.now() >= self.at

    @property
    def at(self) -> float:
        """The instant of the clock from when they are to."""
        return self._saved_at + (_SECONDS if self._engine.unsaved else _PRUNE_SECONDS)

    def save(self, ordinal: int) -> str | None:
        """Bring the store's records up to date with an entry; return why that failed. It is tried again later."""
        if self._store.volatile:
            self._saved_at = self._clock.now()
            self._engine.saved()
            return None
        return self.keep(self.take(ordinal))

    def take(self, ordinal: int) -> Checkpoint:
        """Return what there is to save, as it is after an entry; whatever was taken before and not kept is in it."""
        self._saved_at = self._clock.now()
        self._engine.take_back_records()
        self._taken = Checkpoint.naming_its_entry(ordinal, self._engine.hand_out_records())
        return self._taken

    def prepare(self, taken: Checkpoint) -> Checkpoint:
        """Return it as far as it can be prepared; the only method that needs no lock."""
        if not isinstance(self._store, Unhurried):
            return taken
        try:
            return self._store.ahead(taken)
        except Exception:  # noqa: BLE001  a store may raise anything; it will again, where it is told
            return taken

    def keep(self, taken: Checkpoint) -> str | None:
        """Give the store what was taken, and let go of what is over; return why that failed.

        Where another save came before it, that one had all of it.
        """
        if self._taken is None or self._taken.ordinal != taken.ordinal:
            return None
        what = "take a checkpoint"
        try:
            self._store.checkpoint(taken)
            self._engine.saved_handed_out()
            what = "let go of what is over"
            before = self._clock.wall() - self._engine.plan.config.retain_journal_seconds
            self._store.prune(before, _PRUNE_ENTRIES + 2 * (taken.ordinal - self._pruned_at))
            self._pruned_at = taken.ordinal
            self._works = True
            return None
        except Exception as error:  # noqa: BLE001  a store may raise anything; it is logged, and tried again
            self._works = False
            problem = f"the store could not {what}: {describe_failure(error)}"
            _log.error("%s", problem)
            return problem
        finally:
            self.give_back()

    def give_back(self) -> None:
        """What was taken is not under way any more; unless it was kept, it is saved with the next."""
        self._engine.take_back_records()
        self._taken = None
