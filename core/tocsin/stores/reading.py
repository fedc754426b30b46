"""Reading what a store left: its database file, in use or not, or the archive that it was saved in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import attrs

from tocsin.errors import StoreError
from tocsin.stores.archive_import import import_into
from tocsin.stores.interface import Reader
from tocsin.stores.memory import MemoryStore
from tocsin.stores.sqlite_reading import SqliteFile

__all__ = ["Opened", "reading"]

_ALL: Final = 2**62


@attrs.frozen(slots=True, eq=False)
class Opened:
    """A store that is read; ``archived`` says that it is a picture of a moment, and nobody goes on with it."""

    store: Reader
    archived: bool


@contextmanager
def reading(path: Path) -> Iterator[Opened]:
    """Open *path* for reading: the file of a SQLite store, or what ``tocsin store export`` wrote.

    :raises StoreError: when it is neither, or damaged.
    """
    if _is_archive(path):
        memory = MemoryStore(entries=_ALL)
        import_into(path, memory)
        yield Opened(memory, archived=True)
        return
    with closing(SqliteFile(path)) as file:
        yield Opened(file, archived=False)


def _is_archive(path: Path) -> bool:
    """Whether the file begins as an archive does; whatever else is wrong with it is said by who reads it."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError as error:
        raise StoreError(f"{path}: cannot read it: {os.strerror(error.errno or 0)}") from error
