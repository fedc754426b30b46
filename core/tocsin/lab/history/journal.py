"""A history that a store kept: its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tocsin.engine.machine import ENGINE_VERSION
from tocsin.journal import Entry
from tocsin.lab.history.history import History, Recording
from tocsin.lab.moment import AttemptKey, Moment, key_of
from tocsin.lab.receivers import Recorded
from tocsin.model.event import NotificationChanged
from tocsin.model.facts import AttemptEnded
from tocsin.model.notification import NotificationState
from tocsin.model.outcome import Outcome

__all__ = ["history_of_entries"]


def history_of_entries(
    entries: Callable[[], Iterable[Entry]],
    configurations: Callable[[str], Mapping[str, Any] | None],
    seed: int,
) -> History:
    """Return the history of a journal's entries, which are gone through once at once.

    :param entries: begins anew with each call.
    :param configurations: the configurations that were kept, by digest, as plain data.
    :param seed: the engine's, which the store's records have.
    """
    ended: dict[AttemptKey, tuple[float, Outcome]] = {}
    begun: set[AttemptKey] = set()
    first: Entry | None = None
    last = others = 0
    for entry in entries():
        first, last = first or entry, entry.ordinal
        others += entry.engine != ENGINE_VERSION
        for item in entry.inputs:
            if isinstance(item, AttemptEnded):
                ended[key_of(item)] = entry.engine_time, item.outcome
        for event in entry.events:
            if isinstance(event, NotificationChanged) and event.state is NotificationState.SENDING:
                begun.add((event.notification_id, event.attempt))
    remarks = []
    if first is not None and first.ordinal > 1:
        remarks.append(
            f"the journal begins with entry {first.ordinal}: what fired or was silenced before it is not known"
        )
    if others:
        remarks.append(f"{others} entries were decided by another version of the engine, which may have done otherwise")
    recording = Recording(
        Recorded(ended, frozenset(begun)), configurations, "" if first is None else first.configuration
    )
    return History(lambda: _moments(entries(), last), seed, recording, tuple(remarks))


def _moments(entries: Iterable[Entry], last: int) -> Iterator[Moment]:
    """Yield the entries' moments, up to the last one that was there at first: a service may go on writing meanwhile."""
    for entry in entries:
        if entry.ordinal > last:
            return
        yield Moment(entry.engine_time, entry.wall_time, entry.inputs, entry.configuration)
