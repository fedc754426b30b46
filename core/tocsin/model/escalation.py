"""Escalation policies: who is told next when nobody answers."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import attrs

from tocsin.errors import ConfigurationError, nearest
from tocsin.model import _check

__all__ = ["EscalationLevel", "EscalationPolicy", "create_basic_escalation_policy"]


@enum.unique
class EscalationLevel(enum.Enum):
    """Five levels, comparable; ``default_delay_seconds`` counts from when the policy first applied to the incident."""

    default_delay_seconds: float
    rank: int

    IMMEDIATE = ("immediate", 0, 0.0)
    FIRST = ("first", 1, 300.0)
    SECOND = ("second", 2, 900.0)
    THIRD = ("third", 3, 1800.0)
    FINAL = ("final", 4, 3600.0)

    def __new__(cls, value: str, rank: int, delay: float) -> EscalationLevel:
        member = object.__new__(cls)
        member._value_ = value
        member.rank = rank
        member.default_delay_seconds = delay
        return member

    @classmethod
    def parse(cls, value: EscalationLevel | str) -> EscalationLevel:
        """Return the level that *value* names, whatever its case; ConfigurationError for any other value."""
        if isinstance(value, cls):
            return value
        try:
            return cls(value.lower())  # type: ignore[call-arg, union-attr]  # mypy reads __new__; a non-string is caught
        except (ValueError, AttributeError):
            known = [level.value for level in cls]
            raise ConfigurationError(f"unknown escalation level {value!r}{nearest(str(value), known)}") from None

    def __lt__(self, other: EscalationLevel) -> bool:
        if not isinstance(other, EscalationLevel):
            return NotImplemented
        return self.rank < other.rank


def _levels(value: Any) -> Mapping[EscalationLevel, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"escalation_levels is a mapping from a level to its channels, not {value!r}")
    levels = {EscalationLevel.parse(level): _check.names(channels) for level, channels in value.items()}
    return {level: levels[level] for level in EscalationLevel if level in levels}


def _delays(value: Any) -> Mapping[EscalationLevel, float]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"level_delays_seconds is a mapping from a level to seconds, not {value!r}")
    delays: dict[EscalationLevel, float] = {}
    for key, delay in value.items():
        level = EscalationLevel.parse(key)
        if not _check.is_double(delay) or not 0 <= delay < float("inf"):
            raise ConfigurationError(
                f"the delay of level {level.value} is a number of seconds, at least 0, not {_check.shown(delay)}",
                f"level_delays_seconds.{level.value}",
            )
        delays[level] = float(delay)
    return delays


def _whole(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigurationError(f"{attribute.name} is a whole number, at least 0, not {value!r}", attribute.name)


@attrs.frozen(slots=True, hash=False)
class EscalationPolicy:
    """Which channels are told at which level while an incident is firing and unacknowledged.

    A level's delay counts, in seconds, from when the policy first applied to the incident, paused time excluded;
    ``level_delays_seconds`` changes single ones, the others keep their defaults. IMMEDIATE joins the rule's own
    channels. ``default_channels`` stand in for a level none of whose channels is usable. ``repeat`` is how many times
    the levels are gone through again; a round starts ``repeat_after_seconds`` after the one before it (None: five
    minutes after that one's last level).

    :raises ConfigurationError: for an unknown level, a negative delay, delays that put a level before the one below
        it, or a round that is shorter than its levels.
    """

    policy_id: str = attrs.field(validator=_check.name)
    name: str = attrs.field(default="", validator=_check.text)
    escalation_levels: Mapping[EscalationLevel, tuple[str, ...]] = attrs.field(factory=dict, converter=_levels)
    default_channels: tuple[str, ...] = attrs.field(factory=tuple, converter=_check.names)
    level_delays_seconds: Mapping[EscalationLevel, float] = attrs.field(factory=dict, converter=_delays)
    repeat: int = attrs.field(default=0, validator=_whole)
    repeat_after_seconds: float | None = attrs.field(default=None, validator=attrs.validators.optional(_check.positive))

    def __attrs_post_init__(self) -> None:
        delays = [(self.delay_seconds(level), level) for level in self.escalation_levels]
        for (before, lower), (after, upper) in pairwise(delays):
            if after < before:
                raise ConfigurationError(
                    f"level {upper.value} ({after:g} s) would come before level {lower.value} ({before:g} s)",
                    "level_delays_seconds",
                )
        if self.repeat and delays and self.round_seconds <= delays[-1][0]:
            raise ConfigurationError(
                f"a round must outlast its last level ({delays[-1][0]:g} s), not {self.round_seconds:g} s",
                "repeat_after_seconds",
            )

    def delay_seconds(self, level: EscalationLevel) -> float:
        """Return after how many seconds *level* is due."""
        return self.level_delays_seconds.get(level, level.default_delay_seconds)

    @property
    def round_seconds(self) -> float:
        """How many seconds after a round's start the next one begins, if the policy repeats."""
        if self.repeat_after_seconds is not None:
            return self.repeat_after_seconds
        return max((self.delay_seconds(level) for level in self.escalation_levels), default=0.0) + 300.0


def create_basic_escalation_policy(
    policy_id: str, immediate_channels: Iterable[str], escalated_channels: Iterable[str], **options: Any
) -> EscalationPolicy:
    """Return a policy of two levels: *immediate_channels* at once, *escalated_channels* after five minutes.

    The immediate channels also stand in (``default_channels``) where a level has no usable channel.
    """
    immediate = tuple(immediate_channels)
    return EscalationPolicy(
        policy_id=policy_id,
        name=options.pop("name", f"Escalation: {policy_id}"),
        escalation_levels={
            EscalationLevel.IMMEDIATE: immediate,
            EscalationLevel.FIRST: tuple(escalated_channels),
        },
        default_channels=options.pop("default_channels", immediate),
        **options,
    )
