"""The aggregator: alerts with the same value of one label are one incident. Put your own in its place."""

from __future__ import annotations

from typing import Any

import attrs
from tocsin import (
    AT_ONCE,
    AggregatorRegistrar,
    AlertSeverity,
    AlertView,
    Cause,
    ConfigurationError,
    PerformanceAlert,
    Reason,
    Release,
    Telling,
    hookimpl,
)

__all__ = ["ByLabel", "ByLabelConfig", "tocsin_register_aggregators"]

_LONGEST = 86_400.0


@hookimpl
def tocsin_register_aggregators(registrar: AggregatorRegistrar) -> None:
    """Register ``{{ cookiecutter.name }}``."""
    registrar.register("{{ cookiecutter.name }}", ByLabel, config_class=ByLabelConfig)


def _name(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{attribute.name} is a label's name, not {value!r:.60}", attribute.name)


def _patience(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= _LONGEST:
        problem = f"{attribute.name} is a number of seconds from 0 to {_LONGEST:g}, not {value!r:.60}"
        raise ConfigurationError(problem, attribute.name)


@attrs.frozen(slots=True)
class ByLabelConfig:
    """Settings: ``label`` is what alerts of one incident have in common, ``patience_seconds`` how long what is not
    critical waits for more."""

    label: str = attrs.field(default="cluster_id", validator=_name)
    patience_seconds: float = attrs.field(default=30.0, validator=_patience)


class ByLabel:
    """All that is wrong with one value of the label is one incident. It is pure, and has no state to be kept."""

    state_class = None
    state_version = 1

    def __init__(self, config: ByLabelConfig) -> None:
        self._config = config

    def key(self, alert: PerformanceAlert, /) -> str | None:
        """Return the label's value; an alert without it is alone."""
        return AlertView(alert).label(self._config.label) or None

    def open(self, alert: PerformanceAlert, now: float, /) -> None:
        """No state."""

    def accepts(self, state: None, opened_at: float, now: float, /) -> bool:
        """As long as something is wrong."""
        return True

    def release(self, state: None, telling: Telling, /) -> Release:
        """At once what is critical and what is over; the rest after a while."""
        urgent = telling.cause is Cause.RESOLVED or telling.alert.severity >= AlertSeverity.CRITICAL
        if urgent or not self._config.patience_seconds:
            return AT_ONCE
        return Release(telling.now + self._config.patience_seconds, Reason.GROUPED)

    def longest_wait(self, severity: AlertSeverity, /) -> float:
        """Return what ``tocsin prove`` may count with."""
        return 0.0 if severity >= AlertSeverity.CRITICAL else self._config.patience_seconds

    def repeat_at(self, state: None, opened_at: float, told_at: float, /) -> float | None:
        """Nobody is reminded."""
        return None
