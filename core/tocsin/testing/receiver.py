"""What a backend is tested against: a receiver that answers as a test says, and that notes what arrived."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import attrs

__all__ = ["RETRY_AFTER_SECONDS", "Answer", "Arrival", "BackendReceiver"]

RETRY_AFTER_SECONDS: Final = 17
"""How long a receiver that throttles asks for."""


class Answer(enum.StrEnum):
    """How a receiver answers an attempt."""

    TAKES = "takes"
    """It has the notification, and says so."""
    REFUSES = "refuses"
    """It will never take it (HTTP 400, SMTP 550), and, where it can, repeats what it was sent, secrets included."""
    THROTTLES = "throttles"
    """It asks for less: come back after :data:`RETRY_AFTER_SECONDS`."""
    FAILS = "fails"
    """It says that something is wrong with itself (HTTP 503, SMTP 451): it does not have the notification."""
    DOWN = "down"
    """Nobody is there: connections are refused."""
    BREAKS_OFF = "breaks off"
    """It reads the notification to its end and goes away without an answer."""
    HANGS = "hangs"
    """It reads the notification to its end and never answers; the connection stays."""


@attrs.frozen(slots=True)
class Arrival:
    """What one attempt brought, as the receiver understands it.

    ``text`` is everything that somebody could come to read, decoded: of JSON the strings, of an e-mail the subject and
    the decoded parts. ``key`` is that by which the receiver knows an attempt for a repetition of another (an
    idempotency key, a Message-ID), ``incident`` that by which it knows what belongs to one incident (a deduplication
    key), ``ends`` whether it ends the receiver's incident; None where the protocol has no such thing.
    """

    text: str
    key: str | None = None
    incident: str | None = None
    ends: bool | None = None


class BackendReceiver:
    """The base of receivers for tests. It is entered and left like a file; its server may run in threads.

    A subclass reads ``answer`` when an attempt comes, calls :meth:`arrived` for each that it read to its end
    (whatever it answers), and :meth:`opened` and :meth:`closed` for each connection, where there are connections.
    """

    def __init__(self) -> None:
        self.answer = Answer.TAKES
        self._arrivals: list[Arrival] = []
        self._still_open = 0
        self._changed = threading.Condition()

    def will(self, answer: Answer, /) -> None:
        """Answer like this from now on."""
        self.answer = answer

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """What has arrived so far, in order."""
        with self._changed:
            return tuple(self._arrivals)

    @property
    def still_open(self) -> int:
        """How many connections are open."""
        with self._changed:
            return self._still_open

    def arrived(self, arrival: Arrival) -> None:
        """Note what arrived."""
        with self._changed:
            self._arrivals.append(arrival)
            self._changed.notify_all()

    def opened(self) -> None:
        """Note a new connection."""
        with self._changed:
            self._still_open += 1
            self._changed.notify_all()

    def closed(self) -> None:
        """Note that a connection ended."""
        with self._changed:
            self._still_open -= 1
            self._changed.notify_all()

    def wait_until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Block this thread until *holds*, asked whenever something was noted; False after *seconds* in vain."""
        with self._changed:
            return self._changed.wait_for(holds, seconds)

    def stop(self) -> None:
        """End at once, with all connections; a second time does nothing. A receiver that has some overrides it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
