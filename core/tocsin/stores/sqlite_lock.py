"""The lock beside a database file: one process at a time, and the kernel lets go of it however that process ends.

It is a file of its own, for SQLite's own locks on the database are lost when any descriptor of it is closed.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Final

from tocsin.errors import StoreError

__all__ = ["FileLock"]

_LENGTH: Final = 20
"""Bytes of the lock file that are read for the holder's process id."""

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        # Windows forbids others to read what is locked: the byte lies beyond the process id.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Held from its making to :meth:`release`. The file ``<database>-lock`` stays: removing it would race.

    :raises StoreError: when another process, or another store of this one, holds it; the message names the process.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(f"{database.name}-lock")
        self._descriptor = _open(path, database)
        try:
            _take(self._descriptor)
        except OSError as error:
            holder = _holder(self._descriptor)
            os.close(self._descriptor)
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}:
                raise StoreError(
                    f"{database}: its lock {path} cannot be taken: {os.strerror(error.errno or 0)}"
                ) from error
            raise StoreError(f"{database} is in use by {holder}; a store is opened by one service at a time") from None
        self._write_holder()

    def _write_holder(self) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0) if hasattr(os, "pwrite") else None
        except OSError:  # a full disk: the lock is held all the same, only its holder will not be named
            return

    def release(self) -> None:
        """Let go."""
        os.close(self._descriptor)


def _open(path: Path, database: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            problem = (
                f"the folder {path.parent} (or {path.name} in it) is read-only; tocsin must be allowed to write there"
            )
        elif error.errno == errno.ENOSPC:
            problem = "the disk is full; free some space and try again"
        else:
            problem = f"{path} cannot be made: {os.strerror(error.errno or 0)}"
        raise StoreError(f"{database}: cannot open: {problem}") from error


def _holder(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, _LENGTH).decode("ascii", "replace").strip()
    except OSError:
        text = ""
    if text == str(os.getpid()):
        return f"another store in this process ({text})"
    return f"the process {text}" if text.isdecimal() else "another process"
