"""A model of the world around a replay: when receivers fail, how long they take, and how soon people answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import attrs

from tocsin.engine.machine import Instant
from tocsin.engine.turn import StartAttempt
from tocsin.errors import ConfigurationError
from tocsin.lab.dice import chance
from tocsin.lab.instants import parse_instant
from tocsin.lab.people import Reaction
from tocsin.lab.receivers import IDEAL, Answer, Receivers
from tocsin.model import _check
from tocsin.model.facts import Acknowledged
from tocsin.model.notification import AlertStatus, Notification
from tocsin.model.outcome import Outcome
from tocsin.model.severity import AlertSeverity, parse_severity

__all__ = ["Answering", "Model", "ModelledPeople", "ModelledReceivers", "Outage", "Receiver"]

How = Literal["unavailable", "rejected", "hanging"]

_NEVER: Final = float("inf")


def _instant(value: object) -> float:
    try:
        return parse_instant(value)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def _share(instance: object, attribute: attrs.Attribute[float], value: object) -> None:
    if not _check.is_double(value) or not 0 <= value <= 1:  # type: ignore[operator]
        raise ConfigurationError(f"{attribute.name} is a share, from 0 to 1, not {value!r:.40}", attribute.name)


@attrs.frozen(slots=True, kw_only=True)
class Outage:
    """From ``begins`` until just before ``ends`` (wall time) a receiver does not take what it is sent.

    ``how``: *unavailable* (it may be tried again), *rejected* (it may not), *hanging* (it never answers).
    """

    begins: float = attrs.field(converter=_instant)
    ends: float = attrs.field(converter=_instant)
    how: How = attrs.field(
        default="unavailable", validator=attrs.validators.in_(("unavailable", "rejected", "hanging"))
    )

    def __attrs_post_init__(self) -> None:
        if self.ends <= self.begins:
            raise ConfigurationError("an outage ends after it begins", "ends")


@attrs.frozen(slots=True, kw_only=True)
class Receiver:
    """One channel's receiver: it answers after ``latency_seconds``, and of its attempts a share fails."""

    latency_seconds: float = attrs.field(default=0.0, validator=_check.non_negative)
    failing_share: float = attrs.field(default=0.0, validator=_share)
    outages: tuple[Outage, ...] = attrs.field(factory=tuple, converter=tuple)

    def answer(self, attempt: StartAttempt, now: Instant) -> Answer:
        """Return how an attempt ends."""
        how = next((one.how for one in self.outages if one.begins <= now.wall < one.ends), None)
        notification = attempt.notification
        if how == "hanging":
            return Answer(Outcome.unknown("no answer"), _NEVER)
        if how == "rejected":
            return Answer(Outcome.rejected("an outage of the model"), self.latency_seconds)
        fails = chance("fails", notification.notification_id, notification.attempt) < self.failing_share
        if fails or how is not None:
            return Answer(Outcome.unavailable("an outage of the model"), self.latency_seconds)
        return Answer(Outcome.delivered(), self.latency_seconds)


@attrs.frozen(slots=True, kw_only=True)
class Answering:
    """People who acknowledge what they are told, ``after_seconds``, on so great a ``share`` of occasions.

    ``channels`` are those that they read; None: all of which a person is the reader. ``min_severity`` is the least that
    they answer.
    """

    after_seconds: float = attrs.field(validator=_check.non_negative)
    channels: tuple[str, ...] | None = attrs.field(default=None, converter=attrs.converters.optional(_check.names))
    min_severity: AlertSeverity = attrs.field(default=AlertSeverity.INFO, converter=parse_severity)
    share: float = attrs.field(default=1.0, validator=_share)


@attrs.frozen(slots=True, kw_only=True)
class Model:
    """Receivers by their channels' ids, and people; whoever is not named has everything at once, and does nothing."""

    receivers: Mapping[str, Receiver] = attrs.field(factory=dict)
    people: tuple[Answering, ...] = attrs.field(factory=tuple, converter=tuple)


@attrs.frozen(slots=True)
class ModelledReceivers:
    """The receivers of a model; *otherwise* answers for those that it does not name."""

    receivers: Mapping[str, Receiver]
    otherwise: Receivers = IDEAL

    def answer(self, attempt: StartAttempt, now: Instant) -> Answer:
        """Return how an attempt ends."""
        found = self.receivers.get(attempt.notification.channel_id)
        return self.otherwise.answer(attempt, now) if found is None else found.answer(attempt, now)


@attrs.frozen(slots=True)
class ModelledPeople:
    """The people of a model. Whoever is told of the same incident on the same channel twice has one mind about it."""

    people: tuple[Answering, ...]

    def react(self, notification: Notification, *, human: bool) -> Iterator[Reaction]:
        """Yield the acknowledgements of a notification that was just delivered."""
        if notification.status is not AlertStatus.FIRING:
            return
        for place, one in enumerate(self.people):
            reads = human if one.channels is None else notification.channel_id in one.channels
            minded = chance("answers", place, notification.incident_id, notification.channel_id) < one.share
            if reads and minded and notification.severity >= one.min_severity:
                yield Reaction(one.after_seconds, Acknowledged(notification.incident_id, "somebody of the model"))
