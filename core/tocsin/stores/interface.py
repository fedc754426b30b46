"""What a store owes: one entry per batch, all of it or nothing."""

from __future__ import annotations

from typing import Protocol

import attrs

from tocsin.model.event import Event
from tocsin.model.facts import Fact

__all__ = ["Entry", "Store"]


@attrs.frozen(slots=True)
class Entry:
    """One batch: the facts that were taken in at one instant, and what was decided from them.

    ``ordinal`` counts the entries of one engine from 1; the instants are the step's, in seconds.
    """

    ordinal: int
    engine_time: float
    wall_time: float
    facts: tuple[Fact, ...]
    events: tuple[Event, ...]


class Store(Protocol):
    """Keeps the journal. Called by one thread at a time, never by two at once.

    ``blocking`` says whether :meth:`commit` waits for a device: then it is called in a worker thread.
    """

    blocking: bool

    def commit(self, entry: Entry) -> None:
        """Keep *entry*: once this returns it survives what the store promises to survive.

        An exception means that nothing of it was kept; the engine takes the batch back and its callers are told.
        """
        ...

    def close(self) -> None:
        """Let go of what the store holds; called once, when the service is left."""
        ...
