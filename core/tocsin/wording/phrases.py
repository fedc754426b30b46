"""How notifications are put into words, shared by every form that a person reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from tocsin.model.alert import PerformanceAlert
from tocsin.model.notification import ListedAlert, Notification, NotificationKind
from tocsin.model.severity import AlertSeverity
from tocsin.model.template import iso_time

__all__ = [
    "MOST_LISTED",
    "about",
    "alert_line",
    "clusters_line",
    "counted",
    "ending",
    "facts",
    "headline",
    "ids_line",
    "labels_line",
    "level_line",
    "number",
    "one_line",
    "place",
    "severities_line",
    "shown_alerts",
    "span_line",
    "state_line",
    "values_line",
]

MOST_LISTED: Final = 20
"""How many alerts of a summary are listed one by one; the others are counted."""

_MOST_CLUSTERS: Final = 10


def one_line(text: str) -> str:
    """Return *text* with every run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def number(value: float) -> str:
    """Return a measured value for people: 85.0 as 85."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else str(float(value))


def counted(count: int, noun: str) -> str:
    """Return ``1 alert`` or ``3 alerts``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def headline(notification: Notification) -> str:
    """Return the one line that says it all: status and severity first, a level or a repeat last."""
    test = "[TEST] " if notification.test else ""
    if notification.kind is NotificationKind.HEARTBEAT:
        return f"{test}[HEARTBEAT] tocsin is alive"
    start = f"{test}[{notification.status.value.upper()}] {notification.severity.value.upper()}"
    return one_line(f"{start} {about(notification)}{ending(notification)}")


def about(notification: Notification) -> str:
    """Return what it is about and where, as a headline has it after the severity."""
    metrics = sorted({listed.alert.metric_name for listed in notification.alerts if listed.alert.metric_name})
    what = metrics[0] if len(metrics) == 1 else f"{len(metrics)} metrics" if metrics else "alert"
    if notification.single:
        return what + place(notification.alerts[0].alert)
    resolved = len(notification.resolved)
    healed = f", {resolved} resolved," if resolved and notification.firing else ""
    clusters = counted(len(notification.clusters), "cluster")
    return f"{what}: {counted(len(notification.alerts), 'alert')}{healed} in {clusters}"


def place(alert: PerformanceAlert) -> str:
    """Return `` on CLUSTER``, or the node where no cluster is known; nothing where neither is."""
    where = alert.cluster_id or alert.node_id
    return f" on {where}" if where else ""


def ending(notification: Notification) -> str:
    """Return what ends a headline: an escalation level, a repeat or a digest, in parentheses; mostly nothing."""
    if notification.level is not None:
        return f" (escalation: {notification.level.value})"
    return {
        NotificationKind.ESCALATION: " (escalation)",
        NotificationKind.REPEAT: " (repeat: still firing)",
        NotificationKind.DIGEST: " (digest)",
    }.get(notification.kind, "")


def values_line(alert: PerformanceAlert) -> str:
    """Return ``value 85, threshold 80``, as far as they are known."""
    known = (("value", alert.current_value), ("threshold", alert.threshold_value))
    return ", ".join(f"{name} {number(value)}" for name, value in known if value is not None)


def span_line(listed: ListedAlert) -> str:
    """Return since when an alert fires, or from when to when it fired."""
    if listed.firing or listed.resolved_at is None:
        return f"since {iso_time(listed.fired_at)}"
    return f"fired {iso_time(listed.fired_at)}, resolved {iso_time(listed.resolved_at)}"


def alert_line(listed: ListedAlert) -> str:
    """Return one alert on one line."""
    alert = listed.alert
    start = (
        f"[{listed.status.value.upper()}] {alert.severity.value.upper()} {alert.metric_name or 'alert'}{place(alert)}"
    )
    values = values_line(alert)
    return one_line(f"{start}{f': {alert.message}' if alert.message else ''}{f' ({values})' if values else ''}")


def state_line(notification: Notification) -> str:
    """Return how many of a summary's alerts fire, and how many have resolved."""
    counts = ((len(notification.firing), "firing"), (len(notification.resolved), "resolved"))
    return ", ".join(f"{count} {state}" for count, state in counts if count)


def severities_line(notification: Notification) -> str:
    """Return how many of a summary's alerts have which severity, the worst first."""
    counts: Counter[AlertSeverity] = Counter(listed.alert.severity for listed in notification.alerts)
    return ", ".join(f"{counts[severity]} {severity.value}" for severity in sorted(counts, reverse=True))


def clusters_line(notification: Notification) -> str:
    """Return the clusters of a summary, the first ten by name."""
    return _some([cluster for cluster in notification.clusters if cluster], _MOST_CLUSTERS)


def _some(names: list[str], most: int) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f", … and {rest} more" if rest > 0 else "")


def shown_alerts(notification: Notification) -> Iterable[str]:
    """Return one line for each alert that is listed, and one that counts the others."""
    yield from (alert_line(listed) for listed in notification.alerts[:MOST_LISTED])
    rest = len(notification.alerts) - MOST_LISTED
    if rest > 0:
        yield f"… and {rest} more"


def level_line(notification: Notification) -> str:
    """Return that nobody has answered and which level came due; empty where no level did."""
    if notification.level is None:
        return ""
    return f"Nobody has acknowledged it: escalation level {notification.level.value}"


def labels_line(alert: PerformanceAlert) -> str:
    """Return an alert's labels as ``name=value``, comma-separated."""
    return ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))


def ids_line(notification: Notification) -> str:
    """Return the id of the one alert and that of the incident, as far as there are any."""
    single = [notification.alerts[0].alert.alert_id] if notification.single else []
    return one_line(" · ".join(item for item in (*single, notification.incident_id) if item.strip()))


def facts(notification: Notification) -> tuple[tuple[str, str], ...]:
    """Return what a headline leaves out as names and values, none of them blank: of one alert what is known of it, of
    several their figures, and of a heartbeat when it was sent; last the link, where there is one."""
    if notification.kind is NotificationKind.HEARTBEAT:
        pairs: Iterable[tuple[str, str]] = (("Sent", iso_time(notification.created_at)),)
    elif notification.single:
        pairs = _facts_of_one(notification.alerts[0])
    else:
        pairs = _facts_of_several(notification)
    return tuple((name, value) for name, value in (*pairs, ("Link", notification.link)) if value.strip())


def _facts_of_one(listed: ListedAlert) -> Iterator[tuple[str, str]]:
    alert = listed.alert
    yield "Status", listed.status.value.upper()
    yield "Severity", alert.severity.value.upper()
    yield "Cluster", alert.cluster_id
    yield "Node", alert.node_id or ""
    yield "Metric", alert.metric_name
    yield "Value", "" if alert.current_value is None else number(alert.current_value)
    yield "Threshold", "" if alert.threshold_value is None else number(alert.threshold_value)
    yield "Since", iso_time(listed.fired_at)
    yield "Resolved", "" if listed.resolved_at is None else iso_time(listed.resolved_at)


def _facts_of_several(notification: Notification) -> Iterator[tuple[str, str]]:
    if not notification.alerts:
        return
    fired = [listed.fired_at for listed in notification.alerts]
    yield "Alerts", f"{len(notification.alerts)}: {state_line(notification)}"
    yield "Severities", severities_line(notification)
    yield "Clusters", clusters_line(notification)
    yield "First", iso_time(min(fired))
    yield "Last", iso_time(max(fired))
