"""The store of embedded services: the newest entries, in memory, gone with the process."""

from __future__ import annotations

from collections import deque

from tocsin.stores.interface import Entry

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps the newest *entries* entries (default 1,000)."""

    blocking = False

    def __init__(self, entries: int = 1000) -> None:
        self.journal: deque[Entry] = deque(maxlen=entries)

    def commit(self, entry: Entry) -> None:
        """Keep *entry*, in the place of the oldest if there is no room."""
        self.journal.append(entry)

    def close(self) -> None:
        """Nothing to let go of."""
