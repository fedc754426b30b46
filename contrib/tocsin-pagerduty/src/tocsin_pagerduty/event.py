"""Events in the form of PagerDuty's Events API v2, within its limits.

The form is that of https://developer.pagerduty.com/docs/send-alert-event, the limits are also those of
https://developer.pagerduty.com/docs/events-api-v2-overview.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

import httpx

from tocsin import AlertStatus, Notification, iso_time
from tocsin_pagerduty.details import custom_details
from tocsin_pagerduty.fitting import fitting, fitting_line
from tocsin_pagerduty.settings import PagerDutyConfig

__all__ = ["DEDUP_KEY", "EVENT_BYTES", "SUMMARY", "dedup_key", "event"]

EVENT_BYTES: Final = 512_000
SUMMARY: Final = 1024
DEDUP_KEY: Final = 255
_FIELD: Final = 255
_LINKS: Final = 10
_HREF: Final = 1024
_VISIBLE: Final = re.compile(r"[!-~]+")


def event(notification: Notification, config: PagerDutyConfig) -> dict[str, Any]:
    """Return the event for *notification*.

    It resolves when all that the channel was told of the incident is over. Until then everything is a trigger, also the
    end of one alert among several: PagerDuty adds it to the log of the alert with the same key.
    """
    document: dict[str, Any] = {
        "routing_key": config.routing_key,
        "event_action": "resolve" if notification.over else "trigger",
        "dedup_key": dedup_key(notification.incident_id),
        "payload": _payload(notification, config),
    }
    if config.client:
        document["client"] = fitting_line(config.client, _FIELD)
    if config.client_url is not None:
        document["client_url"] = config.client_url
    if links := [*_links(notification)]:
        document["links"] = links
    return document


def dedup_key(incident_id: str) -> str:
    """Return the incident's id, which is constant over its life, or a digest of one that PagerDuty would not take."""
    if len(incident_id) <= DEDUP_KEY and _VISIBLE.fullmatch(incident_id):
        return incident_id
    return hashlib.sha256(incident_id.encode("utf-8", "surrogatepass")).hexdigest()


def _payload(notification: Notification, config: PagerDutyConfig) -> dict[str, Any]:
    severity = max(notification.severity, notification.told_severity or notification.severity)
    payload = {
        "summary": _summary(notification),
        "source": _source(notification),
        "severity": config.severity(severity),
        "custom_details": custom_details(notification),
    }
    created = iso_time(notification.created_at)
    if created.endswith("Z"):  # a time that no calendar has would have the event refused
        payload["timestamp"] = created
    for name, values in (
        ("component", {one.alert.node_id or "" for one in notification.alerts}),
        ("group", {one.alert.cluster_id for one in notification.alerts}),
        ("class", {one.alert.metric_name for one in notification.alerts}),
    ):
        if len(values) == 1 and (text := fitting_line(values.pop(), _FIELD)):
            payload[name] = text
    return payload


def _summary(notification: Notification) -> str:
    """Return the message's subject; that it is a test, or that something still fires, comes first."""
    said = fitting_line(notification.message.subject, SUMMARY) if notification.message is not None else ""
    text = said or f"[{notification.status.value.upper()}] {notification.severity.value.upper()} alert"
    if notification.test and not text.startswith("[TEST]"):
        text = f"[TEST] {text}"
    if notification.status is AlertStatus.RESOLVED and not notification.over:
        text = f"{notification.still_firing} still firing; {text}"
    return fitting(text, SUMMARY)


def _source(notification: Notification) -> str:
    """Return the systems that have the problem, as few as say it: nodes, or clusters."""
    for names in (
        {fitting_line(one.alert.node_id or "", _FIELD) for one in notification.alerts},
        {fitting_line(one.alert.cluster_id, _FIELD) for one in notification.alerts},
    ):
        if len(names) == 1 and "" not in names:
            return names.pop()
    clusters = sorted({fitting_line(name, _FIELD) for name in notification.clusters} - {""})
    return fitting(", ".join(clusters) or "tocsin", _FIELD)


def _links(notification: Notification) -> Iterator[dict[str, str]]:
    """Yield where people see it, where the alerts are shown, and what annotations link to, each with its host."""
    found: dict[str, str] = {}
    if host := _host(notification.link):
        found[notification.link] = f"tocsin: {host}"
    for listed in notification.alerts:
        alert = listed.alert
        for name, href in ((alert.metric_name or "source", alert.generator_url), *sorted(alert.annotations.items())):
            if href not in found and (host := _host(href)):
                found[href] = f"{fitting_line(name, _FIELD)}: {host}"
        if len(found) >= _LINKS:
            break
    for href, text in [*found.items()][:_LINKS]:
        yield {"href": href, "text": text}


def _host(text: str) -> str:
    """Return the host of a URL that PagerDuty takes, else nothing: one that it refuses would refuse the whole event."""
    if not text.startswith(("http://", "https://")) or len(text) > _HREF or not _VISIBLE.fullmatch(text):
        return ""
    try:
        return httpx.URL(text).host
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return ""
