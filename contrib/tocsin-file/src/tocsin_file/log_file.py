"""The file: lines are appended whole or not at all, by any number of threads and processes.

Each line opens the file anew, so that one which was moved away is left alone from the next line on, and a folder that
was missing is found once it is there. A lock on the file (flock) keeps writers apart, and rotation from writing.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from tocsin_file.rotation import rotate

__all__ = ["LogFile", "UncertainError"]

_MODE: Final = 0o640
_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_PAUSE_SECONDS: Final = 0.005
"""Between two looks at a lock that somebody else has: a thread that waits for the system to give it cannot be ended."""

_MOST_TRIES: Final = 100
"""How often the file may be moved away between its opening and its locking before that is an error."""


class UncertainError(OSError):
    """A line could not be written to its end, nor be taken back."""


@attrs.frozen(slots=True)
class LogFile:
    """The file at *path*, which is rotated before it has more than *max_bytes*; *keep* older ones stay.

    *fsync*: whether a line is on the device when :meth:`append` returns.
    """

    path: str
    max_bytes: int | None
    keep: int
    fsync: bool

    def append(self, line: bytes, begin: Callable[[], None], wait: Callable[[float], object] = time.sleep) -> str:
        """Append *line*, and return a remark where the file could not be rotated, which keeps no line back.

        *begin* is called once nobody else writes, and before anything is changed, *wait* with a number of seconds as
        often as somebody does; what they raise goes through.

        :raises UncertainError: when part of the line may have stayed, or all of it.
        :raises OSError: when it is certainly not there.
        """
        path = Path(os.path.realpath(self.path))
        remark = ""
        mode: int | None = None
        while True:
            with self._locked(path, wait) as descriptor:
                begin()
                if mode is not None:
                    _keep_mode(descriptor, mode)
                found = os.fstat(descriptor)
                if not remark and self._too_large(found.st_size, line):
                    remark = self._rotated(path)
                    if not remark:
                        mode = stat.S_IMODE(found.st_mode)
                        continue
                self._write(descriptor, line, found.st_size)
                return remark

    def _too_large(self, size: int, line: bytes) -> bool:
        return self.max_bytes is not None and size > 0 and size + len(line) > self.max_bytes

    def _rotated(self, path: Path) -> str:
        """Rotate, or say why that cannot be."""
        try:
            rotate(path, self.keep)
        except OSError as error:
            return f"it could not be rotated: {error.strerror}"
        if self.fsync:
            _sync_folder(path)
        return ""

    @contextmanager
    def _locked(self, path: Path, wait: Callable[[float], object]) -> Iterator[int]:
        """Give a descriptor of what is at *path* now, which nobody else writes to meanwhile."""
        for _ in range(_MOST_TRIES):
            descriptor = self._opened(path)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "it is no regular file")
                while not _lock(descriptor):
                    wait(_PAUSE_SECONDS)
                if _is_at(path, descriptor):
                    yield descriptor
                    return
            finally:
                os.close(descriptor)
        raise OSError(errno.EAGAIN, "it is moved away all the time")

    def _opened(self, path: Path) -> int:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, _FLAGS)
        descriptor = os.open(path, _FLAGS | os.O_CREAT, _MODE)
        try:
            if self.fsync:
                _sync_folder(path)
        except BaseException:  # whatever it is, nothing stays open
            os.close(descriptor)
            raise
        return descriptor

    def _write(self, descriptor: int, line: bytes, size: int) -> None:
        """Write all of it or nothing; what a crash left of an earlier line becomes a line of its own."""
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = memoryview(b"\n" + line if torn else line)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if self.fsync:
                os.fsync(descriptor)
        except OSError as error:
            _take_back(descriptor, size, error)
            raise


def _lock(descriptor: int) -> bool:
    """Keep everybody else from writing; False where somebody keeps us."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _keep_mode(descriptor: int, mode: int) -> None:
    """Give the file the permissions of the one before it, also where another writer has made it meanwhile."""
    with contextlib.suppress(PermissionError):  # it is another user's
        os.fchmod(descriptor, mode)


def _take_back(descriptor: int, size: int, error: OSError) -> None:
    try:
        os.ftruncate(descriptor, size)
    except OSError:
        raise UncertainError(error.errno, error.strerror) from None


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether *path* still names the file that was opened."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sync_folder(path: Path) -> None:
    """Put the names of the folder's files on the device."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
