"""Notifications for tests: plain ones to vary, and arbitrary ones from hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tocsin import (
    AlertSeverity,
    AlertStatus,
    EscalationLevel,
    ListedAlert,
    Notification,
    NotificationKind,
    PerformanceAlert,
)

__all__ = ["NOW", "any_notification", "make_alert", "make_listed", "make_notification"]

NOW = 1_700_000_000.0
"""Seconds since the epoch: 2023-11-14T22:13:20Z."""


def make_alert(**changes: Any) -> PerformanceAlert:
    """Return an alert with *changes*."""
    fields: dict[str, Any] = {
        "alert_id": "disk-full",
        "cluster_id": "prod-eu-1",
        "severity": AlertSeverity.CRITICAL,
        "metric_name": "disk_used",
        "current_value": 97.0,
        "threshold_value": 90.0,
        "message": "/var is almost full",
        "node_id": "node-7",
        "timestamp": NOW,
        "labels": {"service": "web"},
        "annotations": {"runbook": "https://wiki.example/disk"},
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
        "notification_id": "ntf_1",
        "incident_id": "inc_1",
        "channel_id": "ops",
        "kind": NotificationKind.FIRING if firing else NotificationKind.RESOLVED,
        "status": AlertStatus.FIRING if firing else AlertStatus.RESOLVED,
        "severity": max(one.alert.severity for one in firing or alerts),
        "alerts": alerts,
        "incidents": (),
        "created_at": NOW,
    }
    return Notification(**{**fields, **changes})


_HOSTILE = st.sampled_from(
    [
        *("\r\nBcc: victim@example.org", "\n.\n", "\r\n.\r\nMAIL FROM:<x@y>\r\n", "\r.\r", "<script>alert(1)</script>"),
        *("=?utf-8?q?=0ABcc:_x?=", "\u202e", "\x00", "\ud800", "\u2028", "\x85", "From ", "\x1b[2J", "&amp;", '"><a href=x>'),
    ]
)


def _text() -> st.SearchStrategy[str]:
    short = _HOSTILE | st.text(st.characters(), max_size=8)
    long = st.builds(lambda piece, length: (piece * length)[:length], short, st.integers(1, 9_000))
    return short | long | st.builds(lambda *parts: "".join(parts), short, _HOSTILE, short)


def _any_listed() -> st.SearchStrategy[ListedAlert]:
    return st.builds(
        make_listed,
        resolved=st.booleans(),
        alert_id=_text().filter(bool),
        cluster_id=_text(),
        severity=st.sampled_from(AlertSeverity),
        metric_name=_text(),
        current_value=st.none() | st.floats() | st.integers(-(10**300), 10**300),
        message=_text(),
        node_id=st.none() | _text(),
        labels=st.dictionaries(_text(), _text(), max_size=2),
        annotations=st.dictionaries(_text(), _text(), max_size=2),
        generator_url=_text(),
    )


@st.composite
def any_notification(draw: st.DrawFn) -> Notification:
    """Any notification: one alert or many, of any kind, whatever their texts and ids."""
    listed = draw(st.lists(_any_listed(), min_size=1, max_size=2)) * draw(st.sampled_from([1, 1, 1, 15]))
    return make_notification(
        *listed,
        notification_id=draw(_text()),
        incident_id=draw(_text()),
        kind=draw(st.sampled_from(NotificationKind)),
        level=draw(st.none() | st.sampled_from(EscalationLevel)),
        created_at=draw(st.floats(allow_nan=False)),
        test=draw(st.booleans()),
    )
