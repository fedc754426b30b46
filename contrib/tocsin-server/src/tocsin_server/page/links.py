"""Links to the page: from one of its pages to another, and from notifications."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from tocsin import LabelMatcher, Links, Notification, NotificationKind
from tocsin_server.page.labels import usual_matchers

__all__ = ["alert_link", "filter_link", "notification_links", "silencing_link"]


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


def notification_links(external_url: str | None, notification: Notification) -> Links:
    """Return where the page shows the alert that *notification* lists first, and makes a silence of what fires in it.

    That silence begins with what all of these have in common; of what has resolved, or has nothing in common, it is
    not offered. Both are empty where the page has nothing to show.

    :param external_url: how people reach the daemon; None: nobody said.
    """
    if external_url is None or notification.test or notification.kind is NotificationKind.HEARTBEAT:
        return Links()
    root = external_url.rstrip("/") + "/"
    if not notification.alerts:
        return Links(root)
    shared = _shared(notification)
    return Links(
        alert_link(root, notification.alerts[0].alert.alert_id), silencing_link(root, *shared) if shared else ""
    )


def _shared(notification: Notification) -> list[LabelMatcher]:
    first, *others = [usual_matchers(listed.alert) for listed in notification.firing] or [[]]
    return [matcher for matcher in first if all(matcher in other for other in others)]
