"""The role of a source: it finds out what is wrong and submits it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tocsin.model.facts import Fact

__all__ = ["Source", "SourceFactory", "Submit"]

Submit = Callable[..., Awaitable[Any]]
"""``await submit(*facts)``: the service's own door."""


class Source(Protocol):
    """Runs beside the service for as long as it runs, and submits facts. It may wait for anything but must end
    when it is cancelled; what it raises is recorded as a gap, and it is not started again."""

    async def run(self, submit: Callable[[Fact], Awaitable[Any]]) -> None:
        """Submit facts until cancelled."""
        ...


class SourceFactory(Protocol):
    """Makes a source from its checked config; it must not do I/O."""

    def __call__(self, config: Any, /) -> Source:
        """Return the source."""
        ...
