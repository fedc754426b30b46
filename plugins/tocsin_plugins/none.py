"""The aggregator ``none``: one alert, one incident, told at once."""

from __future__ import annotations

from typing import Any

import attrs

from tocsin import AT_ONCE, AggregatorRegistrar, AlertSeverity, PerformanceAlert, Release, Telling, hookimpl

__all__ = ["NoAggregation", "NoneConfig"]


@attrs.frozen(slots=True)
class NoneConfig:
    """``repeat_interval_seconds``: how often a channel is reminded of what still fires (None: never)."""

    repeat_interval_seconds: float | None = None


class NoAggregation:
    """Every episode is an incident of its own."""

    state_class = None
    state_version = 1

    def __init__(self, config: NoneConfig) -> None:
        self._config = config

    def key(self, alert: PerformanceAlert, /) -> str | None:
        """Alerts have nothing in common."""
        return None

    def open(self, alert: PerformanceAlert, now: float, /) -> Any:
        """No state."""
        return None

    def accepts(self, state: Any, opened_at: float, now: float, /) -> bool:
        """An incident of one takes no other."""
        return False

    def release(self, state: Any, telling: Telling, /) -> Release:
        """Everything is told at once."""
        return AT_ONCE

    def longest_wait(self, severity: AlertSeverity, /) -> float:
        """Nothing waits."""
        return 0.0

    def repeat_at(self, state: Any, opened_at: float, told_at: float, /) -> float | None:
        """As configured."""
        seconds = self._config.repeat_interval_seconds
        return None if seconds is None else told_at + seconds


@hookimpl
def tocsin_register_aggregators(registrar: AggregatorRegistrar) -> None:
    """Register ``none``."""
    registrar.register("none", NoAggregation, config_class=NoneConfig)
