"""An explanation: what would happen to an alert, and why."""

from __future__ import annotations

from typing import Any

import attrs

from tocsin.model.reason import Action, Reason

__all__ = [
    "ChannelExplanation",
    "ConditionExplanation",
    "EscalationExplanation",
    "Explanation",
    "LevelExplanation",
    "RuleExplanation",
]


@attrs.frozen(slots=True)
class ConditionExplanation:
    """One condition of a rule, and why the alert meets it or not."""

    condition: str
    matched: bool
    reason: str


@attrs.frozen(slots=True)
class RuleExplanation:
    """One rule: whether it applies, and each of its conditions, its ancestors' included.

    A rule whose conditions all hold may still not apply: a sibling before it ended the search, a route below it
    applied instead, or it is switched off (then its conditions are not listed).
    """

    rule_id: str
    matched: bool
    conditions: tuple[ConditionExplanation, ...]


@attrs.frozen(slots=True)
class ChannelExplanation:
    """One channel: what happens there (``due`` is the instant, in engine time, of what is told later)."""

    channel_id: str
    action: Action
    reason: Reason
    rule_ids: tuple[str, ...]
    due: float | None = None


@attrs.frozen(slots=True)
class LevelExplanation:
    """One escalation level; ``after_seconds`` counts from the policy's beginning, paused time excluded."""

    level: str
    after_seconds: float
    channels: tuple[str, ...]


@attrs.frozen(slots=True)
class EscalationExplanation:
    """The escalation that would run, all its levels in order."""

    policy_id: str
    levels: tuple[LevelExplanation, ...]


@attrs.frozen(slots=True)
class Explanation:
    """What would happen to an alert at the instant ``at`` (engine time), were it to fire (again) then.

    Rules that apply come first, in order; then the others, the nearest miss first. ``next_deadline`` is when the
    engine would next do something by itself.
    """

    alert_id: str
    at: float
    incident_id: str
    rules: tuple[RuleExplanation, ...]
    channels: tuple[ChannelExplanation, ...]
    escalation: EscalationExplanation | None
    next_deadline: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        return attrs.asdict(self, value_serializer=lambda _, __, value: getattr(value, "value", value))
