"""What a backend is given, and the states that a notification goes through."""

from __future__ import annotations

import enum

import attrs

from tocsin.model.alert import PerformanceAlert
from tocsin.model.escalation import EscalationLevel
from tocsin.model.incident import AggregatedAlert
from tocsin.model.severity import AlertSeverity

__all__ = [
    "AlertStatus",
    "ListedAlert",
    "Message",
    "Notification",
    "NotificationKind",
    "NotificationState",
]


class AlertStatus(enum.StrEnum):
    """Whether what is told of is still wrong."""

    FIRING = "firing"
    RESOLVED = "resolved"


class NotificationKind(enum.StrEnum):
    """Why a notification exists."""

    FIRING = "firing"
    """The first that this channel hears of this incident."""
    MORE = "more"
    """Further alerts of it, or one that grew worse."""
    ESCALATION = "escalation"
    """Nobody answered: a level of the policy came due."""
    REPEAT = "repeat"
    """Still firing: a repeat came due, or a snooze ended."""
    RESOLVED = "resolved"
    """All that it lists has resolved."""
    DIGEST = "digest"
    """Several notifications that were held back, in one."""
    HEARTBEAT = "heartbeat"
    """Nothing is wrong: tocsin says that it is alive."""


class NotificationState(enum.StrEnum):
    """Where a notification stands; see docs/explanation/engine.md."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    DEAD = "dead"
    MERGED = "merged"
    CANCELLED = "cancelled"


@attrs.frozen(slots=True)
class Message:
    """What a renderer made of a notification.

    ``subject`` is one line, ``body`` the text in ``content_type``. ``templated`` says whether a user's template made
    it; a backend with a richer form of its own (Slack's blocks) uses that where it is False.
    """

    subject: str
    body: str
    content_type: str = "text/plain; charset=utf-8"
    templated: bool = False


@attrs.frozen(slots=True, hash=False)
class ListedAlert:
    """One episode that a notification lists: the alert as last known, and whether it fires or has resolved."""

    alert: PerformanceAlert
    status: AlertStatus
    episode: int
    fired_at: float
    resolved_at: float | None = None
    incident_id: str = ""

    @property
    def firing(self) -> bool:
        """Whether it still fires."""
        return self.status is AlertStatus.FIRING


@attrs.frozen(slots=True, hash=False)
class Notification:
    """One message about one incident to one channel, as a backend's ``send`` gets it.

    ``notification_id`` is the same for all its attempts: send it as the idempotency key. ``incident_id`` is constant
    over firing, levels, repeats and resolution: send it as an incident tool's deduplication key. ``attempt`` counts
    from 1. ``alerts`` lists what it tells of: firing ones first, the most severe first. ``incidents`` has the
    incident's public view, several of them in a digest. ``status`` is firing while any listed alert fires.
    ``created_at`` is seconds since the epoch (UTC). ``test`` marks a message that somebody sent to try the channel.

    ``still_firing`` counts what the channel was told of its incident before and that still fires, listed again or not:
    an incident tool's incident ends with a notification that is resolved, and leaves none of it. ``told_severity`` is
    the highest that the channel was told of the incident before (None: nothing): what comes later may be milder, and
    must not make the tool's incident so. ``link`` is the address at which people see and answer it; empty: there is
    none.
    """

    notification_id: str
    incident_id: str
    channel_id: str
    kind: NotificationKind
    status: AlertStatus
    severity: AlertSeverity
    alerts: tuple[ListedAlert, ...]
    incidents: tuple[AggregatedAlert, ...]
    created_at: float
    attempt: int = 1
    level: EscalationLevel | None = None
    policy_id: str | None = None
    message: Message | None = None
    test: bool = False
    still_firing: int = 0
    told_severity: AlertSeverity | None = None
    link: str = ""

    @property
    def firing(self) -> tuple[ListedAlert, ...]:
        """The listed alerts that still fire."""
        return tuple(listed for listed in self.alerts if listed.firing)

    @property
    def resolved(self) -> tuple[ListedAlert, ...]:
        """The listed alerts that have resolved."""
        return tuple(listed for listed in self.alerts if not listed.firing)

    @property
    def over(self) -> bool:
        """Whether all of it has resolved that the channel was ever told of its incident."""
        return self.status is AlertStatus.RESOLVED and not self.still_firing

    @property
    def single(self) -> bool:
        """Whether it lists exactly one alert."""
        return len(self.alerts) == 1

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters of the listed alerts, sorted."""
        return tuple(sorted({listed.alert.cluster_id for listed in self.alerts}))
