"""Links to the page: from one of its pages to another, and from notifications."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from tocsin import LabelMatcher, Notification, NotificationKind

__all__ = ["alert_link", "filter_link", "notification_link", "silencing_link"]


def alert_link(root: str, alert_id: str) -> str:
    """Return the link to an alert."""
    return f"{root}alerts/{quote(alert_id, safe='', errors='replace')}"


def filter_link(root: str, *matchers: LabelMatcher) -> str:
    """Return the link to *Now* with these filters."""
    return f"{root}?{_filters(matchers)}"


def silencing_link(root: str, *matchers: LabelMatcher) -> str:
    """Return the link to the form that makes a silence of these matchers."""
    return f"{root}silences/new?{_filters(matchers)}"


def _filters(matchers: Iterable[LabelMatcher]) -> str:
    return urlencode([("filter", str(matcher)) for matcher in matchers], errors="replace")


def notification_link(external_url: str | None, notification: Notification) -> str:
    """Return the address of the alert that *notification* lists first; empty where the page has nothing to show.

    :param external_url: how people reach the daemon; None: nobody said.
    """
    if external_url is None or notification.test or notification.kind is NotificationKind.HEARTBEAT:
        return ""
    root = external_url.rstrip("/") + "/"
    return alert_link(root, notification.alerts[0].alert.alert_id) if notification.alerts else root
