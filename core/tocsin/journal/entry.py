"""An entry: one commit of one engine, with everything that is needed to decide it again."""

from __future__ import annotations

import attrs

from tocsin.model.event import AlertRouted, AttemptFinished, Event, FactAccepted, LevelReached, TellingDecided
from tocsin.model.event import NotificationChanged as Changed
from tocsin.model.facts import Acknowledged, AlertFired, AlertResolved, Escalated, Fact, Noted, Snoozed

__all__ = ["ConfigurationChanged", "Entry", "Input", "Restarted", "subjects"]


@attrs.frozen(slots=True)
class ConfigurationChanged:
    """From here on the configuration of that digest is in force; the store keeps it under the digest."""

    digest: str


@attrs.frozen(slots=True)
class Restarted:
    """The process or its event loop ended and goes on: what was under way is *unknown* and is tried again.

    ``waiting`` are notifications whose attempt was decided and certainly not begun: they are left alone.
    """

    waiting: frozenset[str] = frozenset()


Input = Fact | ConfigurationChanged | Restarted


@attrs.frozen(slots=True)
class Entry:
    """One batch: what was taken in at one instant, in order, and what was decided from it.

    ``ordinal`` counts the entries of one store from 1, without holes. The instants are the step's, in seconds: engine
    time, and wall time since the epoch (UTC). ``configuration`` is the digest of the configuration in force after it,
    ``engine`` the version of the rules of decision: the same state and inputs lead to the same events while it is the
    same. Inputs that changed nothing are left out.
    """

    ordinal: int
    engine_time: float
    wall_time: float
    inputs: tuple[Input, ...]
    events: tuple[Event, ...]
    configuration: str = ""
    engine: int = 0


def subjects(entry: Entry) -> set[str]:
    """Return the ids of the alerts that the entry is about, and of incidents where it names no alert of them."""
    found: set[str] = set()
    for item in entry.inputs:
        match item:
            case AlertFired(alert):
                found.add(alert.alert_id)
            case AlertResolved(alert_id):
                found.add(alert_id)
            case Acknowledged(target) | Snoozed(target) | Escalated(target) | Noted(target):
                found.add(target)
    for event in entry.events:
        match event:
            case AlertRouted() | TellingDecided():
                found.add(event.alert_id)
            case AttemptFinished(delivery=delivery):
                found.update(delivery.alert_ids or (delivery.incident_id,))
            case Changed():
                found.update(event.alert_ids or (event.incident_id,))
            case LevelReached():
                found.add(event.incident_id)
            case FactAccepted() | _:
                pass
    return found
