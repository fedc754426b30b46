"""A notification that was given up, as it is kept to be sent again by hand."""

from __future__ import annotations

import attrs

from tocsin.model.notification import NotificationKind, NotificationState
from tocsin.model.reason import Reason

__all__ = ["UndeliveredNotification"]


@attrs.frozen(slots=True)
class UndeliveredNotification:
    """What was given up: dead, rejected, or *unknown* (an attempt may have arrived).

    ``alert_ids`` are the alerts it lists, ``detail`` what the last attempt said. ``ended_at`` is engine time in
    seconds.
    """

    notification_id: str
    incident_id: str
    channel_id: str
    kind: NotificationKind
    state: NotificationState
    reason: Reason | None
    detail: str
    attempts: int
    alert_ids: tuple[str, ...]
    ended_at: float
