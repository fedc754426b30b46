"""Opening a database file: for one service to write, or for anybody to read beside it without a trace."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import sys
from pathlib import Path
from typing import Final

import attrs

from tocsin.errors import StoreError
from tocsin.stores.sqlite_faults import DRIVER_ERRORS, explain, faults
from tocsin.stores.sqlite_lock import FileLock
from tocsin.stores.sqlite_rows import Bounds
from tocsin.stores.sqlite_schema import MIGRATIONS, identify, upgrade, verify

__all__ = [
    "SYNCHRONOUS",
    "Opened",
    "connect_beside",
    "connect_reading",
    "fingerprint",
    "identity",
    "locate",
    "log_of",
    "open_writing",
    "publish",
]

SYNCHRONOUS: Final = {"full": "FULL", "normal": "NORMAL"}
"""What a store may be asked for, and SQLite's word for it."""

_BUSY_SECONDS: Final = 5.0


@attrs.frozen(slots=True, eq=False)
class Opened:
    """A file that is open for writing; ``identity`` tells whether its name still leads to it."""

    path: Path
    lock: FileLock
    connection: sqlite3.Connection
    bounds: Bounds
    synchronous: str
    identity: tuple[int, int]


def locate(path: str | os.PathLike[str]) -> Path:
    """Return where *path* leads to, whether or not something is there.

    :raises StoreError: when no database can be there.
    """
    try:
        found = Path(path).resolve()
        mode = found.stat().st_mode if found.exists() else stat.S_IFREG
        parent, loop = found.parent.is_dir(), found.is_symlink()  # what is resolved is no link, or one in a circle
    except (OSError, ValueError, RuntimeError) as error:
        raise StoreError(f"{path}: cannot open: {_reason(error)}") from error
    if loop:
        raise StoreError(f"{path}: cannot open: {os.strerror(errno.ELOOP)}")
    if stat.S_ISDIR(mode):
        raise StoreError(f"{found} is a folder; name a file in it, such as {found / 'tocsin.db'}")
    if not stat.S_ISREG(mode):
        raise StoreError(f"{found} is neither a file nor absent; a store is a regular file")
    if not parent:
        raise StoreError(f"{found}: cannot open: the folder {found.parent} does not exist; make it first")
    return found


def _reason(error: Exception) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)


def log_of(path: Path) -> Path:
    """Return SQLite's write-ahead log of the database *path*: while it is there, it is a part of it."""
    return path.with_name(f"{path.name}-wal")


def _connect(target: str, *, uri: bool = False) -> sqlite3.Connection:
    # isolation_level None: transactions begin and end where this package says so
    connection = sqlite3.connect(target, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri)
    connection.text_factory = bytes
    return connection


def open_writing(path: Path, synchronous: str) -> Opened:
    """Open the store *path*, made if there is none, brought up to date if an older tocsin wrote it.

    :param synchronous: SQLite's word: FULL, NORMAL, or OFF for a file that is still being made.
    :raises StoreError: says why that cannot be; then nothing was changed.
    """
    lock = FileLock(path)
    try:
        if not path.exists():
            _create(path)
        connection = _prepare(path, synchronous)
    except BaseException:  # it is raised again: nothing is held or half made
        lock.release()
        raise
    try:
        bounds = verify(connection, path)
        return Opened(path, lock, connection, bounds, synchronous, identity(path))
    except BaseException:  # it is raised again: nothing is held or half made
        connection.close()
        lock.release()
        raise


def _prepare(path: Path, synchronous: str) -> sqlite3.Connection:
    if path.stat().st_size == 0:
        raise StoreError(f"{path} is empty: whatever emptied it, it is no store; remove it to begin a new one there")
    with faults(path, "open it"):
        connection = _connect(str(path))
    try:
        number = identify(connection, path)
        with faults(path, "open it"):
            _settle(connection, synchronous)
            _try_to_write(connection, number)
        if number < len(MIGRATIONS):
            with faults(path, f"bring it from schema {number} to {len(MIGRATIONS)}"):
                upgrade(connection, MIGRATIONS)
        return connection
    except BaseException:  # it is raised again: nothing is held or half made
        connection.close()
        raise


def connect_beside(path: Path, synchronous: str) -> sqlite3.Connection:
    """Open a second connection to a store that this process has open, to move its log; it waits for nobody."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def _settle(connection: sqlite3.Connection, synchronous: str) -> None:
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    # a build may overwrite what is deleted with zeros; that doubles what retention writes
    connection.execute("PRAGMA secure_delete = FAST")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    # only where nobody calls for upkeep: a commit that does it itself takes long
    connection.execute("PRAGMA wal_autocheckpoint = 16384")
    # what it comes to use only with many alerts: a checkpoint then touches as many pages as it has records
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute(f"PRAGMA synchronous = {synchronous}")


def _try_to_write(connection: sqlite3.Connection, number: int) -> None:
    """Begin to write: SQLite opens what it may not write without a word, and would complain at the first commit."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"PRAGMA user_version = {number}")
    finally:
        connection.execute("ROLLBACK")


def _create(path: Path) -> None:
    """Make an empty store: whole under another name first, so that none is ever seen half made."""
    log = log_of(path)
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"{path} is gone, but {log.name} beside it holds what was written last; bring the file back, or remove "
            f"{log.name} to begin anew"
        )
    fresh = path.with_name(f"{path.name}-new")
    clear(fresh)
    try:
        with faults(path, "make it"):
            connection = _connect(str(fresh))
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                upgrade(connection, MIGRATIONS)
                empty_log(connection, path)
            finally:
                connection.close()
        publish(fresh, path)
    except BaseException:  # it is raised again: nothing is held or half made
        clear(fresh)
        raise


def clear(fresh: Path) -> None:
    """Remove a file that is being made, and what SQLite keeps beside it."""
    for leftover in (fresh, log_of(fresh), fresh.with_name(f"{fresh.name}-shm")):
        leftover.unlink(missing_ok=True)


def empty_log(connection: sqlite3.Connection, path: Path) -> None:
    """Move all that the log holds into the file itself: closing would do so too, and would not say when it fails."""
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError(f"{path}: its log cannot be moved into it, for somebody reads it; try again")


def publish(fresh: Path, path: Path) -> None:
    """Give the finished file *fresh* the name *path*, so that a power failure leaves all of it or nothing."""
    log = log_of(fresh)
    if log.exists() and log.stat().st_size:
        raise StoreError(f"{path}: cannot make it: a part of it is still in {log.name}; free some space and try again")
    try:
        _sync(fresh)
        fresh.rename(path)
        _sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot make it: {_reason(error)}") from error


def _sync(path: Path) -> None:
    """Wait until the device has what was written to a file or folder."""
    if sys.platform == "win32" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def identity(path: Path) -> tuple[int, int]:
    """Return what tells the file from another one of that name."""
    found = path.stat()
    return found.st_dev, found.st_ino


def fingerprint(path: Path) -> tuple[int, ...]:
    """Return what changes when somebody writes to the file."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, log_of(path).exists()


def connect_reading(path: Path) -> sqlite3.Connection:
    """Open the store *path* without its lock, to read it as it is now, beside a service that has it open.

    Nothing is written. Where a log is there, SQLite needs its shared memory beside it, which it makes if it may. Where
    none is, the file is taken as one that nobody changes; :func:`fingerprint` shows whether that was true.

    :raises StoreError: when it is no store, or not of this version's schema.
    """
    mode = "mode=ro" if log_of(path).exists() else "immutable=1"
    with faults(path, "open it"):
        connection = _connect(f"{path.as_uri()}?{mode}", uri=True)
    try:
        number = identify(connection, path)
        if number < len(MIGRATIONS):
            raise StoreError(
                f"{path} has the older schema {number}; 'tocsin store compact' brings it up to date, as a service does"
            )
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("BEGIN")
        # the first look pins the moment that all others see
        connection.execute("SELECT count(*) FROM bounds").fetchone()
        return connection
    except DRIVER_ERRORS as error:
        connection.close()
        raise explain(error, path, "open it") from error
    except BaseException:  # it is raised again: nothing is held or half made
        connection.close()
        raise
