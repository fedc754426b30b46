"""Rolls: ids in the order of numbers or of places, so that a long walk over them can stop and go on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from tocsin.engine.transaction import Transaction

__all__ = ["Roll"]

_SLACK = 64

P = TypeVar("P", bound=Any)


class Roll(Generic[P]):
    """Maps places (serial numbers, or a rank and a number) to ids; knows which comes next after a place.

    Incidents that fire stand in one by their numbers, and the members of a crowd by theirs and by their severity.
    """

    __slots__ = ("_ids", "_serials")

    def __init__(self) -> None:
        self._ids: dict[P, str] = {}
        self._serials: list[P] = []

    def add(self, tx: Transaction, serial: P, name: str) -> None:
        """Put *name* at the end."""
        tx.index(self._ids, serial, name)
        self._serials.append(serial)
        tx.on_undo(lambda: self._serials[-1:] != [serial] or self._serials.pop())

    def fill(self, pairs: Iterable[tuple[P, str]]) -> None:
        """Take in all of a new roll."""
        self._ids.update(pairs)
        self._serials = sorted(self._ids)

    def put(self, tx: Transaction, serial: P, name: str) -> None:
        """Put *name* where it belongs."""
        if not self._serials or self._serials[-1] < serial:
            self.add(tx, serial, name)
        else:
            self.put_back(tx, serial, name)

    def names(self, *, from_: P) -> Iterator[str]:
        """Yield what has that place or a later one, in order; nothing may be put meanwhile."""
        serials = self._serials
        for place in range(bisect_left(serials, from_), len(serials)):
            name = self._ids.get(serials[place])
            if name is not None:
                yield name

    def put_back(self, tx: Transaction, serial: P, name: str) -> None:
        """Put *name*, which was removed, where it stood."""
        tx.index(self._ids, serial, name)
        place = bisect_left(self._serials, serial)
        if place == len(self._serials) or self._serials[place] != serial:
            self._serials.insert(place, serial)  # taken back, it is a place that nobody has

    def remove(self, tx: Transaction, serial: P) -> None:
        """Remove what has that number; its place is let go at :meth:`tidy`."""
        tx.unindex(self._ids, serial)

    def first(self, serial: P) -> tuple[P, str] | None:
        """Return the first with that number or a later one, or None."""
        serials = self._serials
        for place in range(bisect_left(serials, serial), len(serials)):
            name = self._ids.get(serials[place])
            if name is not None:
                return serials[place], name
        return None

    def tidy(self) -> None:
        """Let go of places that nobody has; not while a step can still be taken back."""
        if len(self._serials) > 2 * len(self._ids) + _SLACK:
            self._serials = sorted(self._ids)
