"""A silence: alerts that match it are not told while it lasts."""

from __future__ import annotations

import enum
import re
from typing import Any, Final

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check

__all__ = ["LabelMatcher", "MatchOperator", "Silence", "SilenceRecord", "SilenceState", "create_maintenance"]


_PLAIN_NAME: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


class MatchOperator(enum.StrEnum):
    """Prometheus' four ways to match a label."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@attrs.frozen(slots=True)
class LabelMatcher:
    """One matcher over the label view; a regular expression is fully anchored, an absent label equals ''.

    Its text is what :func:`tocsin.patterns.parse_label_matchers` reads.
    """

    name: str = attrs.field(validator=_check.name)
    operator: MatchOperator = attrs.field(converter=MatchOperator)
    value: str = attrs.field(validator=_check.text)

    def __str__(self) -> str:
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else _quoted(self.name)
        return f"{name}{self.operator.value}{_quoted(self.value)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _matchers(value: Any) -> tuple[LabelMatcher, ...]:
    matchers = tuple(value)
    if not matchers or not all(isinstance(matcher, LabelMatcher) for matcher in matchers):
        raise ConfigurationError("a silence needs at least one LabelMatcher", "matchers")
    return matchers


@attrs.frozen(slots=True)
class Silence:
    """Alerts that meet all ``matchers`` are not told from ``starts_at`` until ``ends_at`` (wall time, seconds, UTC).

    ``maintenance`` marks work that was planned, see :func:`create_maintenance`.

    :raises ConfigurationError: when it has no matcher, or does not end after it starts.
    """

    silence_id: str = attrs.field(validator=_check.name)
    matchers: tuple[LabelMatcher, ...] = attrs.field(converter=_matchers)
    starts_at: float = attrs.field(validator=_check.finite)
    ends_at: float = attrs.field(validator=_check.finite)
    created_by: str = attrs.field(default="", validator=_check.text)
    comment: str = attrs.field(default="", validator=_check.text)
    maintenance: bool = attrs.field(default=False, validator=_check.boolean)

    def __attrs_post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ConfigurationError("a silence must end after it starts", "ends_at")

    def active(self, wall: float) -> bool:
        """Whether it lasts at that wall time: from its start until just before its end."""
        return self.starts_at <= wall < self.ends_at


class SilenceState(enum.StrEnum):
    """Where a silence stands; the words are Alertmanager's."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@attrs.frozen(slots=True)
class SilenceRecord:
    """A silence as it is kept: its newest form, the earlier ones (oldest first), and when it was ended before its time.

    ``expired_at`` and ``updated_at``, when it was last set or ended, are wall time; ``expired_by`` says who ended it.
    """

    silence: Silence
    history: tuple[Silence, ...] = ()
    expired_at: float | None = None
    expired_by: str = ""
    updated_at: float = 0.0

    @property
    def over_at(self) -> float:
        """The wall time from which it does nothing any more."""
        return self.silence.ends_at if self.expired_at is None else min(self.expired_at, self.silence.ends_at)

    def over(self, wall: float) -> bool:
        """Whether it does nothing any more at that wall time; what was ended by hand stays ended."""
        return self.expired_at is not None or wall >= self.silence.ends_at

    def state(self, wall: float) -> SilenceState:
        """Return where it stands at that wall time."""
        if self.over(wall):
            return SilenceState.EXPIRED
        return SilenceState.ACTIVE if self.silence.active(wall) else SilenceState.PENDING


def create_maintenance(
    silence_id: str, cluster_id: str, starts_at: float, ends_at: float, created_by: str = "", comment: str = ""
) -> Silence:
    """Return a silence of everything in one cluster, for work that was planned; its reason is shown as maintenance."""
    matcher = LabelMatcher("cluster_id", MatchOperator.EQUAL, cluster_id)
    return Silence(silence_id, (matcher,), starts_at, ends_at, created_by, comment, maintenance=True)
