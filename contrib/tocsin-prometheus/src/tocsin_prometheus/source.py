"""The source ``prometheus``: what is asked in each round is watched, and so is the source itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import anyio

from tocsin import AlertFired, AlertResolved, Clock, Fact, PerformanceMetricsService, SystemClock
from tocsin_prometheus.collector import PrometheusCollector, Round
from tocsin_prometheus.settings import PrometheusConfig
from tocsin_prometheus.settled import Settled
from tocsin_prometheus.standing import Standing

__all__ = ["PrometheusSource"]

_MARGIN: Final = 30.0
"""Seconds: the collector ends a round by itself, and says what was not answered."""

_KEPT: Final = 10
"""Measurements of each cluster: nobody asks this service for its history."""

Submit = Callable[..., Awaitable[Any]]


class PrometheusSource:
    """Asks, and submits what is wrong, until it is cancelled.

    A cluster that is in no answer for ``silent_after_intervals`` rounds is silent, also when Prometheus itself is: what
    is not measured is never taken for well. An alert whose number is missing stays as it is.
    """

    def __init__(self, config: PrometheusConfig, *, clock: Clock | None = None) -> None:
        self._config = config
        self._clock: Clock = clock or SystemClock()
        self.rounds = 0
        """How many rounds were taken into account."""

    async def run(self, submit: Submit) -> None:
        """Submit what is wrong with the clusters and with the source, and what is well again."""
        config = self._config
        rounds = _Rounds()
        collector = PrometheusCollector(config, clock=self._clock, told=rounds.put)
        metrics = PerformanceMetricsService(
            config.interval_seconds,
            config.thresholds,
            [collector],
            clock=self._clock,
            collector_timeout=config.timeout_seconds + _MARGIN,
            history_limit=_KEPT,
        )
        metrics.connect(_Door(submit))
        standing, settled = Standing(config), Settled(config.thresholds)
        before: list[str] = []
        async with collector, metrics:
            while True:
                over = await rounds.get()
                await _settle(metrics, submit, before, standing.take(over))
                before = settled.take(over)
                self.rounds += 1


async def _settle(
    metrics: PerformanceMetricsService, submit: Submit, judged: Sequence[str], facts: Sequence[Fact]
) -> None:
    """Submit *facts*, and the end of those alerts that were *judged* in the round before and do not fire."""
    firing = {alert.alert_id for alert in metrics.get_active_alerts()}
    ended = [alert_id for alert_id in judged if alert_id not in firing]
    due = [*facts, *(AlertResolved(alert_id) for alert_id in ended)]
    if due:
        await submit(*due)
    meanwhile = [AlertFired(alert) for alert in metrics.get_active_alerts() if alert.alert_id in ended]
    if meanwhile:
        await submit(*meanwhile)


class _Rounds:
    """The rounds that are over, for the one that waits for them."""

    def __init__(self) -> None:
        self._due: deque[Round] = deque()
        self._came = anyio.Event()

    def put(self, over: Round) -> None:
        """Note a round."""
        self._due.append(over)
        self._came.set()

    async def get(self) -> Round:
        """Return the next one, when it is there."""
        while not self._due:
            await self._came.wait()
            self._came = anyio.Event()
        return self._due.popleft()


class _Door:
    """What the metrics service hands its facts to."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit

    async def submit(self, *facts: Fact) -> None:
        """Commit *facts* in order."""
        await self._submit(*facts)
