"""Gaps as alerts: what tells the watchdog's channel of a gap, and what sets such alerts apart from others."""

from __future__ import annotations

from typing import Final

from tocsin.model.alert import PerformanceAlert
from tocsin.model.gap import Gap
from tocsin.model.reason import GapKind
from tocsin.model.severity import AlertSeverity

__all__ = ["GAP_ALERT", "GAP_QUIET_SECONDS", "OWN_CLUSTER", "RESERVED", "concerns", "gap_alert", "is_gap", "names_gap"]

GAP_QUIET_SECONDS: Final = 3600.0
"""A gap that is not met again for so long is over."""

RESERVED: Final = "tocsin:"
"""What the ids of tocsin's own alerts begin with."""

GAP_ALERT: Final = f"{RESERVED}gap:"
OWN_CLUSTER: Final = "tocsin"
_ABOUT_CHANNELS: Final = frozenset(
    {
        GapKind.MISSING_CHANNEL,
        GapKind.MISSING_TEMPLATE,
        GapKind.UNDELIVERED,
        GapKind.RENDERER_FAILED,
        GapKind.BACKEND_FAILED,
        GapKind.LATE,
        GapKind.HEARTBEAT_FAILED,
        GapKind.CIRCUIT_OPEN,
    }
)
"""The kinds whose subject is a channel: another's may bear a channel's name by chance."""


def gap_alert(gap: Gap) -> PerformanceAlert:
    """Return the alert that tells the watchdog's channel of a gap."""
    return PerformanceAlert(
        alert_id=f"{GAP_ALERT}{gap.kind.value}:{gap.subject}",
        cluster_id=OWN_CLUSTER,
        severity=AlertSeverity.ERROR,
        metric_name="tocsin_gap",
        message=f"{gap.kind.value}: {gap.subject}: {gap.detail}",
        labels={"gap": gap.kind.value, "subject": gap.subject},
    )


def is_gap(alert: PerformanceAlert) -> bool:
    """Whether the alert tells of a gap, and comes from :func:`gap_alert`."""
    return alert.cluster_id == OWN_CLUSTER and names_gap(alert.alert_id, OWN_CLUSTER)


def names_gap(alert_id: str, cluster_id: str) -> bool:
    """Whether an alert of that id and cluster tells of a gap."""
    return alert_id.startswith(GAP_ALERT) and cluster_id == OWN_CLUSTER


def concerns(gap: Gap, channel_id: str) -> bool:
    """Whether the gap is about the channel, so that there is no use in telling it there."""
    return gap.kind in _ABOUT_CHANNELS and gap.subject == channel_id
