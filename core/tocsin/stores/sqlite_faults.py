"""What goes wrong with a database file, as one sentence for people: what, where, and what would be right."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tocsin.errors import StoreError

__all__ = ["DRIVER_ERRORS", "DamagedStoreError", "Loss", "damaged", "device_failed", "explain", "faults"]

_DEVICE: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_DAMAGE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_ADVICE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space and try again",
    sqlite3.SQLITE_READONLY: "it is read-only, or its folder is; tocsin must be allowed to write both",
    sqlite3.SQLITE_PERM: "permission denied; tocsin must be allowed to write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; tocsin must be allowed to read and write the file and its folder",
    sqlite3.SQLITE_BUSY: "another program is writing to it; end that program's transaction and try again",
    sqlite3.SQLITE_LOCKED: "another program is writing to it; end that program's transaction and try again",
    sqlite3.SQLITE_TOOBIG: "this is more than one row can hold (1 GB); submit less at a time",
    sqlite3.SQLITE_NOMEM: "memory ran out",
}


DRIVER_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises: the second where SQLite's own message quotes damaged text."""


class Loss(str):
    """Something that cannot be read any more, as text; ``first`` and ``last`` are the ordinals of lost entries."""

    first: int
    last: int

    __slots__ = ("first", "last")

    def __new__(cls, text: str, first: int = 0, last: int = 0) -> Loss:
        """Return the loss of the entries *first* to *last*, or of something else (0)."""
        made = super().__new__(cls, text)
        made.first, made.last = first, last
        return made


class DamagedStoreError(StoreError):
    """What was read is not what was written; ``loss`` says what is lost."""

    def __init__(self, path: Path, loss: Loss) -> None:
        self.loss = loss
        super().__init__(
            f"{path} is damaged: {loss}. 'tocsin store check' lists what else is; restore a backup, or save what can "
            "be read with 'tocsin store export --salvage' and make a new file of that with 'tocsin store import'"
        )


def damaged(path: Path, what: str, first: int = 0, last: int = 0) -> DamagedStoreError:
    """Return the error that says that *what* is damaged (a clause), and which entries that loses."""
    return DamagedStoreError(path, Loss(what, first, last))


def _primary(error: Exception) -> int:
    """Return SQLite's primary result code; an error of the driver's own has none (0)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def device_failed(error: Exception) -> bool:
    """Whether the device refused: what was being written may lie there half, or whole but unsynchronised."""
    return _primary(error) in _DEVICE


def explain(error: Exception, path: Path, doing: str) -> StoreError:
    """Return *error* for people; *doing* is what was tried, as a verb phrase: ``read``, ``commit entry 5``."""
    if isinstance(error, UnicodeDecodeError):
        return damaged(path, "SQLite quotes text in it that is none")
    code = _primary(error)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code in _DAMAGE:
        return damaged(path, f"SQLite says {error} ({name})")
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"{path}: cannot {doing}: the device failed, or has no room ({name}); look at the disk and the system's log"
        )
    if code in _ADVICE:
        return StoreError(f"{path}: cannot {doing}: {_ADVICE[code]} ({name})")
    return StoreError(f"{path}: cannot {doing}: SQLite says {error} ({name})")


@contextmanager
def faults(path: Path, doing: str) -> Iterator[None]:
    """Raise what SQLite raises inside as a :exc:`tocsin.StoreError`."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise explain(error, path, doing) from error
