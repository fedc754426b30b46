"""The aggregator ``window``: alerts of one metric that come within a window are one incident.

The first is told at once. Later ones, in any cluster, join while the window is open; on channels that were told they
are folded into one summary at its close, unless they are urgent: more severe than anything told there, or at least
``fold_below``. A storm of urgent ones is told in bursts.
"""

from __future__ import annotations

from typing import Any

import attrs

from tocsin import (
    AT_ONCE,
    AggregatorRegistrar,
    AlertSeverity,
    Cause,
    ConfigurationError,
    PerformanceAlert,
    Reason,
    Release,
    Telling,
    hookimpl,
)

__all__ = ["Window", "WindowConfig"]

_BURST_SECONDS = 60.0


@attrs.frozen(slots=True)
class WindowConfig:
    """The settings of ``window``; durations in seconds.

    ``window_seconds``: how long an incident takes further alerts. ``fold_below``: alerts at least this severe are
    told at once. ``burst``: at most so many notifications of one incident to one channel within a minute before
    urgent ones wait for the next. ``resolve_seconds``: how long a resolution waits for others while something that
    the channel was told of still fires. ``repeat_interval_seconds``: how often a channel is reminded (None: never).
    """

    window_seconds: float = 300.0
    fold_below: AlertSeverity = AlertSeverity.CRITICAL
    burst: int = 5
    resolve_seconds: float = 300.0
    repeat_interval_seconds: float | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("window_seconds", "resolve_seconds"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"{name} must not be negative", name)
        if self.burst < 1:
            raise ConfigurationError("burst is at least 1", "burst")
        if self.repeat_interval_seconds is not None and self.repeat_interval_seconds <= 0:
            raise ConfigurationError("repeat_interval_seconds must be greater than zero", "repeat_interval_seconds")


class Window:
    """Forms an incident per metric and window."""

    state_class = None
    state_version = 1

    def __init__(self, config: WindowConfig) -> None:
        self._config = config

    def key(self, alert: PerformanceAlert, /) -> str | None:
        """Alerts of one metric belong together."""
        return alert.metric_name

    def open(self, alert: PerformanceAlert, now: float, /) -> Any:
        """No state: an incident's opening instant says all."""
        return None

    def accepts(self, state: Any, opened_at: float, now: float, /) -> bool:
        """While the window is open."""
        return now < opened_at + self._config.window_seconds

    def release(self, state: Any, telling: Telling, /) -> Release:
        """Say when the channel is told; see the module's description."""
        config = self._config
        if telling.cause is Cause.RESOLVED:
            if not telling.still_firing or not config.resolve_seconds:
                return AT_ONCE
            return Release(telling.now + config.resolve_seconds, Reason.GROUPED)
        severity = telling.alert.severity
        closes = telling.opened_at + config.window_seconds
        if telling.told_severity is not None and severity <= telling.told_severity and severity < config.fold_below:
            return Release(closes, Reason.FOLDED) if telling.now < closes else AT_ONCE
        if len(telling.recent) >= config.burst:
            return Release(telling.recent[-config.burst] + _BURST_SECONDS, Reason.BURST)
        return AT_ONCE

    def longest_wait(self, severity: AlertSeverity, /) -> float:
        """Until the window closes, unless it is never folded; a burst passes within a minute."""
        folded = self._config.window_seconds if severity < self._config.fold_below else 0.0
        return max(folded, _BURST_SECONDS)

    def repeat_at(self, state: Any, opened_at: float, told_at: float, /) -> float | None:
        """As configured."""
        seconds = self._config.repeat_interval_seconds
        return None if seconds is None else told_at + seconds


@hookimpl
def tocsin_register_aggregators(registrar: AggregatorRegistrar) -> None:
    """Register ``window``."""
    registrar.register("window", Window, config_class=WindowConfig)
