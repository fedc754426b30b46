"""How a notification is put into words: what both of a mail's forms, text and HTML, are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tocsin import AlertSeverity, ListedAlert, Notification, NotificationKind, iso_time, wording
from tocsin_email.printable import cut, one_line, printable

__all__ = ["LONGEST_MESSAGE", "MOST_LISTED", "facts", "headline", "listed_alerts", "occasion", "said", "text"]

MOST_LISTED: Final = 20
"""How many alerts of a summary are listed one by one; the others are counted."""

LONGEST_MESSAGE: Final = 4_000
_LONGEST_VALUE: Final = 1_000
_LONGEST_LINE: Final = 500
_MOST_PAIRS: Final = 20
_MOST_NAMES: Final = 10
_LONGEST_HEADLINE: Final = 200


def headline(notification: Notification) -> str:
    """Return the one line that says it all: status and severity first, a level or a repeat last."""
    if notification.kind is NotificationKind.HEARTBEAT:
        return "[HEARTBEAT] tocsin is alive"
    test = "[TEST] " if notification.test else ""
    start = f"{test}[{notification.status.value.upper()}] {notification.severity.value.upper()}"
    return cut(one_line(f"{start} {wording.about(notification)}"), _LONGEST_HEADLINE) + wording.ending(notification)


def occasion(notification: Notification) -> str:
    """Return why this is told, where the headline does not say it in full."""
    if notification.test:
        return "This is a test of the channel."
    if notification.kind is NotificationKind.ESCALATION or notification.level is not None:
        level = "" if notification.level is None else f": escalation level {notification.level.value}"
        return f"Nobody has acknowledged it{level}."
    return {
        NotificationKind.MORE: "There is more of it, or it grew worse.",
        NotificationKind.REPEAT: "It is still firing.",
        NotificationKind.DIGEST: "These were held back by a limit, and are told together.",
    }.get(notification.kind, "")


def said(notification: Notification) -> str:
    """Return what the source of a single alert says, on as many lines as it does."""
    return cut(printable(notification.alerts[0].alert.message), LONGEST_MESSAGE) if notification.single else ""


def facts(notification: Notification) -> Iterator[tuple[str, str]]:
    """Yield what is known, as names and values, each on one line."""
    if notification.single:
        yield from _single(notification.alerts[0])
    elif notification.alerts:
        yield from _summary(notification)
    yield "Incident", _value(notification.incident_id)
    if notification.link:
        yield "Link", _value(notification.link)


def _single(listed: ListedAlert) -> Iterator[tuple[str, str]]:
    alert = listed.alert
    named = (("Cluster", alert.cluster_id), ("Node", alert.node_id or ""), ("Metric", alert.metric_name))
    yield from ((name, _value(value)) for name, value in named if value)
    measured = (("Value", alert.current_value), ("Threshold", alert.threshold_value))
    yield from ((name, wording.number(value)) for name, value in measured if value is not None)
    yield from _times(listed)
    if alert.labels:
        yield "Labels", _some([f"{name}={value}" for name, value in sorted(alert.labels.items())], _MOST_PAIRS)
    annotations = sorted(alert.annotations.items())
    yield from ((_value(name), _value(value)) for name, value in annotations[:_MOST_PAIRS])
    if len(annotations) > _MOST_PAIRS:
        yield "…", f"{len(annotations) - _MOST_PAIRS} more annotations"
    if alert.generator_url:
        yield "Source", _value(alert.generator_url)
    yield "Alert", _value(alert.alert_id)


def _times(listed: ListedAlert) -> Iterator[tuple[str, str]]:
    yield ("Fires since" if listed.firing else "Fired"), iso_time(listed.fired_at)
    if not listed.firing and listed.resolved_at is not None:
        yield "Resolved", iso_time(listed.resolved_at)


def _summary(notification: Notification) -> Iterator[tuple[str, str]]:
    states = ((len(notification.firing), "firing"), (len(notification.resolved), "resolved"))
    yield "Alerts", ", ".join(f"{count} {state}" for count, state in states if count)
    severities: Counter[AlertSeverity] = Counter(listed.alert.severity for listed in notification.alerts)
    yield "Severities", ", ".join(f"{severities[one]} {one.value}" for one in sorted(severities, reverse=True))
    clusters = [cluster for cluster in notification.clusters if cluster]
    if clusters:
        yield "Clusters", _some(clusters, _MOST_NAMES)
    fired = [listed.fired_at for listed in notification.alerts]
    yield "First", iso_time(min(fired))
    yield "Last", iso_time(max(fired))


def _some(names: list[str], most: int) -> str:
    rest = len(names) - most
    return _value(", ".join(names[:most])) + (f", … and {rest} more" if rest > 0 else "")


def _value(text: str) -> str:
    return cut(one_line(text), _LONGEST_VALUE)


def listed_alerts(notification: Notification) -> Iterator[tuple[ListedAlert | None, str]]:
    """Yield the alerts of a summary and one line for each; at the end, without an alert, how many more there are."""
    if notification.single:
        return
    for listed in notification.alerts[:MOST_LISTED]:
        alert = listed.alert
        start = f"[{listed.status.value.upper()}] {alert.severity.value.upper()} {alert.metric_name or 'alert'}"
        message = f": {alert.message}" if alert.message else ""
        yield listed, cut(one_line(f"{start}{wording.place(alert)}{message}"), _LONGEST_LINE)
    rest = len(notification.alerts) - MOST_LISTED
    if rest > 0:
        yield None, f"… and {rest} more"


def text(notification: Notification) -> str:
    """Return the mail as plain text."""
    parts = [headline(notification), *(part for part in (occasion(notification), said(notification)) if part)]
    parts.append("\n".join(f"{name}: {value}" for name, value in facts(notification)))
    lines = [f"- {line}" for _, line in listed_alerts(notification)]
    return "\n\n".join([*parts, *(["\n".join(lines)] if lines else [])]) + "\n"
