"""Notifications for tests of backends, renderers and templates: a plain one to vary, one of each kind, hostile ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from tocsin.model.alert import PerformanceAlert
from tocsin.model.escalation import EscalationLevel
from tocsin.model.incident import AggregatedAlert
from tocsin.model.notification import AlertStatus, ListedAlert, Notification, NotificationKind
from tocsin.model.severity import AlertSeverity

__all__ = ["HOSTILE", "NOW", "hostile_alert", "make_alert", "make_listed", "make_notification", "of_each_kind"]

NOW: Final = 1_700_000_000.0
"""Seconds since the epoch: 2023-11-14T22:13:20Z."""

HOSTILE: Final[Mapping[str, str]] = {
    "lone surrogate": "\ud800 and \udfff",
    "NUL": "nul\x00 inside",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x85\x9b",
    "terminal escape": "\x1b[2J\x1b]0;owned\x07",
    "right to left": "\u202etxt.exe\u2066\u2069\u200f",
    "line breaks": "a\r\nb\nc\u2028d\u2029e",
    "header injection": "x\r\nBcc: everybody@example.org\r\n\r\nbody\r\n.\r\n",
    "quotes": '\'"`; DROP TABLE alerts; --\\ \\" \\u0000 ]]>',
    "markup": "<script>alert(1)</script> <b>x</b> &amp; &lt; [red]x[/red] *b* _i_ ~s~ `c` [x](javascript:alert(1))",
    "mentions": "@everyone @here @room <!channel> <!here> <@U1> <@&1> @all",
    "placeholders": "{severity} {{}} {0} %s %(x)s ${x} {{ x }} $(id) `id`",
    "emoji": "🔔👩‍🚒🏳️‍🌈 ŝ ﷽ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "blank": " \t  ",
    "path": "../../../etc/passwd?x=1#y%00%2e/",
    "very long": "long " * 8_000,
    "one very long word": "x" * 40_000,
}
"""Texts that an alert may hold, by what is nasty about them."""


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


def hostile_alert(text: str, mark: str) -> PerformanceAlert:
    """Return an alert with *text* in every place that takes any text; *mark* stands before it in its metric's name."""
    return make_alert(
        alert_id=f"{mark}{text}",
        cluster_id=text,
        metric_name=f"{mark} {text}",
        message=f"{text} {mark}",
        node_id=text,
        labels={text: text, "service": text},
        annotations={text: text, "summary": text},
        generator_url=text,
    )


def of_each_kind(message: str) -> dict[str, Notification]:
    """Return one notification of each kind, of one incident (a digest's are several), by what it is.

    Each lists alerts that say *message*, as the engine would make it; the first one and ``resolved`` are about the
    same alert.
    """
    first = make_listed(message=message)
    second = make_listed(alert_id="manual-002", cluster_id="prod-web-02", severity="emergency", message=message)
    ended = make_listed(message=message, resolved=True)
    many = [make_listed(alert_id=f"m-{number}", cluster_id=f"prod-{number}", message=message) for number in range(300)]
    several = [*many, make_listed(alert_id="m-300", message=message, resolved=True)]
    kinds = NotificationKind
    made = {
        "firing": _told(kinds.FIRING, first),
        "more": _told(kinds.MORE, second, first),
        "escalation": _told(kinds.ESCALATION, first, level=EscalationLevel.FINAL, policy_id="critical"),
        "repeat": _told(kinds.REPEAT, first, ended),
        "resolved": _told(kinds.RESOLVED, ended),
        "digest": _told(kinds.DIGEST, *several),
        "heartbeat": _told(kinds.HEARTBEAT, first, incident_id="inc-heartbeat"),
        "test": _told(kinds.FIRING, first, test=True, incident_id="inc-test"),
    }
    return {name: attrs.evolve(one, notification_id=f"ntf-{name}") for name, one in made.items()}


def _told(kind: NotificationKind, *listed: ListedAlert, **changes: Any) -> Notification:
    severity = max(one.alert.severity for one in listed)
    clusters = frozenset(one.alert.cluster_id for one in listed)
    firing = sum(one.firing for one in listed)
    alert = listed[0].alert
    incident = AggregatedAlert(
        "inc-1", len(listed), alert.metric_name, clusters, severity, alert, alert, NOW, NOW, firing_count=firing
    )
    incidents = () if kind is NotificationKind.HEARTBEAT else (incident,)
    return make_notification(*listed, kind=kind, incidents=incidents, **changes)
