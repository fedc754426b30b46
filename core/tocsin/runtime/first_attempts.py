"""First attempts: lets a caller wait until its alert was tried on every channel that is told at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager

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
    """Who waits for what.

    :meth:`expect` and :meth:`observe` are called with each commit, under its lock, from any thread; the others only on
    the event loop. A pair counts as tried when an attempt that listed the alert ended, or when its notification was
    held or ended without one.
    """

    def __init__(self) -> None:
        self._callers = 0
        self._waiting: list[Waiting] = []
        self._tried: deque[Key] = deque()

    @property
    def wanted(self) -> bool:
        """Whether anybody who is committing means to wait."""
        return self._callers > 0

    @contextmanager
    def caller(self) -> Generator[None, None, None]:
        """Around a commit and the wait for its first attempts."""
        self._callers += 1
        try:
            yield
        finally:
            self._callers -= 1
            if not self._callers:
                self._waiting.clear()

    def expect(self, events: Iterable[Event]) -> Waiting:
        """Return what there is to wait for after a commit that led to *events*."""
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

    def narrow(self, waiting: Waiting, alert_ids: Collection[str]) -> Waiting:
        """Return the part of *waiting* that is about *alert_ids*: a commit may have had other callers' alerts too."""
        self.settle()
        self.forget(waiting)
        mine = Waiting({key for key in waiting.left if key[1] in alert_ids})
        if mine.left:
            self._waiting.append(mine)
        return mine

    def observe(self, events: Iterable[Event]) -> None:
        """Take note of attempts that ended."""
        if not self._waiting:
            return
        for event in events:
            if isinstance(event, AttemptFinished):
                self._tried.extend((event.delivery.channel_id, alert_id) for alert_id in event.delivery.alert_ids)
            elif isinstance(event, NotificationChanged) and event.state in _NO_ATTEMPT:
                self._tried.extend((event.channel_id, alert_id) for alert_id in event.alert_ids)

    def settle(self) -> None:
        """Let those go on who have nothing left to wait for."""
        tried: set[Key] = set()
        while self._tried:
            tried.add(self._tried.popleft())
        if not tried:
            return
        for waiting in list(self._waiting):
            waiting.left -= tried
            if not waiting.left:
                waiting.done.set()
                self.forget(waiting)

    def forget(self, waiting: Waiting) -> None:
        """Nobody waits for this any more."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)
