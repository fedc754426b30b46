"""Events: what happened, told to observers after the fact, each a frozen object."""

from __future__ import annotations

import attrs

from tocsin.model.delivery import NotificationDelivery
from tocsin.model.facts import Fact
from tocsin.model.gap import Gap
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Action, Reason

__all__ = [
    "AlertRouted",
    "AttemptFinished",
    "CircuitChanged",
    "Event",
    "FactAccepted",
    "GapRecorded",
    "HeartbeatSent",
    "LevelReached",
    "NotificationChanged",
    "TellingDecided",
]


@attrs.frozen(slots=True, hash=False)
class FactAccepted:
    """A fact was taken in; ``at`` is engine time in seconds."""

    at: float
    fact: Fact


@attrs.frozen(slots=True)
class AlertRouted:
    """An episode began, or its routing changed: the rules that matched, in order, and the incident it belongs to."""

    at: float
    alert_id: str
    episode: int
    incident_id: str
    rule_ids: tuple[str, ...]
    channel_ids: tuple[str, ...]
    policy_id: str | None


@attrs.frozen(slots=True)
class TellingDecided:
    """What happens to one episode on one channel, and why; ``due`` is the instant at which it is told, if known."""

    at: float
    alert_id: str
    episode: int
    incident_id: str
    channel_id: str
    action: Action
    reason: Reason
    due: float | None = None


@attrs.frozen(slots=True)
class NotificationChanged:
    """A notification entered a state; ``alert_ids`` are the alerts it lists, empty before its first attempt.

    ``ordinal`` tells notifications of one incident, channel and kind apart: no two of them say the same thing. An
    escalation's has the ``level`` and the policy that it tells.
    """

    at: float
    notification_id: str
    incident_id: str
    channel_id: str
    kind: str
    state: NotificationState
    reason: Reason | None = None
    attempt: int = 0
    alert_ids: tuple[str, ...] = ()
    detail: str = ""
    ordinal: int = 0
    level: str | None = None
    policy_id: str | None = None


@attrs.frozen(slots=True)
class LevelReached:
    """An escalation level came due and told these channels."""

    at: float
    incident_id: str
    policy_id: str
    level: str
    channel_ids: tuple[str, ...]


@attrs.frozen(slots=True)
class HeartbeatSent:
    """A heartbeat was sent."""

    at: float
    notification_id: str
    channel_id: str


@attrs.frozen(slots=True)
class GapRecorded:
    """A gap was found, or met again."""

    at: float
    gap: Gap


@attrs.frozen(slots=True)
class AttemptFinished:
    """An attempt ended, and what came of it."""

    at: float
    delivery: NotificationDelivery


@attrs.frozen(slots=True)
class CircuitChanged:
    """A channel is left alone until ``probe_at`` (engine time), or takes attempts again."""

    at: float
    channel_id: str
    open: bool
    probe_at: float | None = None


Event = (
    FactAccepted
    | AlertRouted
    | TellingDecided
    | NotificationChanged
    | AttemptFinished
    | LevelReached
    | GapRecorded
    | CircuitChanged
    | HeartbeatSent
)
"""Anything that was decided."""
