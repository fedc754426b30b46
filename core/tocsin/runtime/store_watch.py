"""A store that fails: nothing can be committed then, and the watchdog's channel is told all the same."""

from __future__ import annotations

import attrs

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
        self._gap: Gap | None = None

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gap while the store fails, with how many commits failed so far."""
        return () if self._gap is None else (self._gap,)

    def failed(self, now: Instant, within_seconds: float, detail: str) -> Gap | None:
        """Take note that a commit failed; return the gap to tell now, off the record."""
        if self._gap is None:
            self._gap = Gap(GapKind.STORE_FAILED, _STORE, detail, 1, now.wall, now.wall)
        else:
            self._gap = attrs.evolve(self._gap, detail=detail, count=self._gap.count + 1, last_at=now.wall)
        if self._told_at is not None and now.engine < self._told_at + within_seconds:
            return None
        self._told_at = now.engine
        return self._gap

    def worked(self) -> list[Fact]:
        """Take note that a commit worked; return the gap to commit, if the store had failed."""
        gap, self._gap, self._told_at = self._gap, None, None
        if gap is None:
            return []
        detail = gap.detail if gap.count == 1 else f"{gap.detail} ({gap.count} commits failed)"
        return [GapFound(GapKind.STORE_FAILED, _STORE, detail)]
