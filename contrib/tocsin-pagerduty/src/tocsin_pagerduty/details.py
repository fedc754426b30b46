"""``custom_details``: what an event says beyond its summary, as an object that event rules can match on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tocsin import ListedAlert, Message, Notification, iso_time
from tocsin.http import json_content
from tocsin_pagerduty.fitting import fitting

__all__ = ["DETAILS_BYTES", "custom_details"]

DETAILS_BYTES: Final = 400_000
"""An event has 512 KB; this leaves room for the rest of it."""

_ALERT_BYTES: Final = 60_000
"""An alert that takes more is listed without labels and annotations."""

_BODY: Final = 60_000
_TEXT: Final = 8000
_BARE: Final = 1000
_JSON: Final = "application/json"

Details = dict[str, Any]


def custom_details(notification: Notification) -> Details:
    """Return the object for *notification*; a user's template takes its place.

    It has ``status``, ``severity``, ``kind``, ``level``, the ids, and ``num_firing`` and ``num_resolved``. One alert
    alone has its fields beside these; of several ``labels`` are those that are equal in all, and ``alerts`` lists them,
    as many as there is room for.
    """
    message = notification.message
    if message is not None and message.templated:
        return _templated(message, notification)
    if notification.single:
        return {**_head(notification), **_alert(notification.alerts[0])}
    listed: Details = {}
    labels = _common(one.alert.labels for one in notification.alerts)
    if labels and len(json_content(labels)) <= _ALERT_BYTES:
        listed["labels"] = labels
    listed["alerts"] = _within(DETAILS_BYTES - 2 * _ALERT_BYTES, map(_alert, notification.alerts))
    if rest := len(notification.alerts) - len(listed["alerts"]):
        listed["alerts_left_out"] = rest
    return {**_head(notification), **listed}


def _templated(message: Message, notification: Notification) -> Details:
    """Return a template's JSON object as it is, and any other body as a text."""
    if message.content_type == _JSON:
        document = json.loads(message.body)
        if isinstance(document, dict) and len(json_content(document)) <= DETAILS_BYTES:
            return document
    return {**_ids(notification), "message": fitting(message.body, _BODY)}


def _ids(notification: Notification) -> Details:
    named = ("incident_id", "notification_id", "channel_id")
    return {name: fitting(getattr(notification, name), _BARE) for name in named}


def _head(notification: Notification) -> Details:
    head = {
        "status": notification.status.value,
        "severity": notification.severity.value,
        "kind": notification.kind.value,
        "num_firing": len(notification.firing),
        "num_resolved": len(notification.resolved),
        **_ids(notification),
    }
    if notification.level is not None:
        head["level"] = notification.level.value
    if notification.test:
        head["test"] = True
    return head


def _alert(listed: ListedAlert) -> Details:
    full = _fields(listed, _TEXT) | {
        name: {fitting(key, _BARE): fitting(text, _TEXT) for key, text in sorted(texts.items())}
        for name, texts in (("labels", listed.alert.labels), ("annotations", listed.alert.annotations))
        if texts
    }
    if len(json_content(full)) <= _ALERT_BYTES:
        return full
    return {**_fields(listed, _BARE), "left_out": "labels and annotations: they are too large"}


def _fields(listed: ListedAlert, longest: int) -> Details:
    alert = listed.alert
    texts = {
        "message": alert.message,
        "alert_id": alert.alert_id,
        "status": listed.status.value,
        "severity": alert.severity.value,
        "cluster_id": alert.cluster_id,
        "node_id": alert.node_id or "",
        "metric_name": alert.metric_name,
        "since": iso_time(listed.fired_at),
        "resolved": "" if listed.resolved_at is None else iso_time(listed.resolved_at),
        "generator_url": alert.generator_url,
    }
    numbers = {"current_value": alert.current_value, "threshold_value": alert.threshold_value}
    return {
        **{name: fitting(text, longest) for name, text in texts.items() if text},
        **{name: number for name, number in numbers.items() if number is not None},
    }


def _common(maps: Iterable[Mapping[str, str]]) -> Details:
    first, *others = [*maps] or [{}]
    same = {name: text for name, text in first.items() if all(other.get(name) == text for other in others)}
    return {fitting(name, _BARE): fitting(text, _TEXT) for name, text in sorted(same.items())}


def _within(room: int, entries: Iterable[Details]) -> list[Details]:
    """Return as many of the first *entries* as fit into *room* bytes."""
    kept = []
    for entry in entries:
        room -= len(json_content(entry)) + 2
        if room < 0:
            break
        kept.append(entry)
    return kept
