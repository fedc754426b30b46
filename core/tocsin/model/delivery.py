"""What came of one attempt to deliver."""

from __future__ import annotations

import attrs

__all__ = ["NotificationDelivery"]


@attrs.frozen(slots=True)
class NotificationDelivery:
    """One attempt to deliver one notification to one channel, after the fact.

    ``timestamp`` is when it ended, in seconds since the epoch (UTC); ``delivery_time_ms`` how long it took.
    ``alert_id`` is the notification's first alert, ``alert_ids`` are all of them. ``retry_count`` is 0 for the first
    attempt. ``outcome`` is delivered, rejected, unavailable, throttled or unknown.
    """

    delivery_id: str
    notification_id: str
    incident_id: str
    channel_id: str
    alert_id: str
    kind: str
    status: str
    outcome: str
    success: bool
    timestamp: float
    delivery_time_ms: float
    retry_count: int
    response_code: int | None = None
    response_message: str = ""
    alert_ids: tuple[str, ...] = ()
