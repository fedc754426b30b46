"""How one attempt to deliver a notification ended, and when another one is worth making."""

from __future__ import annotations

import enum

import attrs

from tocsin.model import _check

__all__ = ["CircuitPolicy", "Outcome", "OutcomeStatus", "RetryPolicy"]


class OutcomeStatus(enum.Enum):
    """What an attempt's end means for the notification."""

    DELIVERED = "delivered"
    """The receiver has it."""
    REJECTED = "rejected"
    """The receiver will never take it: no further attempt."""
    UNAVAILABLE = "unavailable"
    """The receiver does not have it, and may take it later."""
    THROTTLED = "throttled"
    """The receiver does not have it, and says when to come back."""
    UNKNOWN = "unknown"
    """Nobody can say whether the receiver has it: the answer never came. It is sent again, with the same id."""


@attrs.frozen(slots=True)
class Outcome:
    """One attempt's end. Build it with :meth:`delivered`, :meth:`rejected`, :meth:`unavailable`, :meth:`throttled`
    or :meth:`unknown`; ``detail`` is shown to people: one short line, without any secret.

    ``code`` is the protocol's own status code (HTTP, SMTP), where there is one.
    """

    status: OutcomeStatus
    detail: str = ""
    code: int | None = None
    retry_after_seconds: float | None = None

    @classmethod
    def delivered(cls, detail: str = "", *, code: int | None = None) -> Outcome:
        """The receiver has it."""
        return cls(OutcomeStatus.DELIVERED, detail, code)

    @classmethod
    def rejected(cls, detail: str, *, code: int | None = None) -> Outcome:
        """The receiver will never take it; the notification ends, and goes to the channel's fallback."""
        return cls(OutcomeStatus.REJECTED, detail, code)

    @classmethod
    def unavailable(cls, detail: str, *, code: int | None = None, retry_after_seconds: float | None = None) -> Outcome:
        """The receiver certainly does not have it; another attempt follows, not before *retry_after_seconds*."""
        return cls(OutcomeStatus.UNAVAILABLE, detail, code, retry_after_seconds)

    @classmethod
    def throttled(cls, detail: str, *, code: int | None = None, retry_after_seconds: float | None = None) -> Outcome:
        """The receiver asks for less; another attempt follows, not before *retry_after_seconds*."""
        return cls(OutcomeStatus.THROTTLED, detail, code, retry_after_seconds)

    @classmethod
    def unknown(cls, detail: str, *, code: int | None = None) -> Outcome:
        """The answer never came; the channel counts as told, and another attempt follows with the same id."""
        return cls(OutcomeStatus.UNKNOWN, detail, code)

    @property
    def success(self) -> bool:
        """Whether the receiver has it for certain."""
        return self.status is OutcomeStatus.DELIVERED


@attrs.frozen(slots=True)
class CircuitPolicy:
    """When a channel whose receiver fails is left alone: after ``failures`` attempts in a row, for ``open_seconds``.

    Then one attempt probes it. Each probe that fails doubles the time to the next, up to ``cap_seconds``; any answer,
    a refusal too, closes the circuit.
    """

    failures: int = attrs.field(default=5, validator=_check.positive)
    open_seconds: float = attrs.field(default=30.0, validator=_check.positive)
    cap_seconds: float = attrs.field(default=300.0, validator=_check.positive)


@attrs.frozen(slots=True)
class RetryPolicy:
    """When another attempt is made, and when a notification is given up.

    The n-th retry comes after a random time of up to ``base_seconds * 2**n``, at most ``cap_seconds`` ("full
    jitter"), and not before what the receiver asked for. A notification is given up after ``max_attempts`` attempts
    or when the next one would come later than ``max_age_seconds`` after the first.
    """

    base_seconds: float = attrs.field(default=2.0, validator=_check.positive)
    cap_seconds: float = attrs.field(default=300.0, validator=_check.positive)
    max_attempts: int = attrs.field(default=20, validator=_check.positive)
    max_age_seconds: float = attrs.field(default=3600.0, validator=_check.positive)
