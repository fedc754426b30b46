"""A store that fails, and that kills the process before, during or after a commit.

The disk outlives the processes; each has a *handle* on it, which is worth nothing once that process is dead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from random import Random
from typing import Any

from tests.simulation.ledger import Ledger
from tocsin.stores import Checkpoint, Entry, Store

__all__ = ["Disk", "Handle", "Killed"]


class Killed(BaseException):
    """The process is dead: nothing of it runs any more, so nothing may catch this."""


class Disk:
    """What is kept: a real store, and the faults that wait for the next writes.

    A fault is ``error`` (the write fails and nothing is kept), ``before``, ``during`` or ``after`` (the process dies
    there), or ``fine``.
    """

    def __init__(self, store: Store, ledger: Ledger, seed: int) -> None:
        self.store = store
        self.ledger = ledger
        self.faults: deque[str] = deque()
        self._chance = Random(f"disk {seed}")

    def fault(self) -> str:
        """Return what happens to this write; to be torn in the middle is to be kept or not, as the disk likes."""
        fault = self.faults.popleft() if self.faults else "fine"
        if fault == "during":
            return self._chance.choice(("before", "after"))
        return fault

    def commit(self, entry: Entry) -> None:
        """Keep *entry*."""
        self.store.commit(entry)
        self.ledger.keep(entry)


class Handle:
    """One process' store. *die* is called when the process dies in a write."""

    blocking = False
    volatile = False

    def __init__(self, disk: Disk, die: Callable[[], None]) -> None:
        self._disk = disk
        self._die = die
        self.dead = False

    def _alive(self) -> Store:
        if self.dead:
            raise Killed
        return self._disk.store

    def _write(self, write: Callable[[], None]) -> None:
        self._alive()
        fault = self._disk.fault()
        if fault == "error":
            self._disk.ledger.happened("store failed")
            raise OSError("no space left on the simulated device")
        if fault != "before":
            write()
        if fault != "fine":
            self.dead = True
            self._die()
            raise Killed

    def load(self) -> Checkpoint | None:
        """Return the records."""
        return self._alive().load()

    def commit(self, entry: Entry) -> None:
        """Keep *entry*, or fail, or die."""
        self._write(lambda: self._disk.commit(entry))

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep the records, or fail, or die."""
        self._write(lambda: self._disk.store.checkpoint(checkpoint))

    def keep_configuration(self, digest: str, plain: Mapping[str, Any]) -> None:
        """Keep a configuration."""
        self._alive().keep_configuration(digest, plain)

    def configuration(self, digest: str) -> Mapping[str, Any] | None:
        """Return a configuration."""
        return self._alive().configuration(digest)

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the journal."""
        return self._alive().entries(after, subjects)

    def prune(self, before: float, limit: int) -> int:
        """Let go of old entries."""
        return self._alive().prune(before, limit)

    def close(self) -> None:
        """The disk outlives the process."""
