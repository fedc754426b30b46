"""Which commit brought what an alert says now: that is what the notifications about it lead back to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.trace import SpanContext

from tocsin import AlertFired, AlertResolved, Fact

__all__ = ["Causes", "alert_of"]

_MOST: Final = 20_000
"""Alerts that are remembered; the one that longest had nothing new is forgotten first."""


def alert_of(fact: Fact) -> str | None:
    """Return the id of the alert that *fact* reports, or None where it reports none."""
    if isinstance(fact, AlertFired):
        return fact.alert.alert_id
    return fact.alert_id if isinstance(fact, AlertResolved) else None


class Causes:
    """The contexts of the spans of commits, by alert.

    :meth:`taken` and :meth:`of` are called by one thread at a time, as observers are.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._under_way: dict[str, SpanContext] = {}
        self._known: dict[str, SpanContext] = {}

    @contextmanager
    def committing(self, alert_ids: Iterable[str], context: SpanContext) -> Iterator[None]:
        """Note who reports the alerts for as long as the block runs."""
        noted = dict.fromkeys(alert_ids, context)
        self._under_way |= noted
        try:
            yield
        finally:
            for alert_id in noted:
                if self._under_way.get(alert_id) is context:
                    del self._under_way[alert_id]

    def taken(self, alert_id: str) -> None:
        """What is reported of an alert just now is new, and was committed."""
        context = self._under_way.get(alert_id)
        self._known.pop(alert_id, None)
        if context is None:  # nobody from outside reported it: its time was over
            return
        self._known[alert_id] = context
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]

    def of(self, alert_ids: Iterable[str]) -> list[SpanContext]:
        """Return what brought the alerts, each once."""
        found = (self._known.get(alert_id) for alert_id in alert_ids)
        return list({context.span_id: context for context in found if context is not None}.values())
