"""Upkeep of the log: what it holds is moved into the file beside whoever commits, and not while callers wait for that.

SQLite would do so within the commit that makes the log long, and wait there for pages all over the file.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from tocsin.stores.sqlite_faults import DRIVER_ERRORS
from tocsin.stores.sqlite_file import connect_beside

__all__ = ["Upkeep"]

_PASSES: Final = 3


class Upkeep:
    """Moves a log on a connection of its own, from any thread; ``lock`` is held meanwhile.

    What fails is left to the next time, and in the end to a commit, which fails then too and says so: until it was
    moved, everything is in the log.
    """

    def __init__(self, path: Path, synchronous: str) -> None:
        self.lock = threading.Lock()
        self._path = path
        self._synchronous = synchronous
        self._is_open = True

    def move(self) -> None:
        """Move what is there. Commits go on meanwhile, and wait for the little that came during the first pass."""
        with self.lock, suppress(*DRIVER_ERRORS):
            if not self._is_open:
                return
            connection = connect_beside(self._path, self._synchronous)
            try:
                for how in ("PASSIVE", *["FULL"] * (_PASSES - 1)):
                    busy, pages, moved = connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
                    if not busy and pages == moved:  # the log begins anew
                        return
            finally:
                connection.close()

    def close(self) -> None:
        """Move nothing any more."""
        with self.lock:
            self._is_open = False
