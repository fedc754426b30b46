"""A notification that has not ended: it waits, is under way, or is tried again."""

from __future__ import annotations

import attrs

from tocsin.model.notification import NotificationKind, NotificationState
from tocsin.model.reason import Reason

__all__ = ["OutgoingNotification"]


@attrs.frozen(slots=True)
class OutgoingNotification:
    """Where a notification stands, and why; ``alert_ids`` are the alerts it lists, empty before its first attempt."""

    notification_id: str
    incident_id: str
    channel_id: str
    kind: NotificationKind
    state: NotificationState
    reason: Reason | None
    attempts: int
    alert_ids: tuple[str, ...]
