"""The pulse: wakes who waits for something to be committed. An observer of the service, called from any thread."""

from __future__ import annotations

import asyncio
import contextlib

import anyio

from tocsin import Event

__all__ = ["Pulse"]


class Pulse:
    """Rings after each commit, and for good once it is closed. ``closed`` says that who waits is to end."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rung = anyio.Event()
        self._ringing = False
        self.closed = False

    def __call__(self, event: Event) -> None:
        """Take note that something happened."""
        if self._loop is not None and not self._ringing:
            self._ringing = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                self._loop.call_soon_threadsafe(self._ring)

    def next(self) -> anyio.Event:
        """Return what is set when something is committed from now on. Called in the event loop."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._rung = anyio.Event()
        return self._rung

    def close(self) -> None:
        """Let everybody who waits end. Called in the event loop."""
        self.closed = True
        self._rung.set()

    def _ring(self) -> None:
        self._ringing = False
        rung, self._rung = self._rung, anyio.Event()
        rung.set()
        if self.closed:
            self._rung.set()
