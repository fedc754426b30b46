"""Upkeep of the log: what it holds is moved into the file beside whoever commits, and not while callers wait for that.

SQLite would do so within the commit that makes the log long, and wait there for pages all over the file.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from tocsin.stores.sqlite_faults import DRIVER_ERRORS, explain, in_use
from tocsin.stores.sqlite_file import connect_beside

__all__ = ["Upkeep"]

_TRIES: Final = 6
"""So often the rest is tried, while commits come in between."""


class Upkeep:
    """Moves a log on a connection of its own, from any thread; ``lock`` is held meanwhile.

    Until it was moved, everything is in the log: what fails is left to the next time, and told to whoever asked for it.
    """

    def __init__(self, path: Path, synchronous: str) -> None:
        self.lock = threading.Lock()
        self._path = path
        self._synchronous = synchronous
        self._is_open = True

    def move(self) -> None:
        """Move what is there. Commits go on meanwhile, and wait for the little that came during the first pass.

        :raises StoreError: when that fails; that somebody reads or writes meanwhile is no failure.
        """
        with self.lock:
            if not self._is_open:
                return
            try:
                self._move()
            except DRIVER_ERRORS as error:
                if not in_use(error):
                    raise explain(error, self._path, "move its log into it") from error

    def _move(self) -> None:
        connection = connect_beside(self._path, self._synchronous)
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            # of what came since, the first pass does not know
            for _ in range(_TRIES):
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
                if not busy:  # the log begins anew
                    return
        finally:
            connection.close()

    def close(self) -> None:
        """Move nothing any more."""
        with self.lock:
            self._is_open = False
