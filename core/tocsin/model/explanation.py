"""An explanation: what would happen to an alert, and why."""

from __future__ import annotations

import enum
from typing import Any

import attrs

from tocsin.model.reason import Action, Reason

__all__ = [
    "ChannelExplanation",
    "ConditionExplanation",
    "EscalationExplanation",
    "Explanation",
    "Gate",
    "IncidentExplanation",
    "LevelExplanation",
    "RuleExplanation",
]


class Gate(enum.StrEnum):
    """What keeps an alert from a channel, in the order in which it is asked."""

    CHANNEL = "channel"
    """The channel does not exist, or is switched off."""
    MIN_SEVERITY = "min_severity"
    """The channel wants only what is more severe."""
    SILENCE = "silence"
    """A silence or a maintenance matches."""
    INHIBITION = "inhibition"
    """Another alert fires from which it follows."""
    TIME_INTERVAL = "time_interval"
    """The rules that name the channel are silent at this time."""
    ACKNOWLEDGEMENT = "acknowledgement"
    """Somebody took it."""
    SNOOZE = "snooze"
    """Somebody put it off."""


@attrs.frozen(slots=True)
class ConditionExplanation:
    """One condition of a rule, and why the alert meets it or not."""

    condition: str
    matched: bool
    reason: str


@attrs.frozen(slots=True)
class RuleExplanation:
    """One rule: whether it applies, and each of its conditions, its ancestors' included.

    A rule whose conditions all hold may still not apply: ``why_not`` says why, and ``taken_by`` is the rule that took
    the alert in its place (None where none did, as for a rule that is switched off).
    """

    rule_id: str
    matched: bool
    conditions: tuple[ConditionExplanation, ...]
    why_not: str = ""
    taken_by: str | None = None


@attrs.frozen(slots=True)
class ChannelExplanation:
    """One channel: what happens there, and why.

    ``due`` is the instant, in engine time, of what is told later; of what is held, the instant before which it is not.
    ``gate`` is the first one that is shut, ``by`` names who or what shuts it (silences, the alert that inhibits, rules,
    a person), and ``until`` is when that ends by itself, if it does.
    """

    channel_id: str
    action: Action
    reason: Reason
    rule_ids: tuple[str, ...]
    due: float | None = None
    gate: Gate | None = None
    by: tuple[str, ...] = ()
    until: float | None = None


@attrs.frozen(slots=True)
class LevelExplanation:
    """One escalation level; ``after_seconds`` counts from the policy's beginning, paused time excluded.

    ``at`` is its instant in engine time: the one at which it is told if nothing changes, or was told just now (None:
    it was told before, or waits until somebody has to answer again). ``tells`` are the channels that are told as things
    stand: those of its ``channels`` that can be used, or the policy's default channels.
    """

    level: str
    after_seconds: float
    channels: tuple[str, ...]
    at: float | None = None
    told: bool = False
    tells: tuple[str, ...] = ()


@attrs.frozen(slots=True)
class EscalationExplanation:
    """The escalation that would run, all its levels in order; ``paused`` while nobody has to answer."""

    policy_id: str
    levels: tuple[LevelExplanation, ...]
    paused: bool = False


@attrs.frozen(slots=True)
class IncidentExplanation:
    """The incident (the guide's aggregate) that the alert joins, or opens; ``firing_count`` includes the alert.

    ``strategy`` is the aggregator's name, ``rule_id`` the rule that brings it (empty: it is the configuration's own).
    """

    incident_id: str
    opens: bool
    strategy: str
    rule_id: str
    metric_name: str
    opened_at: float
    firing_count: int


@attrs.frozen(slots=True)
class Explanation:
    """What would happen to an alert at the instant ``at`` (engine time), were it to fire (again) then.

    Rules that apply come first, in order; then the others, the nearest miss first. Channels that it is told or kept
    from come first, then the others. ``next_deadline`` is when the engine would next do something by itself. ``gaps``
    are what it would be owed and not get, and parts that failed.
    """

    alert_id: str
    at: float
    incident_id: str
    rules: tuple[RuleExplanation, ...]
    channels: tuple[ChannelExplanation, ...]
    escalation: EscalationExplanation | None
    next_deadline: float | None
    incident: IncidentExplanation
    gaps: tuple[str, ...] = ()

    def by_the_wall(self, ahead: float) -> Explanation:
        """Return the same with its instants in wall time, which is so many seconds *ahead* of engine time."""

        def at(instant: float | None) -> float | None:
            return None if instant is None else instant + ahead

        channels = tuple(attrs.evolve(one, due=at(one.due), until=at(one.until)) for one in self.channels)
        escalation = self.escalation
        if escalation is not None:
            levels = tuple(attrs.evolve(one, at=at(one.at)) for one in escalation.levels)
            escalation = attrs.evolve(escalation, levels=levels)
        return attrs.evolve(
            self,
            at=self.at + ahead,
            channels=channels,
            escalation=escalation,
            next_deadline=at(self.next_deadline),
            incident=attrs.evolve(self.incident, opened_at=self.incident.opened_at + ahead),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        return attrs.asdict(self, value_serializer=lambda _, __, value: getattr(value, "value", value))
