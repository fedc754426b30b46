"""The source ``host``: this machine's processors, memory and disk, as alerts (``pip install 'tocsin[host]'``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import attrs

from tocsin import (
    AlertResolved,
    Clock,
    ConfigurationError,
    Fact,
    HostCollector,
    PerformanceMetricsService,
    PerformanceThresholds,
    SourceRegistrar,
    SystemClock,
    hookimpl,
)

__all__ = ["HostConfig", "HostSource", "tocsin_register_sources"]

_METRICS: Final = ("cpu_usage", "memory_usage", "disk_usage", "cluster_silent")
_ROUNDS: Final = 2.5
"""Collections until all is measured, for the first share of the processors comes with the second."""

_DEFAULTS: Final = PerformanceThresholds()


@hookimpl
def tocsin_register_sources(registrar: SourceRegistrar) -> None:
    """Register ``host``."""
    registrar.register("host", HostSource, config_class=HostConfig)


def _interval(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if not 0.5 <= value <= 3600:
        raise ConfigurationError(f"interval_seconds is a number from 0.5 to 3600, not {value!r}", attribute.name)


@attrs.frozen(slots=True, kw_only=True)
class HostConfig:
    """What of this machine is watched, and from where on it is worth an alert; shares in percent, None: never.

    ``cluster_id`` and ``node_id`` are what it is called in alerts (None: its host name). ``disk_path`` is the file
    system whose space is watched (None: none). ``interval_seconds`` is from one measurement to the next.
    """

    cluster_id: str | None = None
    node_id: str | None = None
    disk_path: str | None = "/"
    interval_seconds: float = attrs.field(default=10.0, validator=_interval)
    cpu_warning_percent: float | None = _DEFAULTS.cpu_warning_percent
    cpu_critical_percent: float | None = _DEFAULTS.cpu_critical_percent
    memory_warning_percent: float | None = _DEFAULTS.memory_warning_percent
    memory_critical_percent: float | None = _DEFAULTS.memory_critical_percent
    disk_warning_percent: float | None = _DEFAULTS.disk_warning_percent
    disk_critical_percent: float | None = _DEFAULTS.disk_critical_percent
    thresholds: PerformanceThresholds = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        names = [field.name for field in attrs.fields(HostConfig) if field.name.endswith("_percent")]
        object.__setattr__(self, "thresholds", PerformanceThresholds(**{name: getattr(self, name) for name in names}))


class HostSource:
    """Measures until it is cancelled.

    What fired when an earlier process ended, and is well again, is resolved once all was measured.
    """

    def __init__(self, config: HostConfig, *, collector: Any = None, clock: Clock | None = None) -> None:
        self._config = config
        self._clock: Clock = clock or SystemClock()
        self._collector = collector or HostCollector(
            config.cluster_id, node_id=config.node_id, disk_path=config.disk_path
        )

    async def run(self, submit: Callable[..., Awaitable[Any]]) -> None:
        """Submit what is wrong with this machine, and what is well again."""
        config = self._config
        metrics = PerformanceMetricsService(config.interval_seconds, config.thresholds, clock=self._clock)
        metrics.add_collector(self._collector)
        metrics.connect(_Door(submit))
        async with metrics:
            await self._clock.sleep_until(self._clock.now() + _ROUNDS * config.interval_seconds)
            firing = {alert.alert_id for alert in metrics.get_active_alerts()}
            for cluster_id in metrics.get_all_cluster_metrics():
                known = (f"{cluster_id}:{metric}" for metric in _METRICS)
                await submit(*[AlertResolved(alert_id) for alert_id in known if alert_id not in firing])
            await self._clock.sleep_until(float("inf"))


class _Door:
    """What the metrics service hands its facts to."""

    def __init__(self, submit: Callable[..., Awaitable[Any]]) -> None:
        self._submit = submit

    async def submit(self, *facts: Fact) -> None:
        """Commit *facts* in order."""
        await self._submit(*facts)
