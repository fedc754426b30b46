"""The backend ``file``: each notification as one line."""

from __future__ import annotations

import errno
import os
import threading
from typing import Final

import anyio
import anyio.to_thread
import attrs

from tocsin import BackendContext, Notification, Outcome
from tocsin_file.log_file import LogFile, UncertainError
from tocsin_file.record import record
from tocsin_file.settings import FileConfig

__all__ = ["CONCURRENCY", "HARD_TIMEOUT", "FileBackend"]

CONCURRENCY: Final = 4

PATIENCE_SECONDS: Final = 8.0
HARD_TIMEOUT: Final = 10.0
"""Seconds after which the runtime ends an attempt; the backend's own patience ends before, since it knows more."""


class _GivenUpError(Exception):
    """Nobody waits for this line any more."""


@attrs.define(slots=True, eq=False)
class _Attempt:
    """A line on its way. Of one that is given up it is certain whether it was begun; one that was not never will be."""

    file: LogFile
    line: bytes
    _lock: threading.Lock = attrs.field(factory=threading.Lock)
    _begun: bool = False
    _given_up: threading.Event = attrs.field(factory=threading.Event)

    def write(self) -> str:
        """Append the line; blocks as long as the device does, and until it is given up while somebody else writes."""
        return self.file.append(self.line, self._begin, self._wait)

    def give_up(self) -> bool:
        """Let it not begin any more, and return whether it has."""
        with self._lock:
            self._given_up.set()
            return self._begun

    def _begin(self) -> None:
        with self._lock:
            if self._given_up.is_set():
                raise _GivenUpError
            self._begun = True

    def _wait(self, seconds: float) -> None:
        if self._given_up.wait(seconds):
            raise _GivenUpError


class FileBackend:
    """Appends to one file, in worker threads, for a device may keep a write waiting. Nothing stays open in between."""

    def __init__(self, config: FileConfig, context: BackendContext) -> None:
        self._file = LogFile(config.path, config.max_bytes, config.keep, config.fsync)
        self._threads = anyio.CapacityLimiter(CONCURRENCY)

    async def send(self, notification: Notification) -> Outcome:
        """Append *notification*; whatever is wrong with the file may be put right, so nothing is *rejected*."""
        attempt = _Attempt(self._file, record(notification))
        try:
            with anyio.move_on_after(PATIENCE_SECONDS):
                remark = await anyio.to_thread.run_sync(attempt.write, abandon_on_cancel=True, limiter=self._threads)
                return Outcome.delivered(self._said(remark or "written"))
        except UncertainError as error:
            return Outcome.unknown(self._said(f"{_reason(error)}; part of the line may be there"))
        except OSError as error:
            return Outcome.unavailable(self._said(_reason(error)))
        finally:
            begun = attempt.give_up()
        limit = f"more than {PATIENCE_SECONDS:g} s"
        if begun:
            return Outcome.unknown(self._said(f"the device takes {limit}; the line may be there"))
        return Outcome.unavailable(self._said(f"somebody else has it locked, or the device is stuck, for {limit}"))

    def _said(self, what: str) -> str:
        return f"{self._file.path}: {what}"


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "its folder does not exist"
    return error.strerror or os.strerror(error.errno or 0)
