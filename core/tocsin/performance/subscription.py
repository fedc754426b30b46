"""One listener: what it is still owed, kept small, and how it has done. Callable from any thread; runs nothing."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import attrs

from tocsin.performance.notice import Notice

__all__ = ["MAX_PENDING", "Subscription"]

MAX_PENDING: Final = 10_000
"""For how many alerts a listener that does not keep up may be owed something; beyond it, the oldest is dropped."""


def _latest(notices: Sequence[Notice]) -> list[Notice]:
    """Return the last firing and the last resolution of one alert's notices, in their order."""
    last = {notice.resolved: index for index, notice in enumerate(notices)}
    return [notices[index] for index in sorted(last.values())]


@attrs.define(eq=False)
class Subscription:
    """A listener's queue: of one alert, at most the latest firing and the latest resolution wait, in their order.

    ``wants`` says which notices it takes, ``deliver`` hands some over, ``batch`` is for how many alerts at once.
    ``busy_since`` is the engine time at which the delivery under way began.
    """

    name: str
    wants: Callable[[Notice], bool]
    deliver: Callable[[Sequence[Notice]], Awaitable[None]]
    batch: int = 1
    busy_since: float | None = None
    hung: bool = False
    deliveries: int = 0
    failures: int = 0
    dropped: int = 0
    problem: str | None = None
    _pending: dict[str, list[Notice]] = attrs.field(factory=dict, init=False)
    _again: dict[str, list[Notice]] = attrs.field(factory=dict, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)

    def reset(self) -> None:
        """Forget a delivery that an earlier event loop took to its end."""
        self.busy_since, self.hung = None, False

    def put(self, notice: Notice) -> None:
        """Owe the listener *notice*, if it wants such; what it replaces is not delivered any more."""
        key = notice.alert.alert_id
        with self._lock:
            if self.wants(notice):
                self._owe(key, [*self._again.pop(key, ()), *self._pending.get(key, ()), notice])
            elif notice.resolved:
                self._again.pop(key, None)  # to tell it of the alert now, when it is over, would mislead

    def take(self) -> list[Notice]:
        """Return what is to be delivered next, in order, and owe it no longer."""
        with self._lock:
            keys = [key for key, _ in zip(self._pending, range(self.batch), strict=False)]
            return [notice for key in keys for notice in self._pending.pop(key)]

    def succeeded(self) -> None:
        """Note that a delivery was taken."""
        self.deliveries += 1
        self.problem = None

    def failed(self, problem: str) -> bool:
        """Note that a delivery failed; return whether that is news: another problem than the last time."""
        news, self.problem = problem != self.problem, problem
        self.failures += 1
        return news

    def owe_again(self, notices: Sequence[Notice]) -> None:
        """Keep what was taken in vain for :meth:`retry`, or, where something newer is owed, put it before that."""
        with self._lock:
            for notice in notices:
                key = notice.alert.alert_id
                if key in self._pending:
                    self._owe(key, [*self._again.pop(key, ()), notice, *self._pending[key]])
                else:
                    self._again[key] = _latest([*self._again.get(key, ()), notice])

    def retry(self) -> None:
        """Owe at once what was kept for later."""
        with self._lock:
            again, self._again = self._again, {}
            for key, notices in again.items():
                self._owe(key, notices)

    def _owe(self, key: str, notices: list[Notice]) -> None:
        self._pending[key] = _latest(notices)
        if len(self._pending) > MAX_PENDING:
            self._pending.pop(next(iter(self._pending)))
            self.dropped += 1

    @property
    def pending(self) -> int:
        """How many notices it is owed."""
        with self._lock:
            return sum(len(notices) for waiting in (self._pending, self._again) for notices in waiting.values())

    @property
    def settled(self) -> bool:
        """Whether nothing is under way and nothing is to be delivered now; a hung listener is not waited for."""
        with self._lock:
            return self.hung or (self.busy_since is None and not self._pending)

    def as_dict(self) -> dict[str, Any]:
        """Return what the summary shows."""
        return {
            "name": self.name,
            "deliveries": self.deliveries,
            "failures": self.failures,
            "pending": self.pending,
            "dropped": self.dropped,
            "hung": self.hung,
            "problem": self.problem,
        }
