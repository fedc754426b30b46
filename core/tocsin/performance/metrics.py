"""One measurement of one cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check

__all__ = ["NUMBERS", "ClusterMetrics"]


def _percent(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A number from 0 to 100."""
    _check.non_negative(instance, attribute, value)
    if value > 100:  # type: ignore[operator]  # non_negative has checked
        raise ConfigurationError(
            f"{type(instance).__name__}.{attribute.name} must be at most 100, not {value!r}", attribute.name
        )


def _labels(value: Any) -> Mapping[str, str]:
    return _check.string_map(value)


_optional: Final = attrs.validators.optional


def _amount() -> Any:
    return attrs.field(default=None, validator=_optional(_check.non_negative))


def _share() -> Any:
    return attrs.field(default=None, validator=_optional(_percent))


def _text() -> Any:
    return attrs.field(default=None, validator=_optional(_check.text))


@attrs.frozen(slots=True, hash=False)
class ClusterMetrics:
    """What was measured of one cluster at one moment; None is "not measured", never zero.

    ``timestamp`` is wall time in seconds since the epoch (UTC); None: when it was received. Latencies are in
    milliseconds, ``throughput_rps`` in requests per second, what ends in ``_percent`` in percent, and ``health_score``
    goes from 0 (dead) to 100 (well). ``requests`` is how many requests the latencies and the error rate are made of.
    ``labels`` go into every alert about this cluster.

    Two sources may each measure a part of one cluster: the parts are put together (see ``tocsin.performance.watch``).

    :raises ConfigurationError: when a field has a value that cannot have been measured.
    """

    cluster_id: str = attrs.field(validator=_check.name)
    cluster_name: str | None = _text()
    region: str | None = _text()
    node_id: str | None = _text()
    timestamp: float | None = attrs.field(default=None, validator=_optional(_check.finite))
    avg_latency_ms: float | None = _amount()
    p95_latency_ms: float | None = _amount()
    p99_latency_ms: float | None = _amount()
    throughput_rps: float | None = _amount()
    error_rate_percent: float | None = _share()
    requests: float | None = _amount()
    active_connections: float | None = _amount()
    health_score: float | None = _share()
    cpu_usage_percent: float | None = _amount()
    memory_usage_percent: float | None = _share()
    disk_usage_percent: float | None = _share()
    load_average: float | None = _amount()
    labels: Mapping[str, str] = attrs.field(factory=dict, converter=_labels)

    @property
    def latency_ms(self) -> float | None:
        """The latency that is judged: the 95th percentile; where unknown the average; where unknown the 99th."""
        for value in (self.p95_latency_ms, self.avg_latency_ms, self.p99_latency_ms):
            if value is not None:
                return value
        return None

    def over(self, earlier: ClusterMetrics) -> ClusterMetrics:
        """Return these metrics, with what they do not tell taken from *earlier*; labels of both, these first."""
        gaps = {name: getattr(earlier, name) for name in _FILLED if getattr(self, name) is None}
        return attrs.evolve(self, labels={**earlier.labels, **self.labels}, **gaps)


_FILLED: Final = tuple(
    field.name for field in attrs.fields(ClusterMetrics) if field.name not in ("cluster_id", "labels")
)

NUMBERS: Final = tuple(name for name in _FILLED if name not in ("cluster_name", "region", "node_id", "timestamp"))
"""The fields that hold a measured number."""
