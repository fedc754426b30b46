"""The store of embedded services: the newest entries, in memory, gone with the process."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tocsin.journal import Entry, subjects
from tocsin.stores.interface import Checkpoint, Key

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps the newest *entries* entries (default 1,000). Given to another service, it goes on where the last ended.

    Entries that no checkpoint covers are kept beyond that number: without them the records could not be brought up to
    date.

    :param volatile: keep the newest entries alone; another service then begins anew.
    """

    blocking = False

    def __init__(self, entries: int = 1000, *, volatile: bool = False) -> None:
        self.volatile = volatile
        self.journal: deque[Entry] = deque()
        self._size = entries
        self._ordinal = 0
        self._records: dict[Key, Any] = {}
        self._configurations: dict[str, Mapping[str, Any]] = {}

    def load(self) -> Checkpoint | None:
        """Return the records."""
        return Checkpoint(self._ordinal, dict(self._records)) if self._records else None

    def commit(self, entry: Entry) -> None:
        """Keep *entry*, in the place of the oldest if there is no room."""
        self.journal.append(entry)
        self._make_room()

    def _make_room(self) -> None:
        while len(self.journal) > self._size and (self.volatile or self.journal[0].ordinal <= self._ordinal):
            self.journal.popleft()

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Bring the records up to date."""
        for key, plain in checkpoint.records.items():
            if plain is None:
                self._records.pop(key, None)
            else:
                self._records[key] = plain
        self._ordinal = checkpoint.ordinal
        self._make_room()

    def keep_configuration(self, digest: str, plain: Mapping[str, Any]) -> None:
        """Keep the configuration."""
        self._configurations[digest] = plain

    def configuration(self, digest: str) -> Mapping[str, Any] | None:
        """Return the configuration, if it is kept."""
        return self._configurations.get(digest)

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the entries that are kept."""
        wanted = None if subjects is None else set(subjects)
        for entry in list(self.journal):
            if entry.ordinal > after and (wanted is None or not wanted.isdisjoint(_subjects(entry))):
                yield entry

    def prune(self, before: float, limit: int) -> int:
        """Let go of the oldest entries."""
        gone = 0
        while gone < limit and self.journal and self.journal[0].wall_time < before:
            if self.journal[0].ordinal > self._ordinal:
                break
            self.journal.popleft()
            gone += 1
        return gone

    def close(self) -> None:
        """Nothing to let go of."""


_subjects = subjects
