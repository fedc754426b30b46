"""The role of an aggregator: it forms incidents and says when each of their episodes is told."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import attrs

from tocsin.model.alert import PerformanceAlert
from tocsin.model.reason import Reason
from tocsin.model.severity import AlertSeverity

__all__ = ["AT_ONCE", "Aggregator", "Cause", "Labelling", "Release", "Telling", "Waiting"]


class Cause(enum.StrEnum):
    """Why an episode is to be told."""

    NEW = "new"
    """It began, or this channel was not among its channels before."""
    WORSE = "worse"
    """Its severity rose above what the channel was told."""
    RESOLVED = "resolved"
    """It ended, and the channel was told that it fires."""


@attrs.frozen(slots=True, hash=False)
class Telling:
    """The facts of one decision: this episode, this incident, this channel, now.

    Instants are engine time in seconds. ``told_severity`` is the highest that this channel was told of this incident
    (None: it was told nothing). ``still_firing`` counts the incident's firing episodes, this one included if it fires.
    ``recent`` are the instants, newest last, of the latest notifications of this incident to this channel.
    """

    now: float
    cause: Cause
    alert: PerformanceAlert
    opened_at: float
    told_severity: AlertSeverity | None
    last_told_at: float | None
    still_firing: int
    recent: tuple[float, ...] = ()


@attrs.frozen(slots=True)
class Release:
    """When to tell: at once (``at`` None), or at the instant ``at``, for the given reason."""

    at: float | None = None
    reason: Reason = Reason.ROUTED


AT_ONCE = Release()
"""What is due now."""


class Aggregator(Protocol):
    """Forms incidents, and says when their episodes are told. Pure: the same arguments give the same answer.

    ``state_class`` is an attrs class of plain fields that cattrs can structure (None: no state); ``state_version``
    rises when its fields change. The engine persists the state and holds what is owed to whom; an aggregator that
    raises is recorded as a gap, and the episode is told at once.
    """

    @property
    def state_class(self) -> type | None:
        """The class of the state."""
        ...

    @property
    def state_version(self) -> int:
        """The version of the state's fields."""
        ...

    def key(self, alert: PerformanceAlert, /) -> str | None:
        """Return what alerts of one incident have in common, or None for an incident of its own."""
        ...

    def open(self, alert: PerformanceAlert, now: float, /) -> Any:
        """Return the state of a new incident that *alert* begins."""
        ...

    def accepts(self, state: Any, opened_at: float, now: float, /) -> bool:
        """Whether an incident that was opened at *opened_at* and still fires takes another alert of its key."""
        ...

    def release(self, state: Any, telling: Telling, /) -> Release:
        """Say when the channel is told of the episode."""
        ...

    def repeat_at(self, state: Any, opened_at: float, told_at: float, /) -> float | None:
        """Return when a channel that was told at *told_at* is reminded of what still fires; None: never."""
        ...


@runtime_checkable
class Labelling(Protocol):
    """What an aggregator may offer besides: what the alerts of one incident have in common, as labels."""

    def labels(self, alert: PerformanceAlert, /) -> Mapping[str, str]:
        """Return the labels, with their values, by which *alert* is in its incident: Alertmanager's group labels."""
        ...


@runtime_checkable
class Waiting(Protocol):
    """What an aggregator may offer besides: how long it may keep an alert waiting, so that it can be reckoned with."""

    def longest_wait(self, severity: AlertSeverity, /) -> float | None:
        """Return the most seconds for which :meth:`Aggregator.release` ever puts off an alert of *severity* that a
        channel was not told of, whatever else its incident holds; None: there is no bound."""
        ...
