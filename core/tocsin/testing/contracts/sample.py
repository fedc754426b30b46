"""Entries for tests of stores: small, and with an id of any kind."""

from __future__ import annotations

from typing import Final

from tocsin.journal import ConfigurationChanged, Entry, Restarted
from tocsin.model.alert import PerformanceAlert
from tocsin.model.delivery import NotificationDelivery
from tocsin.model.event import (
    AlertRouted,
    AttemptFinished,
    FactAccepted,
    GapRecorded,
    LevelReached,
    NotificationChanged,
    TellingDecided,
)
from tocsin.model.facts import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    AttemptEnded,
    Escalated,
    GapFound,
    Noted,
    Snoozed,
)
from tocsin.model.gap import Gap
from tocsin.model.notification import NotificationState
from tocsin.model.outcome import Outcome
from tocsin.model.reason import Action, GapKind, Reason
from tocsin.model.severity import AlertSeverity

__all__ = ["STRANGE", "entry", "full_entry"]

STRANGE: Final = {
    "lone surrogate": "\ud800 and \udfff",
    "NUL": "nul\x00 inside",
    "emoji": "🔔 ŝ ﷽",
    "quotes": "'\"; DROP TABLE journal; --\\",
    "line breaks": "a\r\nb\u2028c\u0085",
    "blank": "   ",
    "a megabyte": "x" * 2**20,
}
"""Ids that are legal, by what is strange about them."""


def entry(ordinal: int, *alert_ids: str, wall_time: float | None = None, configuration: str = "") -> Entry:
    """Return an entry in which each of the alerts fired (none given: ``a0``) and was routed.

    Its wall time is the ordinal in seconds after an instant in 2023, unless another is given.
    """
    wall = 1_700_000_000.0 + ordinal if wall_time is None else wall_time
    facts = tuple(
        AlertFired(PerformanceAlert(alert_id, "prod-1", AlertSeverity.ERROR, "cpu", 1.5, 1.0, "hot", timestamp=wall))
        for alert_id in alert_ids or ("a0",)
    )
    events = tuple(FactAccepted(float(ordinal), fact) for fact in facts)
    routed = tuple(
        AlertRouted(float(ordinal), fact.alert.alert_id, 1, f"i-{ordinal}", ("r1",), ("ops",), None) for fact in facts
    )
    return Entry(ordinal, float(ordinal), wall, facts, events + routed, configuration, 1)


def full_entry(ordinal: int, name: str = "a0") -> Entry:
    """Return an entry with inputs and events of many kinds; *name* is in every place that takes any text."""
    outcome = Outcome.unavailable(name, retry_after_seconds=2.0)
    fired = AlertFired(
        PerformanceAlert(
            name, name, AlertSeverity.CRITICAL, name, 2**70, -0.0, name, labels={name: name}, annotations={name: name}
        )
    )
    inputs = (
        ConfigurationChanged("c1"),
        Restarted(frozenset({"n1", "n2"})),
        fired,
        Acknowledged(name, name, name, 60.0),
        Snoozed(name, 1e-9, name),
        Escalated(name, name, name),
        Noted(name, name, name),
        AlertResolved(name, name),
        AttemptEnded("n1", 2, outcome, 0.25),
        GapFound(GapKind.OBSERVER_FAILED, name, name),
    )
    delivery = NotificationDelivery(
        delivery_id="n1/1",
        notification_id="n1",
        incident_id="i1",
        channel_id="ops",
        alert_id=name,
        kind="firing",
        status="retrying",
        outcome="unavailable",
        success=False,
        timestamp=1e9,
        delivery_time_ms=0.1,
        retry_count=0,
        response_message=name,
        alert_ids=(name, "other"),
    )
    events = (
        FactAccepted(1.0, fired),
        AlertRouted(1.0, name, 3, "i1", ("r1", "r2"), (), "p1"),
        TellingDecided(1.0, name, 3, "i1", "ops", Action.NOTIFY, Reason.ROUTED, None),
        NotificationChanged(1.0, "n1", "i1", "ops", "firing", NotificationState.QUEUED, None, 1, (name,), name),
        AttemptFinished(1.0, delivery),
        LevelReached(1.0, "i1", "p1", "first", ("ops", name)),
        GapRecorded(1.0, Gap(GapKind.OBSERVER_FAILED, name, name, 2, 1.0, 2.0)),
    )
    return Entry(ordinal, 0.1 + 0.2, 1e9 + ordinal, inputs, events, "c1", 7)
