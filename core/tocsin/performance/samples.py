"""Single requests, as an application records them, until a period's end makes a measurement of them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs

from tocsin.errors import ConfigurationError
from tocsin.model import _check
from tocsin.performance.metrics import ClusterMetrics

__all__ = ["MAX_LATENCIES", "Samples", "percentile"]

MAX_LATENCIES: Final = 10_000
"""How many latencies per cluster and period the percentiles are made of: the newest."""


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile of a non-empty sequence in rising order."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100.0) - 1)]


_GREATEST: Final = 1e15
"""Beyond any request; whatever is added up of such values stays finite."""


def _checked(value: float, what: str) -> float:
    """Return *value* if it can have been recorded.

    :raises ConfigurationError: otherwise.
    """
    if not _check.is_double(value) or not 0 <= value <= _GREATEST:
        raise ConfigurationError(f"{what} must be a number from 0 to {_GREATEST:g}, not {_check.shown(value)}")
    return value


def _check_name(cluster_id: object) -> None:
    if not isinstance(cluster_id, str) or not cluster_id:
        raise ConfigurationError(f"cluster_id must be a non-empty string, not {cluster_id!r}", "cluster_id")


@attrs.define(slots=True)
class _Tally:
    """What one cluster's application recorded in this period."""

    latencies: deque[float] = attrs.field(factory=lambda: deque(maxlen=MAX_LATENCIES))
    timed: int = 0
    total_ms: float = 0.0
    requests: float | None = None
    errors: float = 0.0
    rates: int = 0
    total_rps: float = 0.0

    def metrics(self, cluster_id: str, wall: float, seconds: float | None) -> ClusterMetrics:
        """Return the measurement that this tally makes."""
        ordered = sorted(self.latencies)
        requests = self._requests(seconds)
        return ClusterMetrics(
            cluster_id=cluster_id,
            timestamp=wall,
            avg_latency_ms=self.total_ms / self.timed if self.timed else None,
            p95_latency_ms=percentile(ordered, 95.0) if ordered else None,
            p99_latency_ms=percentile(ordered, 99.0) if ordered else None,
            throughput_rps=self._rps(seconds),
            error_rate_percent=self.errors / requests * 100.0 if requests else None,
            requests=requests,
        )

    def _counted(self) -> float | None:
        """How many requests were counted: a timed one may have been counted as well, so the greater number holds."""
        if self.requests is None:
            return self.timed or None
        return max(self.requests, self.timed)

    def _rps(self, seconds: float | None) -> float | None:
        if self.rates:
            return self.total_rps / self.rates
        counted = self._counted()
        return counted / seconds if counted is not None and seconds else None

    def _requests(self, seconds: float | None) -> float | None:
        """How many requests there were, failed ones included; None when nothing tells."""
        counted = self._counted()
        if counted is None and self.rates:
            counted = self.total_rps / self.rates * seconds if seconds else None
            return None if counted is None else max(counted, self.errors)
        if counted is None and not self.errors:
            return None
        return max(counted or 0.0, self.errors)


class Samples:
    """The tallies of all clusters. Bounded: the counts are sums, and only the newest latencies are kept."""

    def __init__(self) -> None:
        self._tallies: dict[str, _Tally] = {}

    def latency(self, cluster_id: str, milliseconds: float) -> None:
        """One request took that long."""
        value = _checked(milliseconds, "a latency in milliseconds")
        tally = self._of(cluster_id)
        tally.latencies.append(value)
        tally.timed += 1
        tally.total_ms += value

    def requests(self, cluster_id: str, count: float) -> None:
        """That many requests were served."""
        value = _checked(count, "a number of requests")
        tally = self._of(cluster_id)
        tally.requests = (tally.requests or 0.0) + value

    def throughput(self, cluster_id: str, rps: float) -> None:
        """The cluster serves that many requests per second at the moment."""
        value = _checked(rps, "a throughput in requests per second")
        tally = self._of(cluster_id)
        tally.rates += 1
        tally.total_rps += value

    def errors(self, cluster_id: str, count: float) -> None:
        """That many requests failed."""
        value = _checked(count, "a number of errors")
        self._of(cluster_id).errors += value

    def close(self, wall: float, seconds: float | None) -> list[ClusterMetrics]:
        """End the period: return a measurement of each cluster that recorded anything, and begin with nothing.

        :param wall: the measurements' timestamp.
        :param seconds: how long the period was; None: unknown, and counts then give no throughput.
        """
        tallies, self._tallies = self._tallies, {}
        return [tally.metrics(cluster_id, wall, seconds) for cluster_id, tally in tallies.items()]

    def forget(self, cluster_id: str) -> None:
        """Drop what was recorded of a cluster."""
        self._tallies.pop(cluster_id, None)

    def _of(self, cluster_id: str) -> _Tally:
        _check_name(cluster_id)
        tally = self._tallies.get(cluster_id)
        if tally is None:
            tally = self._tallies[cluster_id] = _Tally()
        return tally
