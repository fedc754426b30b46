"""Observers: told of every event after its commit; one that raises harms nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tocsin.model.event import Event
from tocsin.model.facts import Fact, GapFound
from tocsin.model.reason import GapKind
from tocsin.registry import Registry
from tocsin.runtime.failure import describe_failure

__all__ = ["Observers"]


class Observers:
    """Observers of the service's own, then the registered ones, in order of name."""

    def __init__(self, registry: Registry, own: Iterable[tuple[str, Callable[[Event], None]]] = ()) -> None:
        self._observers = [*own]
        self._observers += [(name, registration.spec.observer) for name, registration in registry.observers.items()]

    def tell(self, events: Iterable[Event]) -> list[Fact]:
        """Tell each observer of each event; return what raised, as gaps."""
        gaps: list[Fact] = []
        if not self._observers:
            return gaps
        for event in events:
            for name, observer in self._observers:
                try:
                    observer(event)
                except Exception as error:  # noqa: BLE001  an observer that raises harms nobody, and is a gap
                    gaps.append(GapFound(GapKind.OBSERVER_FAILED, name, describe_failure(error)))
        return gaps
