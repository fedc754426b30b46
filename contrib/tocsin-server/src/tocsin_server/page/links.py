"""Links to the page: from one of its pages to another, and from notifications."""

from __future__ import annotations

from urllib.parse import quote

from tocsin import Notification, NotificationKind

__all__ = ["alert_link", "notification_link"]


def alert_link(root: str, alert_id: str) -> str:
    """Return the link to an alert."""
    return f"{root}alerts/{quote(alert_id, safe='', errors='replace')}"


def notification_link(external_url: str | None, notification: Notification) -> str:
    """Return the address of the alert that *notification* lists first; empty where the page has nothing to show.

    :param external_url: how people reach the daemon; None: nobody said.
    """
    if external_url is None or notification.test or notification.kind is NotificationKind.HEARTBEAT:
        return ""
    root = external_url.rstrip("/") + "/"
    return alert_link(root, notification.alerts[0].alert.alert_id) if notification.alerts else root
