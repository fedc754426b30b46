"""The listing of a replay: every notification that would have been sent, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from tocsin.engine.machine import Instant, Step
from tocsin.model.notification import Notification, NotificationKind
from tocsin.model.template import iso_time

__all__ = ["Listing", "Sent"]


@attrs.frozen(slots=True)
class Sent:
    """One notification, and when its first attempt began: wall time, seconds since the epoch (UTC)."""

    at: float
    notification: Notification

    def __str__(self) -> str:
        one = self.notification
        kind = one.kind.value if one.level is None else f"{one.kind.value} {one.level.value}"
        alerts = ", ".join(self._alert_ids())
        return f"{iso_time(self.at)}  {one.channel_id}  {kind}  {one.severity.value}  {alerts}"

    def _alert_ids(self) -> list[str]:
        return list(dict.fromkeys(listed.alert.alert_id for listed in self.notification.alerts))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        one = self.notification
        return {
            "at": self.at,
            "notification_id": one.notification_id,
            "incident_id": one.incident_id,
            "channel_id": one.channel_id,
            "kind": one.kind.value,
            "level": None if one.level is None else one.level.value,
            "status": one.status.value,
            "severity": one.severity.value,
            "alert_ids": self._alert_ids(),
        }


class Listing:
    """Hands each notification to *tell* as it is first sent, from an instant (wall time) on."""

    def __init__(self, tell: Callable[[Sent], None], since: float = float("-inf")) -> None:
        self._tell = tell
        self._since = since

    def watch(self, step: Step, now: Instant) -> None:
        """Look at one step."""
        for attempt in step.starts:
            notification = attempt.notification
            is_first = notification.attempt == 1 and notification.kind is not NotificationKind.HEARTBEAT
            if is_first and now.wall >= self._since:
                self._tell(Sent(now.wall, notification))
