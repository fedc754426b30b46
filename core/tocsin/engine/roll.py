"""The roll: incidents that fire, in the order in which they were opened, so that a long walk can stop and go on."""

from __future__ import annotations

from bisect import bisect_left

from tocsin.engine.transaction import Transaction

__all__ = ["Roll"]

_SLACK = 64


class Roll:
    """Maps serial numbers, given out in rising order, to ids; knows which comes next after a number."""

    __slots__ = ("_ids", "_serials")

    def __init__(self) -> None:
        self._ids: dict[int, str] = {}
        self._serials: list[int] = []

    def add(self, tx: Transaction, serial: int, name: str) -> None:
        """Put *name* at the end."""
        tx.index(self._ids, serial, name)
        self._serials.append(serial)
        tx.on_undo(lambda: self._serials[-1:] != [serial] or self._serials.pop())

    def put_back(self, tx: Transaction, serial: int, name: str) -> None:
        """Put *name*, which was removed, where it stood."""
        tx.index(self._ids, serial, name)
        place = bisect_left(self._serials, serial)
        if place == len(self._serials) or self._serials[place] != serial:
            self._serials.insert(place, serial)  # taken back, it is a place that nobody has

    def remove(self, tx: Transaction, serial: int) -> None:
        """Remove what has that number; its place is let go at :meth:`tidy`."""
        tx.unindex(self._ids, serial)

    def first(self, serial: int) -> tuple[int, str] | None:
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
