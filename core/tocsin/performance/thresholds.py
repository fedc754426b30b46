"""From where on a measurement is worth an alert, and how far back it has to come before the alert ends."""

from __future__ import annotations

from typing import Any, Final

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check

__all__ = ["PerformanceThresholds", "create_development_thresholds", "create_production_thresholds"]

_PAIRS: Final = (
    ("latency_warning_ms", "latency_critical_ms"),
    ("throughput_warning_drop_percent", "throughput_critical_drop_percent"),
    ("error_rate_warning_percent", "error_rate_critical_percent"),
    ("cpu_warning_percent", "cpu_critical_percent"),
    ("memory_warning_percent", "memory_critical_percent"),
    ("disk_warning_percent", "disk_critical_percent"),
)
_optional: Final = attrs.validators.optional


def _percentage(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A number from 0 to 100."""
    _check.non_negative(instance, attribute, value)
    if value > 100:  # type: ignore[operator]  # non_negative has checked
        raise ConfigurationError(
            f"{type(instance).__name__}.{attribute.name} is a percentage and must be at most 100, not {value!r}",
            attribute.name,
        )


def _fraction(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A number from 0 up to, not including, 1."""
    _check.non_negative(instance, attribute, value)
    if value >= 1:  # type: ignore[operator]  # non_negative has checked
        raise ConfigurationError(
            f"{type(instance).__name__}.{attribute.name} is a fraction and must be below 1, not {value!r}",
            attribute.name,
        )


def _count(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A whole number of at least one."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(
            f"{type(instance).__name__}.{attribute.name} must be a whole number of at least 1, not {value!r}",
            attribute.name,
        )


def _limit(default: float) -> Any:
    check: Any = _optional(_check.non_negative)
    return attrs.field(default=default, validator=check)


def _percent(default: float) -> Any:
    check: Any = _optional(_percentage)
    return attrs.field(default=default, validator=check)


def _intervals(default: int) -> Any:
    check: Any = _optional(_count)
    return attrs.field(default=default, validator=check)


@attrs.frozen(slots=True, kw_only=True)
class PerformanceThresholds:
    """Warning and critical limits of each metric; None switches a limit off.

    A value *beyond* its limit raises the alert: above it, or below it for ``health_score``. The alert ends, or falls
    from critical to warning, once the value is back by ``hysteresis`` (a fraction of the limit): with 0.1, a latency
    alert at 500 ms ends at 450 ms, one on a health score of 80, which is 20 short of well, at 82.

    - Throughput is judged by how many percent it is below a baseline that the service learns. Nothing is said before
      ``baseline_min_samples`` measurements, nor about a baseline below ``baseline_min_rps``. ``baseline_weight`` is
      the share of a new measurement in the baseline; while an alert fires it is a tenth of that, so that a lasting
      change becomes the new normal slowly, and an outage does not.
    - Latency and error rate made of fewer than ``min_requests`` requests, where that is known, are not judged.
    - ``silent_after_intervals`` whole collection intervals without a report raise ``cluster_silent``; None: never.

    :raises ConfigurationError: for a value that makes no sense, or a critical limit that is passed before its warning.
    """

    latency_warning_ms: float | None = _limit(500.0)
    latency_critical_ms: float | None = _limit(2000.0)
    throughput_warning_drop_percent: float | None = _percent(40.0)
    throughput_critical_drop_percent: float | None = _percent(70.0)
    error_rate_warning_percent: float | None = _percent(2.0)
    error_rate_critical_percent: float | None = _percent(10.0)
    health_score_warning: float | None = _percent(80.0)
    health_score_critical: float | None = _percent(50.0)
    cpu_warning_percent: float | None = _limit(80.0)
    cpu_critical_percent: float | None = _limit(95.0)
    memory_warning_percent: float | None = _percent(85.0)
    memory_critical_percent: float | None = _percent(95.0)
    disk_warning_percent: float | None = _percent(85.0)
    disk_critical_percent: float | None = _percent(95.0)
    hysteresis: float = attrs.field(default=0.1, validator=_fraction)
    min_requests: int = attrs.field(default=1, validator=_count)
    baseline_min_samples: int = attrs.field(default=10, validator=_count)
    baseline_min_rps: float = attrs.field(default=1.0, validator=_check.non_negative)
    baseline_weight: float = attrs.field(default=0.1, validator=_fraction)
    silent_after_intervals: int | None = _intervals(3)

    def __attrs_post_init__(self) -> None:
        for first, second in _PAIRS:
            self._ordered(first, second, 1)
        self._ordered("health_score_warning", "health_score_critical", -1)

    def _ordered(self, first: str, second: str, sign: int) -> None:
        warning, critical = getattr(self, first), getattr(self, second)
        if warning is not None and critical is not None and sign * critical < sign * warning:
            side = "below" if sign > 0 else "above"
            raise ConfigurationError(f"{second}={critical:g} must not be {side} {first}={warning:g}", second)


def create_production_thresholds(**changes: Any) -> PerformanceThresholds:
    """Return strict thresholds, for what people depend on; *changes* replace single ones.

    :raises ConfigurationError: see :class:`PerformanceThresholds`.
    """
    strict: dict[str, Any] = {
        "latency_warning_ms": 250.0,
        "latency_critical_ms": 1000.0,
        "throughput_warning_drop_percent": 30.0,
        "throughput_critical_drop_percent": 60.0,
        "error_rate_warning_percent": 1.0,
        "error_rate_critical_percent": 5.0,
        "health_score_warning": 85.0,
        "health_score_critical": 60.0,
        "cpu_warning_percent": 75.0,
        "cpu_critical_percent": 90.0,
        "memory_warning_percent": 80.0,
        "memory_critical_percent": 90.0,
        "disk_warning_percent": 80.0,
        "disk_critical_percent": 90.0,
    }
    return PerformanceThresholds(**{**strict, **changes})


def create_development_thresholds(**changes: Any) -> PerformanceThresholds:
    """Return lenient thresholds, for machines that are busy and restarted all day; *changes* replace single ones.

    :raises ConfigurationError: see :class:`PerformanceThresholds`.
    """
    lenient: dict[str, Any] = {
        "latency_warning_ms": 2000.0,
        "latency_critical_ms": 10_000.0,
        "throughput_warning_drop_percent": 70.0,
        "throughput_critical_drop_percent": 95.0,
        "error_rate_warning_percent": 10.0,
        "error_rate_critical_percent": 50.0,
        "health_score_warning": 60.0,
        "health_score_critical": 30.0,
        "cpu_warning_percent": 95.0,
        "cpu_critical_percent": None,
        "memory_warning_percent": 92.0,
        "memory_critical_percent": 98.0,
        "disk_warning_percent": 92.0,
        "disk_critical_percent": 98.0,
        "silent_after_intervals": 10,
    }
    return PerformanceThresholds(**{**lenient, **changes})
