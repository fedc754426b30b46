"""A scenario, as its file says it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tocsin.lab.rehearsal import START
from tocsin.model import _check
from tocsin.model.alert import PerformanceAlert
from tocsin.model.silence import LabelMatcher

__all__ = ["Acknowledgement", "Expectation", "Postponement", "Quiet", "Scenario", "Step"]


@attrs.frozen(slots=True, kw_only=True)
class Acknowledgement:
    """Somebody takes an alert, for good or for a while."""

    alert: str = attrs.field(validator=_check.name)
    by: str = attrs.field(default="somebody", validator=_check.text)
    for_seconds: float | None = attrs.field(default=None, validator=attrs.validators.optional(_check.positive))


@attrs.frozen(slots=True, kw_only=True)
class Postponement:
    """Somebody puts an alert off for a while."""

    alert: str = attrs.field(validator=_check.name)
    for_seconds: float = attrs.field(validator=_check.positive)
    by: str = attrs.field(default="somebody", validator=_check.text)


@attrs.frozen(slots=True, kw_only=True)
class Quiet:
    """Alerts that meet all matchers are silenced for a while."""

    matchers: tuple[LabelMatcher, ...]
    for_seconds: float = attrs.field(validator=_check.positive)


@attrs.frozen(slots=True, kw_only=True)
class Expectation:
    """What must have been told since the expectation before, or since the beginning.

    ``told``: these channels and no others. ``at_least``: these, and perhaps others. ``not_told``: none of these.
    ``about`` looks at what lists that alert alone.
    """

    told: tuple[str, ...] | None = attrs.field(default=None, converter=attrs.converters.optional(_check.names))
    at_least: tuple[str, ...] = attrs.field(factory=tuple, converter=_check.names)
    not_told: tuple[str, ...] = attrs.field(factory=tuple, converter=_check.names)
    about: str | None = attrs.field(default=None, validator=attrs.validators.optional(_check.name))


@attrs.frozen(slots=True, kw_only=True)
class Step:
    """What happens ``at`` so many seconds after the beginning, in this order, and what must have been told by then.

    ``where`` is the step's place in its file.
    """

    at: float
    where: str
    receivers: Mapping[str, str] = attrs.field(factory=dict)
    silence: tuple[Quiet, ...] = ()
    alert: tuple[PerformanceAlert, ...] = ()
    resolve: tuple[str, ...] = attrs.field(factory=tuple, converter=_check.names)
    acknowledge: tuple[Acknowledgement, ...] = ()
    snooze: tuple[Postponement, ...] = ()
    expect: Expectation | None = None


@attrs.frozen(slots=True, kw_only=True)
class Scenario:
    """A test: steps in order of time, from ``start`` (wall time, seconds since the epoch) on.

    ``config`` is the configuration that it is about, if its file names one.
    """

    name: str = attrs.field(validator=_check.name)
    steps: tuple[Step, ...]
    start: float = START
    config: str | None = None
