"""The two pipes to a program: what it reads is fed in, what it says on either stream is taken, for as long as it runs.

Neither the event loops' own streams nor threads: a grandchild that keeps a pipe's other end open must not keep anything
of ours waiting, nor open.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
import anyio.lowlevel
import attrs

__all__ = ["Pipes", "open_pipes"]

_PIECE = 65_536
_MOST_LEFT = 16 * _PIECE
"""Bytes that are read, after the program ended, of what lies in the pipe; a pipe holds no more."""


@attrs.define(slots=True, eq=False)
class Pipes:
    """``stdin`` and ``output`` are the program's ends; ours do not block."""

    stdin: int
    output: int
    _feed: int
    _said: int

    def hand_over(self) -> None:
        """Close the program's ends, which it has by now, so that either side sees the end of what the other says."""
        for name in ("stdin", "output"):
            if getattr(self, name) >= 0:
                os.close(getattr(self, name))
                setattr(self, name, -1)

    async def feed(self, content: bytes) -> None:
        """Write *content* and the end of it; a program that does not read it is none of our business."""
        rest = memoryview(content)
        with contextlib.suppress(BrokenPipeError):
            while rest:
                try:
                    rest = rest[os.write(self._feed, rest[:_PIECE]) :]
                except BlockingIOError:
                    await anyio.wait_writable(self._feed)
        os.close(self._feed)
        self._feed = -1

    async def take(self, take: Callable[[bytes], None]) -> None:
        """Give *take* what the program says, until nobody can say any more."""
        while True:
            try:
                said = os.read(self._said, _PIECE)
            except BlockingIOError:
                await anyio.wait_readable(self._said)
                continue
            if not said:
                return
            take(said)
            await anyio.lowlevel.checkpoint()

    def take_rest(self, take: Callable[[bytes], None]) -> None:
        """Give *take* what lies in the pipe already, without waiting."""
        left = _MOST_LEFT
        with contextlib.suppress(BlockingIOError):
            while left > 0 and (said := os.read(self._said, _PIECE)):
                take(said)
                left -= len(said)

    def close(self) -> None:
        """Close what is still open."""
        self.hand_over()
        for name in ("_feed", "_said"):
            if getattr(self, name) >= 0:
                os.close(getattr(self, name))
                setattr(self, name, -1)


@contextmanager
def open_pipes() -> Iterator[Pipes]:
    """Give the pipes of one run.

    :raises OSError: when this process may open no more.
    """
    stdin, feed = os.pipe()
    try:
        said, output = os.pipe()
    except OSError:
        os.close(stdin)
        os.close(feed)
        raise
    pipes = Pipes(stdin, output, feed, said)
    try:
        os.set_blocking(feed, False)
        os.set_blocking(said, False)
        yield pipes
    finally:
        pipes.close()
