"""The ledger: everything that happened to one alert, in order, each line with its reason."""

from __future__ import annotations

import enum
from typing import Any

import attrs

from tocsin.model.explanation import RuleExplanation
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Action, Reason

__all__ = ["LedgerKind", "LedgerLine"]


class LedgerKind(enum.StrEnum):
    """What a line tells of."""

    RECEIVED = "received"
    """The alert was reported: it fires, or fires on with other facts."""
    RESOLVED = "resolved"
    """It was reported to be well again."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody took it, or its incident."""
    SNOOZED = "snoozed"
    """Somebody put it off, or its incident."""
    ESCALATED = "escalated"
    """Somebody had the next escalation level told before its time."""
    NOTED = "noted"
    """Somebody wrote something down about it, or its incident."""
    ROUTED = "routed"
    """The rules were asked."""
    DECIDED = "decided"
    """What happens on one channel, and why."""
    NOTIFICATION = "notification"
    """A notification of its incident entered a state."""
    ATTEMPT = "attempt"
    """An attempt to deliver one that lists it ended."""
    REDRIVEN = "redriven"
    """Somebody had a notification that was given up, and told of it, sent again."""
    LEVEL = "level"
    """An escalation level of its incident came due."""


@attrs.frozen(slots=True)
class LedgerLine:
    """One line: when, what and why; the fields that a kind has no use for are empty.

    ``at`` is wall time in seconds since the epoch (UTC), ``ordinal`` the journal's entry. ``rules`` has every rule's
    verdict with each of its conditions, decided anew from the configuration of that time. ``latency_seconds``,
    ``code`` and ``detail`` (an excerpt of the answer) belong to an attempt; ``due`` is when a channel is told, in wall
    time.
    """

    at: float
    ordinal: int
    kind: LedgerKind
    incident_id: str = ""
    channel_id: str = ""
    notification_id: str = ""
    action: Action | None = None
    reason: Reason | None = None
    due: float | None = None
    state: NotificationState | None = None
    notification_kind: str = ""
    attempt: int = 0
    outcome: str = ""
    code: int | None = None
    latency_seconds: float | None = None
    detail: str = ""
    level: str = ""
    policy_id: str = ""
    channel_ids: tuple[str, ...] = ()
    rule_ids: tuple[str, ...] = ()
    rules: tuple[RuleExplanation, ...] = ()
    by: str = ""
    severity: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the line as plain data, without empty fields."""
        plain = attrs.asdict(self, recurse=False)
        plain["rules"] = [attrs.asdict(rule) for rule in self.rules]
        return {name: value for name, value in plain.items() if value not in (None, "", (), [], 0)}
