"""A silence: alerts that match it are not told while it lasts."""

from __future__ import annotations

import enum
from typing import Any

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check

__all__ = ["LabelMatcher", "MatchOperator", "Silence"]


class MatchOperator(enum.StrEnum):
    """Prometheus' four ways to match a label."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@attrs.frozen(slots=True)
class LabelMatcher:
    """One matcher over the label view; a regular expression is fully anchored, an absent label equals ''."""

    name: str = attrs.field(validator=_check.name)
    operator: MatchOperator = attrs.field(converter=MatchOperator)
    value: str = attrs.field(validator=_check.text)

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.operator.value}"{escaped}"'


def _matchers(value: Any) -> tuple[LabelMatcher, ...]:
    matchers = tuple(value)
    if not matchers or not all(isinstance(matcher, LabelMatcher) for matcher in matchers):
        raise ConfigurationError("a silence needs at least one LabelMatcher", "matchers")
    return matchers


@attrs.frozen(slots=True)
class Silence:
    """Alerts that meet all ``matchers`` are not told from ``starts_at`` until ``ends_at`` (wall time, seconds, UTC).

    :raises ConfigurationError: when it has no matcher, or does not end after it starts.
    """

    silence_id: str = attrs.field(validator=_check.name)
    matchers: tuple[LabelMatcher, ...] = attrs.field(converter=_matchers)
    starts_at: float = attrs.field(validator=_check.finite)
    ends_at: float = attrs.field(validator=_check.finite)
    created_by: str = ""
    comment: str = ""

    def __attrs_post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ConfigurationError("a silence must end after it starts", "ends_at")
