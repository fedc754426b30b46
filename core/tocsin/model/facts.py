"""Facts: the engine's inputs. ``await alerting.submit(*facts)`` hands them in; nothing else changes the state."""

from __future__ import annotations

from typing import Any

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check
from tocsin.model.alert import PerformanceAlert
from tocsin.model.outcome import Outcome
from tocsin.model.reason import GapKind
from tocsin.model.silence import Silence

__all__ = [
    "Acknowledged",
    "AlertFired",
    "AlertResolved",
    "AttemptEnded",
    "Escalated",
    "Fact",
    "GapFound",
    "Noted",
    "Redriven",
    "SilenceExpired",
    "SilenceSet",
    "Snoozed",
]


def _alert(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, PerformanceAlert):
        raise ConfigurationError(f"expected a PerformanceAlert, not {type(value).__name__}", attribute.name)


def _silence(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Silence):
        raise ConfigurationError(f"expected a Silence, not {type(value).__name__}", attribute.name)


@attrs.frozen(slots=True, hash=False)
class AlertFired:
    """An alert is wrong, or still wrong, as ``alert`` describes it. Its answer is True."""

    alert: PerformanceAlert = attrs.field(validator=_alert)


@attrs.frozen(slots=True)
class AlertResolved:
    """An alert is well again; ``by`` says who found so, where it was not its source. Its answer is False when no such
    alert fires."""

    alert_id: str = attrs.field(validator=_check.name)
    by: str = attrs.field(default="", validator=_check.text)


@attrs.frozen(slots=True)
class Acknowledged:
    """Somebody has taken an alert or an incident (``target`` is either's id), for good or ``for_seconds``.

    Its answer is False when no such alert or incident fires.
    """

    target: str = attrs.field(validator=_check.name)
    by: str = attrs.field(default="", validator=_check.text)
    comment: str = attrs.field(default="", validator=_check.text)
    for_seconds: float | None = attrs.field(default=None, validator=attrs.validators.optional(_check.positive))


@attrs.frozen(slots=True)
class Snoozed:
    """Somebody put an alert or an incident off for ``seconds``. Its answer is False when no such one fires."""

    target: str = attrs.field(validator=_check.name)
    seconds: float = attrs.field(validator=_check.positive)
    by: str = attrs.field(default="", validator=_check.text)


@attrs.frozen(slots=True)
class Escalated:
    """Somebody wants the next level of an alert's or an incident's running escalation to be told now, before its time.

    The levels after it keep their instants. Its answer is False when none runs there, or nothing is left of it.
    """

    target: str = attrs.field(validator=_check.name)
    by: str = attrs.field(default="", validator=_check.text)
    comment: str = attrs.field(default="", validator=_check.text)


@attrs.frozen(slots=True)
class Noted:
    """Somebody wrote something down about an alert or an incident; it stands in the ledger and changes nothing.

    Its answer is False when nobody knows such an alert or incident, any more.
    """

    target: str = attrs.field(validator=_check.name)
    by: str = attrs.field(default="", validator=_check.text)
    text: str = attrs.field(default="", validator=_check.text)


@attrs.frozen(slots=True)
class SilenceSet:
    """A silence was added, or replaced by one of the same id."""

    silence: Silence = attrs.field(validator=_silence)


@attrs.frozen(slots=True)
class SilenceExpired:
    """A silence was ended before its time. Its answer is False for an unknown one."""

    silence_id: str = attrs.field(validator=_check.name)
    by: str = attrs.field(default="", validator=_check.text)


@attrs.frozen(slots=True)
class Redriven:
    """Somebody asked for a notification that ended undelivered (dead, rejected or unknown) to be tried again.

    Its answer is False when no such notification is kept, or nothing that it lists is worth telling any more.
    """

    notification_id: str = attrs.field(validator=_check.name)
    by: str = attrs.field(default="", validator=_check.text)


@attrs.frozen(slots=True)
class AttemptEnded:
    """The runtime's report on one attempt; ``seconds`` is how long it took. Its answer is False for a stale one.

    ``started_at`` is when it began, in engine time: once it was committed, which may have taken a while (None: when it
    was decided).
    """

    notification_id: str
    attempt: int
    outcome: Outcome
    seconds: float = 0.0
    started_at: float | None = None


@attrs.frozen(slots=True)
class GapFound:
    """A part outside the engine failed: a renderer, a backend that raised, an observer."""

    kind: GapKind
    subject: str
    detail: str


Fact = (
    AlertFired
    | AlertResolved
    | Acknowledged
    | Snoozed
    | Escalated
    | Noted
    | SilenceSet
    | SilenceExpired
    | Redriven
    | AttemptEnded
    | GapFound
)
"""Anything that the engine can be told."""
