"""A store that fails: nothing can be committed then, and the watchdog's channel is told all the same."""

from __future__ import annotations

from tocsin.engine.machine import Engine, Instant
from tocsin.engine.turn import StartAttempt
from tocsin.engine.watchdog import GAP_ALERT
from tocsin.model.facts import Fact, GapFound
from tocsin.model.reason import GapKind

__all__ = ["StoreWatch"]


class StoreWatch:
    """Tells of a failing store at once, and again every ``within_seconds`` of the watchdog while it fails.

    The engine decides what is told, in a step that is taken back. Once the store works again, the gap is committed.
    """

    def __init__(self) -> None:
        self._told_at: float | None = None
        self._detail = ""

    def failed(self, engine: Engine, now: Instant, detail: str) -> list[StartAttempt]:
        """Take note that a commit failed; return what is to be sent off the record."""
        self._detail = detail
        within = engine.plan.config.watchdog.within_seconds
        if self._told_at is not None and now.engine < self._told_at + within:
            return []
        self._told_at = now.engine
        step = engine.step(now, (self._gap(),))
        engine.undo()
        return [start for start in step.starts if _about_a_gap(start)]

    def worked(self) -> list[Fact]:
        """Take note that a commit worked; return the gap to commit, if the store had failed."""
        if self._told_at is None:
            return []
        self._told_at = None
        return [self._gap()]

    def _gap(self) -> GapFound:
        return GapFound(GapKind.STORE_FAILED, "store", self._detail)


def _about_a_gap(start: StartAttempt) -> bool:
    return any(listed.alert.alert_id.startswith(GAP_ALERT) for listed in start.notification.alerts)
