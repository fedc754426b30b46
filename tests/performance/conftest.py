"""A virtual clock, services that use it, and listeners that write down what they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tocsin.model.alert import PerformanceAlert
from tocsin.performance import ClusterMetrics, PerformanceMetricsService
from tocsin.testing.clock import VirtualClock

MakeService = Callable[..., PerformanceMetricsService]


class Listener:
    """Writes down the alerts that it is told of."""

    def __init__(self) -> None:
        self.alerts: list[PerformanceAlert] = []

    async def __call__(self, alert: PerformanceAlert) -> None:
        self.alerts.append(alert)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Id and severity of each."""
        return [(alert.alert_id, alert.severity.value) for alert in self.alerts]


class Scripted:
    """A collector that returns one batch of measurements per round, and then nothing more."""

    def __init__(self, *rounds: Iterable[ClusterMetrics]) -> None:
        self.rounds = list(rounds)
        self.asked = 0

    async def collect(self) -> Iterable[ClusterMetrics]:
        self.asked += 1
        return self.rounds.pop(0) if self.rounds else ()


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that the test moves."""
    return VirtualClock()


@pytest.fixture
def make_service(clock: VirtualClock) -> MakeService:
    """Make services of the test's clock, with an interval of 30 seconds."""

    def make(*args: Any, **options: Any) -> PerformanceMetricsService:
        return PerformanceMetricsService(*args, **{"clock": clock, **options})

    return make


@pytest.fixture
def listener() -> Listener:
    """A listener."""
    return Listener()


@pytest.fixture
def scripted() -> type[Scripted]:
    """The scripted collector's class."""
    return Scripted
