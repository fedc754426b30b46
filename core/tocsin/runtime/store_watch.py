"""A store that fails: nothing can be committed then, and the watchdog's channel is told all the same."""

from __future__ import annotations

from tocsin.engine.turn import Instant
from tocsin.model.facts import Fact, GapFound
from tocsin.model.gap import Gap
from tocsin.model.reason import GapKind

__all__ = ["StoreWatch"]

_STORE = "store"


class StoreWatch:
    """Tells of a failing store at once, and again every ``within_seconds`` of the watchdog while it fails.

    Once the store works again, the gap is committed, and told as every other.
    """

    def __init__(self) -> None:
        self._told_at: float | None = None
        self._since = 0.0
        self._failures = 0
        self._detail = ""

    def failed(self, now: Instant, within_seconds: float, detail: str) -> Gap | None:
        """Take note that a commit failed; return the gap to tell now, off the record."""
        self._detail = detail
        if self._told_at is None:
            self._since, self._failures = now.wall, 0
        self._failures += 1
        if self._told_at is not None and now.engine < self._told_at + within_seconds:
            return None
        self._told_at = now.engine
        return Gap(GapKind.STORE_FAILED, _STORE, detail, self._failures, self._since, now.wall)

    def worked(self) -> list[Fact]:
        """Take note that a commit worked; return the gap to commit, if the store had failed."""
        if self._told_at is None:
            return []
        self._told_at = None
        return [GapFound(GapKind.STORE_FAILED, _STORE, self._detail)]
