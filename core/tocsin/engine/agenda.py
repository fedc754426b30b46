"""Deadlines in order of (instant, kind, id), and queues in order of rank: one ordered map with an undo."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Any, Final, Generic, TypeVar

from tocsin.engine.transaction import Table, Transaction

__all__ = ["Agenda", "Deadline", "Ordered"]

K = TypeVar("K", bound=Any)
_SLACK: Final = 64
_SHED: Final = 8
"""So many pairs that are no longer true are dropped with each that becomes so: nobody finds many of them at once."""


class Deadline(enum.IntEnum):
    """The kinds of deadline, in the order in which those of one instant are met."""

    SILENCE_EDGE = 0
    TIME_EDGE = 12
    PROMISE = 13
    HEARTBEAT = 14
    GAP_END = 15
    FORGET_MEMBER = 16
    FORGET_SILENCE = 17
    ACKNOWLEDGEMENT_END = 1
    SNOOZE_END = 2
    LEVEL = 3
    RELEASE = 4
    REPEAT = 5
    FALLBACK = 6
    RETRY = 7
    LANE = 8
    FORGET = 9
    EXPIRY = 10
    DISCARD = 11


class Ordered(Generic[K]):
    """A map from keys to ranks that gives its lowest (rank, key) first.

    The map is the truth; the heap may hold pairs that are no longer true and are dropped when they surface.

    :param table: the name under which its pairs are records of their own; None where they are derived from others.
    """

    __slots__ = ("_heap", "ranks")

    def __init__(self, table: str | None = None) -> None:
        self.ranks: dict[K, Any] = {} if table is None else Table(table)
        self._heap: list[tuple[Any, K]] = []

    def __len__(self) -> int:
        return len(self.ranks)

    def __contains__(self, key: K) -> bool:
        return key in self.ranks

    def put(self, tx: Transaction, key: K, rank: Any) -> None:
        """Give *key* a rank, in place of the one it has."""
        old = self.ranks.get(key)
        if old == rank:
            return
        if old is not None:
            tx.on_undo(lambda: heappush(self._heap, (old, key)))
        if isinstance(self.ranks, Table):
            tx.put(self.ranks, key, rank)
        else:
            tx.index(self.ranks, key, rank)
        heappush(self._heap, (rank, key))
        if len(self._heap) > 2 * len(self.ranks) + _SLACK:
            self.rebuild()

    def drop(self, tx: Transaction, key: K) -> None:
        """Remove *key* if it is there."""
        old = self.ranks.get(key)
        if old is not None:
            tx.on_undo(lambda: heappush(self._heap, (old, key)))
            if isinstance(self.ranks, Table):
                tx.drop(self.ranks, key)
            else:
                tx.unindex(self.ranks, key)
            self._shed()

    def _shed(self) -> None:
        heap = self._heap
        for _ in range(_SHED):
            if not heap or self.ranks.get(heap[0][1]) == heap[0][0]:
                return
            heappop(heap)

    def first(self) -> tuple[Any, K] | None:
        """Return the lowest (rank, key), or None."""
        heap = self._heap
        while heap:
            rank, key = heap[0]
            if self.ranks.get(key) == rank:
                return heap[0]
            heappop(heap)
        return None

    def in_order(self) -> Iterator[K]:
        """Yield the keys, the lowest (rank, key) first; nothing may be put or dropped meanwhile."""
        self.first()  # what is no longer true at its top is gone through once, and not by every copy
        heap, last = self._heap.copy(), None
        while heap:
            pair = heappop(heap)
            if pair != last and self.ranks.get(pair[1]) == pair[0]:
                yield pair[1]
            last = pair

    def rebuild(self) -> None:
        """Make the heap anew from the map."""
        self._heap = [(rank, key) for key, rank in self.ranks.items()]
        heapify(self._heap)


class Agenda(Ordered[tuple[int, str]]):
    """Every deadline: the key is (kind, id), the rank its instant in engine time."""

    __slots__ = ()

    def set(self, tx: Transaction, kind: Deadline, name: str, at: float) -> None:
        """Set the deadline of that kind and id to *at*, wherever it stood before."""
        self.put(tx, (int(kind), name), at)

    def set_earlier(self, tx: Transaction, kind: Deadline, name: str, at: float) -> None:
        """Set the deadline unless an earlier one is set."""
        known = self.ranks.get((int(kind), name))
        if known is None or at < known:
            self.set(tx, kind, name, at)

    def cancel(self, tx: Transaction, kind: Deadline, name: str) -> None:
        """Remove the deadline if it is set."""
        key = (int(kind), name)
        if key in self.ranks:
            self.drop(tx, key)

    def next_instant(self) -> float | None:
        """Return the earliest instant, or None."""
        first = self.first()
        return None if first is None else first[0]

    def pop_due(self, tx: Transaction, now: float) -> tuple[Deadline, str, float] | None:
        """Remove and return the first deadline that is not after *now*: its kind, id and instant."""
        first = self.first()
        if first is None or first[0] > now:
            return None
        at, (kind, name) = first
        self.cancel(tx, Deadline(kind), name)
        return Deadline(kind), name, at
