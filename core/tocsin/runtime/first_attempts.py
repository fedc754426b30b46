"""First attempts: lets a caller wait until its alert was tried on every channel that is told at once."""

from __future__ import annotations

from collections.abc import Iterable

import anyio
import attrs

from tocsin.model.event import AttemptFinished, Event, NotificationChanged, TellingDecided
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Action

__all__ = ["FirstAttempts", "Waiting"]

Key = tuple[str, str]

_NO_ATTEMPT = frozenset({NotificationState.HELD, NotificationState.CANCELLED, NotificationState.DEAD})


@attrs.define(slots=True, eq=False)
class Waiting:
    """What one caller waits for: (channel, alert) pairs that were not tried yet."""

    left: set[Key]
    done: anyio.Event = attrs.field(factory=anyio.Event)

    async def wait(self) -> None:
        """Return when everything was tried."""
        if self.left:
            await self.done.wait()


class FirstAttempts:
    """Who waits for what. :meth:`observe` may be called from any thread; events are set by :meth:`settle`, on the loop.

    A pair counts as tried when an attempt that listed the alert ended, or when its notification was held or ended
    without one.
    """

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._tried: set[Key] = set()

    def expect(self, events: Iterable[Event]) -> Waiting:
        """Return what the caller whose facts led to *events* has to wait for."""
        told: set[Key] = set()
        lines: dict[tuple[str, str], set[Key]] = {}
        for event in events:
            if isinstance(event, TellingDecided) and event.action is Action.NOTIFY:
                key = (event.channel_id, event.alert_id)
                told.add(key)
                lines.setdefault((event.incident_id, event.channel_id), set()).add(key)
            elif isinstance(event, NotificationChanged) and event.state in _NO_ATTEMPT:
                told -= lines.get((event.incident_id, event.channel_id), set())
        waiting = Waiting(told)
        if told:
            self._waiting.append(waiting)
        return waiting

    def observe(self, events: Iterable[Event]) -> None:
        """Take note of attempts that ended."""
        if not self._waiting:
            return
        for event in events:
            if isinstance(event, AttemptFinished):
                self._tried.update((event.delivery.channel_id, alert_id) for alert_id in event.delivery.alert_ids)
            elif isinstance(event, NotificationChanged) and event.state in _NO_ATTEMPT:
                self._tried.update((event.channel_id, alert_id) for alert_id in event.alert_ids)

    def settle(self) -> None:
        """Let those go on who have nothing left to wait for; called on the event loop."""
        if not self._tried:
            return
        tried, self._tried = self._tried, set()
        for waiting in self._waiting:
            waiting.left -= tried
            if not waiting.left:
                waiting.done.set()
        self._waiting = [waiting for waiting in self._waiting if waiting.left]

    def forget(self, waiting: Waiting) -> None:
        """The caller waits no more."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)
