"""Alerts in the form of Opsgenie's Alert API v2, within its limits.

The form and the limits are those of https://docs.opsgenie.com/docs/alert-api and
https://docs.opsgenie.com/docs/alert-api-continued.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tocsin import AlertStatus, ListedAlert, Notification, iso_time, wording
from tocsin_opsgenie.fitting import fitting, fitting_line
from tocsin_opsgenie.settings import OpsgenieConfig

__all__ = [
    "ALIAS",
    "DESCRIPTION",
    "DETAILS",
    "ENTITY",
    "MESSAGE",
    "NOTE",
    "SOURCE",
    "alias",
    "description",
    "message",
    "new_alert",
    "note",
    "priority",
]

ALIAS: Final = 512
MESSAGE: Final = 130
DESCRIPTION: Final = 15_000
DETAILS: Final = 8000
"""Of keys and values together."""
ENTITY: Final = 512
NOTE: Final = 25_000
SOURCE: Final = "tocsin"
_DETAIL: Final = 1000
_NAME: Final = 200
_FEWEST: Final = 40
"""So much room is kept to say how many details are left out."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")


def alias(incident_id: str) -> str:
    """Return the incident's id, which is constant over its life; of one that no URL can hold, or too long, a digest."""
    if len(incident_id) <= ALIAS and _PLAIN.fullmatch(incident_id):
        return incident_id
    return hashlib.sha256(incident_id.encode("utf-8", "surrogatepass")).hexdigest()


def new_alert(notification: Notification, config: OpsgenieConfig) -> dict[str, Any]:
    """Return the alert for *notification*; one that is open under its alias already counts it instead."""
    document: dict[str, Any] = {
        "message": message(notification),
        "alias": alias(notification.incident_id),
        "description": description(notification),
        "details": _details(notification),
        "source": SOURCE,
        "priority": priority(notification, config),
    }
    entity = fitting(", ".join(filter(None, (fitting_line(name, ENTITY) for name in notification.clusters))), ENTITY)
    if entity:
        document["entity"] = entity
    if config.tags:
        document["tags"] = list(config.tags)
    if config.responders:
        document["responders"] = [responder.plain() for responder in config.responders]
    return document


def message(notification: Notification) -> str:
    """Return the message's subject; that it is a test comes first."""
    said = fitting_line(notification.message.subject, MESSAGE) if notification.message is not None else ""
    text = said or f"[{notification.status.value.upper()}] {notification.severity.value.upper()} alert"
    if notification.test and not text.startswith("[TEST]"):
        text = f"[TEST] {text}"
    return fitting(text, MESSAGE)


def description(notification: Notification) -> str:
    """Return the message's body; Opsgenie takes no empty one in place of another."""
    return fitting(_body(notification), DESCRIPTION)


def note(notification: Notification) -> str:
    """Return what is written beside an alert that is there already: the body, and how much of it still fires."""
    text = _body(notification)
    if notification.status is AlertStatus.RESOLVED and not notification.over:
        text = f"{notification.still_firing} still firing.\n{text}"
    return fitting(text, NOTE)


def priority(notification: Notification, config: OpsgenieConfig) -> str:
    """Return the priority of the highest severity that the channel was told of the incident, now or before."""
    return config.priority_of(max(notification.severity, notification.told_severity or notification.severity))


def _body(notification: Notification) -> str:
    body = notification.message.body.strip() if notification.message is not None else ""
    return body or message(notification)


def _details(notification: Notification) -> dict[str, str]:
    """Return what is equal in all alerts that are listed: first tocsin's own fields, then labels by their names."""
    pairs: dict[str, str] = {
        "incident_id": notification.incident_id,
        "notification_id": notification.notification_id,
        **_common(map(_fields, notification.alerts)),
    }
    for name, text in _common(listed.alert.labels for listed in notification.alerts).items():
        pairs.setdefault(name, text)
    return _within(DETAILS, pairs)


def _fields(listed: ListedAlert) -> dict[str, str]:
    alert = listed.alert
    fields = {
        "severity": alert.severity.value,
        "alert_id": alert.alert_id,
        "cluster_id": alert.cluster_id,
        "node_id": alert.node_id or "",
        "metric_name": alert.metric_name,
        "current_value": "" if alert.current_value is None else wording.number(alert.current_value),
        "threshold_value": "" if alert.threshold_value is None else wording.number(alert.threshold_value),
        "since": iso_time(listed.fired_at),
        "generator_url": alert.generator_url,
    }
    return {name: text for name, text in fields.items() if text}


def _common(maps: Iterable[Mapping[str, str]]) -> dict[str, str]:
    first, *others = [*maps] or [{}]
    return {name: text for name, text in first.items() if all(other.get(name) == text for other in others)}


def _within(room: int, pairs: Mapping[str, str]) -> dict[str, str]:
    """Return as many of the first *pairs* as *room* has characters for, and how many are left out."""
    kept: dict[str, str] = {}
    room -= _FEWEST
    for key, text in _shown(pairs):
        room -= wording.utf16_length(key) + wording.utf16_length(text)
        if room < 0:
            kept["left_out"] = str(len(pairs) - len(kept))
            break
        kept[key] = text
    return kept


def _shown(pairs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, text in pairs.items():
        yield fitting_line(key, _NAME), fitting(text, _DETAIL)
