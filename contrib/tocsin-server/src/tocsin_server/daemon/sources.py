"""The sources: each runs beside the service, is reported when it fails, and is made anew when its settings change."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import anyio
import anyio.abc

from tocsin import (
    Clock,
    ConfigurationError,
    GapFound,
    GapKind,
    Registry,
    ServiceClosed,
    Source,
    StoreError,
)

__all__ = ["Sources"]

_log: Final = logging.getLogger("tocsin")

Wanted = Mapping[str, tuple[str, Any]]
"""By name: the kind of the source, and its checked settings."""


_AGAIN_SECONDS: Final = 10.0

Made = Mapping[str, Source]
"""The sources of some settings, by name."""


class Sources:
    """The sources of a daemon.

    :param submit: the service's door.
    """

    def __init__(self, registry: Registry, submit: Callable[..., Awaitable[Any]], clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        self._submit = submit
        self._running: dict[str, tuple[tuple[str, Any], anyio.CancelScope]] = {}
        self._stopped: set[str] = set()

    @property
    def stopped(self) -> list[str]:
        """The names of those that failed, and do not run until a reload starts them again."""
        return sorted(self._stopped)

    @property
    def running(self) -> dict[str, str]:
        """The kinds of those that run, by name."""
        return {name: kind for name, ((kind, _), _) in sorted(self._running.items())}

    def make(self, wanted: Wanted) -> Made:
        """Return the sources of these settings; none of them runs yet.

        :raises ConfigurationError: for one that cannot work here.
        """
        made = {}
        for name, (kind, settings) in wanted.items():
            try:
                made[name] = self._registry.sources[kind].spec.factory(settings)
            except ConfigurationError as error:
                raise error.within(f"sources.{name}") from None
        return made

    def want(self, tasks: anyio.abc.TaskGroup, wanted: Wanted, made: Made) -> None:
        """Run these from now on, as they were made; those that run with the same settings go on."""
        for name, (known, scope) in list(self._running.items()):
            if wanted.get(name) != known:
                scope.cancel()
                del self._running[name]
        self._stopped.clear()
        for name, chosen in wanted.items():
            if name not in self._running:
                scope = anyio.CancelScope()
                self._running[name] = chosen, scope
                tasks.start_soon(self._run, name, made[name], scope)

    async def _run(self, name: str, source: Source, scope: anyio.CancelScope) -> None:
        with scope:
            while True:
                try:
                    await source.run(self._submit)
                except StoreError as error:
                    _log.error("the source %r could not hand on what it found, and begins again: %s", name, error)
                    await self._clock.sleep_until(self._clock.now() + _AGAIN_SECONDS)
                except Exception as error:  # noqa: BLE001  a source may raise anything; it is a gap, and the others run
                    await self._failed(name, error)
                    return
                else:
                    return

    async def _failed(self, name: str, error: Exception) -> None:
        """Record that a source failed; the next reload makes it anew."""
        _log.error("the source %r failed: %s; a reload starts it again", name, type(error).__name__)
        del self._running[name]
        self._stopped.add(name)
        with suppress(StoreError, ServiceClosed):
            await self._submit(GapFound(GapKind.PLUGIN_FAILED, name, f"the source raised {type(error).__name__}"))
