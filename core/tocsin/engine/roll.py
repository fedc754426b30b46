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

    __slots__ = ("_ids", "_places")

    def __init__(self) -> None:
        self._ids: dict[P, str] = {}
        self._places: list[P] = []

    def add(self, tx: Transaction, place: P, name: str) -> None:
        """Put *name* at the end."""
        tx.index(self._ids, place, name)
        self._places.append(place)
        tx.on_undo(lambda: self._places[-1:] != [place] or self._places.pop())

    def fill(self, pairs: Iterable[tuple[P, str]]) -> None:
        """Take in all of a new roll."""
        self._ids.update(pairs)
        self._places = sorted(self._ids)

    def put(self, tx: Transaction, place: P, name: str) -> None:
        """Put *name* where it belongs."""
        if not self._places or self._places[-1] < place:
            self.add(tx, place, name)
        else:
            self.put_back(tx, place, name)

    def names(self, *, from_: P) -> Iterator[str]:
        """Yield what has that place or a later one, in order; nothing may be put meanwhile."""
        places = self._places
        for index in range(bisect_left(places, from_), len(places)):
            name = self._ids.get(places[index])
            if name is not None:
                yield name

    def put_back(self, tx: Transaction, place: P, name: str) -> None:
        """Put *name*, which was removed, where it stood."""
        tx.index(self._ids, place, name)
        index = bisect_left(self._places, place)
        if index == len(self._places) or self._places[index] != place:
            self._places.insert(index, place)  # taken back, it is a place that nobody has

    def remove(self, tx: Transaction, place: P) -> None:
        """Remove what has that place; it is let go at :meth:`tidy`."""
        tx.unindex(self._ids, place)

    def first(self, place: P) -> tuple[P, str] | None:
        """Return the first with that place or a later one, or None."""
        places = self._places
        for index in range(bisect_left(places, place), len(places)):
            name = self._ids.get(places[index])
            if name is not None:
                return places[index], name
        return None

    def tidy(self) -> None:
        """Let go of places that nobody has; not while a step can still be taken back."""
        if len(self._places) > 2 * len(self._ids) + _SLACK:
            self._places = sorted(self._ids)
