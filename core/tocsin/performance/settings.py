"""The service's own settings, checked."""

from __future__ import annotations

from typing import Any

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check
from tocsin.performance.thresholds import PerformanceThresholds

__all__ = ["Settings"]


def _thresholds(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, PerformanceThresholds):
        raise ConfigurationError(
            f"{attribute.name} must be PerformanceThresholds, not {type(value).__name__}", attribute.name
        )


def _limit(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(
            f"{attribute.name} must be a whole number of at least 1, not {value!r}", attribute.name
        )


@attrs.frozen(slots=True, kw_only=True)
class Settings:
    """The arguments of :class:`~tocsin.performance.service.PerformanceMetricsService`; all times in seconds.

    :raises ConfigurationError: for one that makes no sense.
    """

    collection_interval: float = attrs.field(validator=_check.positive)
    thresholds: PerformanceThresholds = attrs.field(validator=_thresholds)
    collector_timeout: float = attrs.field(validator=_check.positive)
    callback_patience: float = attrs.field(validator=_check.positive)
    drain_seconds: float = attrs.field(validator=_check.non_negative)
    history_limit: int = attrs.field(validator=_limit)
