"""The backends in use: made when their channel first sends, kept while its settings stay, left once nobody sends."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
import anyio.abc
import attrs

from tocsin.engine.plan import ChannelPlan
from tocsin.roles.backend import Backend, BackendContext

__all__ = ["Backends"]

_log: Final = logging.getLogger("tocsin.runtime")


@attrs.define(slots=True, eq=False)
class _Open:
    """A backend in use by so many attempts; ``closed`` lets its context end."""

    plan: ChannelPlan
    backend: Backend
    users: int = 0
    replaced: bool = False
    closed: anyio.Event = attrs.field(factory=anyio.Event)

    def serves(self, channel: ChannelPlan) -> bool:
        """Whether it is what the channel, as it is configured there, is to be sent through."""
        mine = self.plan
        return mine is channel or (mine.spec is channel.spec and mine.channel.config == channel.channel.config)

    def close_if_unused(self) -> None:
        if self.replaced and not self.users:
            self.closed.set()


class Backends:
    """Lends each attempt its channel's backend. Contexts live in *tasks*, each in one task from beginning to end."""

    def __init__(self, tasks: anyio.abc.TaskGroup) -> None:
        self._tasks = tasks
        self._open: dict[str, _Open] = {}
        self._opening: dict[str, anyio.Lock] = {}

    @asynccontextmanager
    async def lent(self, channel: ChannelPlan) -> AsyncIterator[Backend]:
        """Give the channel's backend for one attempt. One that is replaced meanwhile serves it to its end.

        Whatever making or entering the backend raises goes through.
        """
        opened = await self._taken(channel)
        try:
            yield opened.backend
        finally:
            opened.users -= 1
            opened.close_if_unused()

    def close(self) -> None:
        """Let every backend's context end."""
        for opened in self._open.values():
            opened.closed.set()

    async def _taken(self, channel: ChannelPlan) -> _Open:
        channel_id = channel.channel.channel_id
        async with self._opening.setdefault(channel_id, anyio.Lock()):
            known = self._open.get(channel_id)
            if known is None or not known.serves(channel):
                self._open[channel_id] = await self._opened(channel)
                if known is not None:
                    known.replaced = True
                    known.close_if_unused()
            opened = self._open[channel_id]
            opened.users += 1
        return opened

    async def _opened(self, channel: ChannelPlan) -> _Open:
        backend = channel.spec.factory(channel.settings, BackendContext(channel.channel.channel_id))
        opened = _Open(channel, backend)
        if hasattr(backend, "__aenter__"):
            await self._tasks.start(self._hold, opened)
        return opened

    async def _hold(self, opened: _Open, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        entered = False
        try:
            async with opened.backend:  # type: ignore[attr-defined]  # __aenter__ was looked up
                entered = True
                task_status.started()
                await opened.closed.wait()
        except Exception as error:  # a backend's own context raised
            if not entered:
                raise
            _log.warning("the backend of %s: leaving raised %s", opened.plan.channel.channel_id, type(error).__name__)
