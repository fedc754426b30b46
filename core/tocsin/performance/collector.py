"""The role of a collector, and one collector's record: it measures clusters when it is asked to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import attrs

from tocsin.performance.metrics import ClusterMetrics

__all__ = ["CollectorRecord", "MetricsCollector"]


class MetricsCollector(Protocol):
    """Measures one cluster or several."""

    async def collect(self) -> Iterable[ClusterMetrics]:
        """Measure, and return one :class:`ClusterMetrics` per cluster that answers.

        It is called once per interval, never twice at the same time, and cancelled when it takes too long (let the
        cancellation pass). Leave out a cluster that does not answer: that is how its silence is noticed. An exception
        is logged by type and place and counted, and the next interval tries again.
        """
        ...


@attrs.define(eq=False)
class CollectorRecord:
    """A collector and how it has done; ``problem`` is what went wrong at the last try, or None.

    ``busy``: it is measuring; ``unanswered``: it has neither returned nor failed since it was asked.
    """

    collector: MetricsCollector
    name: str
    busy: bool = False
    unanswered: bool = False
    collections: int = 0
    failures: int = 0
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what the summary shows."""
        return {
            "name": self.name,
            "collections": self.collections,
            "failures": self.failures,
            "problem": self.problem,
        }
