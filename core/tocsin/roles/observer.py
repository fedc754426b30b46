"""The role of an observer: it is told what happened, after it was committed."""

from __future__ import annotations

from typing import Protocol

from tocsin.model.event import Event

__all__ = ["Observer"]


class Observer(Protocol):
    """Told of every event, in order, after its commit; synchronous and quick. What it raises is recorded as a gap."""

    def __call__(self, event: Event, /) -> None:
        """Take note of *event*."""
        ...
