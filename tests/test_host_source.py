"""The source ``host``: what is wrong with this machine, and what is well again."""

from __future__ import annotations

from typing import Any

import anyio
import attrs
import pytest

from tocsin import (
    AlertFired,
    AlertResolved,
    ClusterMetrics,
    ConfigurationError,
    Fact,
    discovery,
)
from tocsin.config import structure_settings
from tocsin.testing.clock import VirtualClock
from tocsin_plugins.host import HostConfig, HostSource

pytestmark = pytest.mark.anyio


@attrs.define
class Machine:
    """A machine whose processors are as busy as the test says."""

    cpu: float

    async def collect(self) -> list[ClusterMetrics]:
        """Measure it."""
        return [ClusterMetrics("box", cpu_usage_percent=self.cpu, memory_usage_percent=10.0, disk_usage_percent=10.0)]


class Door:
    """Takes what is submitted."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    async def submit(self, *facts: Fact) -> None:
        """Take facts in."""
        self.facts += facts


def said(door: Door) -> list[str]:
    """Return what was submitted, in short, and forget it."""
    facts, door.facts = door.facts, []
    found = []
    for fact in facts:
        if isinstance(fact, AlertFired):
            found.append(f"{fact.alert.alert_id} {fact.alert.severity.value}")
        elif isinstance(fact, AlertResolved):
            found.append(f"{fact.alert_id} well")
    return found


async def test_it_reports_what_is_wrong_and_what_is_well_again() -> None:
    clock, machine, door = VirtualClock(), Machine(99.0), Door()
    source = HostSource(HostConfig(interval_seconds=10), collector=machine, clock=clock)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(source.run, door.submit)
        await clock.advance(1)
        assert said(door) == ["box:cpu_usage critical"]
        machine.cpu = 1.0
        await clock.advance(10)
        assert said(door) == ["box:cpu_usage well"]
        tasks.cancel_scope.cancel()


async def test_what_fired_before_a_restart_and_is_well_is_resolved_once_all_was_measured() -> None:
    """What still fires is not."""
    clock, door = VirtualClock(), Door()
    source = HostSource(HostConfig(interval_seconds=10), collector=Machine(99.0), clock=clock)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(source.run, door.submit)
        await clock.advance(24)
        assert set(said(door)) == {"box:cpu_usage critical"}  # each measurement says so again
        await clock.advance(2)
        assert said(door) == ["box:memory_usage well", "box:disk_usage well", "box:cluster_silent well"]
        tasks.cancel_scope.cancel()


def test_its_settings_are_checked_and_its_thresholds_fit_together() -> None:
    spec = discovery.load().registry.sources["host"].spec
    assert structure_settings({"cpu_warning_percent": 1}, spec.config_class).thresholds.cpu_warning_percent == 1
    wrong: list[dict[str, Any]] = [
        {"interval_seconds": 0.1},
        {"cpu_warning_percent": 101},
        {"cpu_warning_percent": 99, "cpu_critical_percent": 98},
        {"colour": "red"},
    ]
    for settings in wrong:
        with pytest.raises(ConfigurationError):
            structure_settings(settings, spec.config_class)
