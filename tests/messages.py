"""Notifications for tests of renderers and backends: plain ones to vary, and arbitrary ones from hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from tocsin.model.alert import PerformanceAlert
from tocsin.model.escalation import EscalationLevel
from tocsin.model.notification import AlertStatus, ListedAlert, Notification, NotificationKind
from tocsin.model.severity import AlertSeverity

__all__ = ["NOW", "any_notification", "any_text", "make_alert", "make_listed", "make_notification", "unhurried"]

unhurried = settings(deadline=None, max_examples=60)
"""For property tests: what they prove does not depend on how fast the machine is."""

NOW = 1_700_000_000.0
"""Seconds since the epoch: 2023-11-14T22:13:20Z."""


def make_alert(**changes: Any) -> PerformanceAlert:
    """Return an alert like the guide's, with *changes*."""
    fields: dict[str, Any] = {
        "alert_id": "manual-001",
        "cluster_id": "prod-web-01",
        "severity": AlertSeverity.CRITICAL,
        "metric_name": "cpu_usage",
        "current_value": 85.0,
        "threshold_value": 80.0,
        "message": "High CPU usage detected",
        "node_id": "node-7",
        "timestamp": NOW,
        "labels": {"service": "web"},
        "annotations": {"runbook": "https://wiki.example/cpu"},
    }
    return PerformanceAlert(**{**fields, **changes})


def make_listed(*, resolved: bool = False, **changes: Any) -> ListedAlert:
    """Return a listed alert that fires, or has *resolved* a minute later."""
    status = AlertStatus.RESOLVED if resolved else AlertStatus.FIRING
    return ListedAlert(make_alert(**changes), status, 1, NOW, NOW + 60 if resolved else None)


def make_notification(*listed: ListedAlert, **changes: Any) -> Notification:
    """Return a notification of *listed* (by default one firing alert), with *changes*."""
    alerts = listed or (make_listed(),)
    firing = [one for one in alerts if one.firing]
    fields: dict[str, Any] = {
        "notification_id": "ntf-1",
        "incident_id": "inc-1",
        "channel_id": "ops",
        "kind": NotificationKind.FIRING if firing else NotificationKind.RESOLVED,
        "status": AlertStatus.FIRING if firing else AlertStatus.RESOLVED,
        "severity": max(one.alert.severity for one in firing or alerts),
        "alerts": alerts,
        "incidents": (),
        "created_at": NOW,
    }
    return Notification(**{**fields, **changes})


def _short_text() -> st.SearchStrategy[str]:
    hostile = st.sampled_from(
        ["<!channel>", "&amp;&", "\x1b[2J", "[red]x[/red]", "\r\n", '"}', "\\", "\u202e", "\x00", "\ud800", "😀"]
    )
    return hostile | st.text(st.characters(), max_size=8)


def any_text() -> st.SearchStrategy[str]:
    """Any string at all: control characters, halves of surrogate pairs, and sometimes very long ones."""
    short = _short_text()
    return short | st.builds(lambda piece, length: (piece * length)[:length], short, st.integers(1, 7000))


def _any_number() -> st.SearchStrategy[float | None]:
    return st.none() | st.floats() | st.integers(-(10**300), 10**300)


def _any_listed() -> st.SearchStrategy[ListedAlert]:
    labels = st.dictionaries(_short_text(), any_text(), max_size=2)
    return st.builds(
        make_listed,
        resolved=st.booleans(),
        alert_id=_short_text().filter(bool),
        cluster_id=any_text(),
        severity=st.sampled_from(AlertSeverity),
        metric_name=any_text(),
        current_value=_any_number(),
        threshold_value=_any_number(),
        message=any_text(),
        node_id=st.none() | _short_text(),
        timestamp=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        labels=labels,
        annotations=labels,
    )


@st.composite
def any_notification(draw: st.DrawFn) -> Notification:
    """Any notification: one alert or many, of any kind, whatever their texts."""
    listed = draw(st.lists(_any_listed(), min_size=1, max_size=2)) * draw(st.sampled_from([1, 1, 1, 15]))
    return make_notification(
        *listed,
        kind=draw(st.sampled_from(NotificationKind)),
        level=draw(st.none() | st.sampled_from(EscalationLevel)),
        incident_id=draw(_short_text()),
        test=draw(st.booleans()),
    )
