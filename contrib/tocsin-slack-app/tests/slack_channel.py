"""A backend of one channel, and notifications for it as the core would hand them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
from slack_peer import CHANNEL, TOKEN, SlackPeer

from tocsin import (
    AggregatedAlert,
    AlertSeverity,
    BackendContext,
    ListedAlert,
    Notification,
    NotificationKind,
    NotificationTemplate,
)
from tocsin.testing.samples import NOW, make_listed, make_notification
from tocsin_slack_app.backend import SlackAppBackend
from tocsin_slack_app.message import render
from tocsin_slack_app.settings import SlackAppConfig

__all__ = ["a_firing", "an_end", "entered", "incident", "more", "rendered"]


@asynccontextmanager
async def entered(slack: SlackPeer, channel_id: str = "ops", **settings: Any) -> AsyncIterator[SlackAppBackend]:
    """Give a backend that was just made, as after a restart."""
    config = SlackAppConfig(**{"bot_token": TOKEN, "channel": CHANNEL, "api_url": f"{slack.url}/api", **settings})
    async with SlackAppBackend(config, BackendContext(channel_id)) as backend:
        yield backend


def rendered(notification: Notification, template: NotificationTemplate | None = None) -> Notification:
    """Return *notification* with its message."""
    return attrs.evolve(notification, message=render(notification, template))


def incident(alert_count: int = 1, firing_count: int = 1, **changes: Any) -> AggregatedAlert:
    """Return the public view of the incident."""
    alert = make_listed().alert
    clusters = frozenset({"prod-web-01", "prod-web-02"})
    made = AggregatedAlert("inc-1", alert_count, "cpu_usage", clusters, AlertSeverity.CRITICAL, alert, alert, NOW, NOW)
    return attrs.evolve(made, firing_count=firing_count, **changes)


def a_firing(**changes: Any) -> Notification:
    """Return the first notification of the incident."""
    return rendered(make_notification(**{"incidents": (incident(),), "notification_id": "ntf-first", **changes}))


def more(*listed: ListedAlert, **changes: Any) -> Notification:
    """Return a later one: a second alert of it fires."""
    second = listed or (make_listed(alert_id="manual-002", cluster_id="prod-web-02"),)
    fields = {
        "kind": NotificationKind.MORE,
        "incidents": (incident(2, 2),),
        "notification_id": "ntf-more",
        "told_severity": AlertSeverity.CRITICAL,
        "still_firing": 2,
    }
    return rendered(make_notification(*second, **{**fields, **changes}))


def an_end(**changes: Any) -> Notification:
    """Return its last one: the alert has resolved."""
    fields = {
        "incidents": (incident(1, 0),),
        "notification_id": "ntf-end",
        "told_severity": AlertSeverity.CRITICAL,
    }
    return rendered(make_notification(make_listed(resolved=True), **{**fields, **changes}))
