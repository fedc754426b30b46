"""Observers: told of every event after its commit; one that raises harms nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tocsin.model.event import Event
from tocsin.model.facts import Fact, GapFound
from tocsin.model.reason import GapKind
from tocsin.registry import Registry
from tocsin.runtime.failure import describe_failure
from tocsin.runtime.logbook import noted, write

__all__ = ["Observers"]


class Observers:
    """The logbook, then the registered observers, in order of name."""

    def __init__(self, registry: Registry) -> None:
        self._observers = [(name, registration.spec.observer) for name, registration in registry.observers.items()]

    def tell(self, events: Sequence[Event]) -> list[Fact]:
        """Tell each observer of each event; return what raised, as gaps."""
        gaps = _tell(noted(events), [("logging", write)])
        if self._observers:
            gaps += _tell(events, self._observers)
        return gaps


def _tell(events: Iterable[Event], observers: Sequence[tuple[str, Callable[[Event], None]]]) -> list[Fact]:
    gaps: list[Fact] = []
    for event in events:
        for name, observer in observers:
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001  an observer that raises harms nobody, and is a gap
                gaps.append(GapFound(GapKind.OBSERVER_FAILED, name, describe_failure(error)))
    return gaps
