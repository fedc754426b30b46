"""A trial: a notification that tells of nothing, by which somebody tries a channel. It leaves no trace."""

from __future__ import annotations

from typing import Final

from tocsin.engine.gaps import OWN_CLUSTER, RESERVED
from tocsin.engine.ids import digest_id
from tocsin.engine.turn import StartAttempt, Turn
from tocsin.model.alert import PerformanceAlert
from tocsin.model.incident import AggregatedAlert
from tocsin.model.notification import AlertStatus, ListedAlert, Notification, NotificationKind

__all__ = ["trial"]

_METRIC: Final = "tocsin_test"


def trial(turn: Turn, channel_id: str, number: int) -> StartAttempt | None:
    """Return the attempt that tries a channel; None for one that is not configured. The turn is only read with.

    It is as severe as the channel wants to have it, and goes through its template. *number* tells trials of one
    instant apart.
    """
    found = turn.plan.channels.get(channel_id)
    if found is None:
        return None
    wall, severity = turn.now.wall, found.channel.min_severity
    name = repr(turn.now.engine)
    alert = PerformanceAlert(
        alert_id=f"{RESERVED}test:{channel_id}",
        cluster_id=OWN_CLUSTER,
        severity=severity,
        metric_name=_METRIC,
        message="This is a test: somebody tries whether this channel can be told. Nothing is wrong.",
        timestamp=wall,
    )
    incident_id = digest_id("inc", turn.seed, "test", channel_id, name, number)
    incident = AggregatedAlert(
        incident_id, 1, _METRIC, frozenset({OWN_CLUSTER}), severity, alert, alert, wall, wall, firing_count=1
    )
    notification = Notification(
        notification_id=digest_id("ntf", turn.seed, "test", channel_id, name, number),
        incident_id=incident_id,
        channel_id=channel_id,
        kind=NotificationKind.FIRING,
        status=AlertStatus.FIRING,
        severity=severity,
        alerts=(ListedAlert(alert, AlertStatus.FIRING, 1, wall, None, incident_id),),
        incidents=(incident,),
        created_at=wall,
        test=True,
    )
    return StartAttempt(notification, found, turn.plan.template(channel_id))
