"""This machine, measured for real."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import ConfigurationError
from tocsin.performance import HostCollector, PerformanceThresholds
from tocsin.performance.host import cpu_percent
from tocsin.testing.clock import VirtualClock

TIMES = st.dictionaries(st.sampled_from(["user", "system", "idle", "iowait", "guest"]), st.floats(0, 1e6), min_size=1)


@pytest.mark.anyio
async def test_it_measures_this_machine() -> None:
    """Memory, disk and load at once; the processors as soon as there is something to compare with."""
    collector = HostCollector(labels={"role": "test"}, region="here", cluster_name="This machine")
    (first,) = await collector.collect()
    assert (first.cluster_id, first.node_id) == (socket.gethostname(), socket.gethostname())
    assert (first.labels, first.region, first.cluster_name) == ({"role": "test"}, "here", "This machine")
    assert first.cpu_usage_percent is None
    assert 0 < (first.memory_usage_percent or 0) < 100
    assert 0 < (first.disk_usage_percent or 0) <= 100
    assert first.load_average is not None
    cpu, rounds = None, 0
    while cpu is None:
        collector._cpu_times = {"idle": 0.0}
        (metrics,) = await collector.collect()
        cpu, rounds = metrics.cpu_usage_percent, rounds + 1
    assert (rounds, 0 <= cpu <= 100) == (1, True)


@pytest.mark.anyio
async def test_names_and_disk_can_be_chosen() -> None:
    """None for the disk: it is not measured."""
    collector = HostCollector("web-1", node_id="n1", disk_path=None)
    (metrics,) = await collector.collect()
    assert (collector.cluster_id, metrics.cluster_id, metrics.node_id) == ("web-1", "web-1", "n1")
    assert metrics.disk_usage_percent is None


@pytest.mark.anyio
async def test_a_service_watches_this_machine(make_service: Any, clock: VirtualClock) -> None:
    """With a limit that any machine exceeds, there is an alert about it."""
    thresholds = PerformanceThresholds(memory_warning_percent=0.0, memory_critical_percent=None)
    service = make_service(collectors=[HostCollector("me")], thresholds=thresholds)
    async with service:
        await clock.until(lambda: any(alert.metric_name == "memory_usage" for alert in service.get_active_alerts()))
    assert "me:memory_usage" in {alert.alert_id for alert in service.get_active_alerts()}


def test_without_psutil_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra, as it is typed."""
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(ConfigurationError, match=r"HostCollector needs psutil: pip install 'tocsin\[host\]'"):
        HostCollector()


def test_a_share_of_the_processors_is_taken_of_the_time_between_two_readings() -> None:
    """Waiting for a disk is idle; a virtual machine's time is the host's own and not counted twice."""
    before = {"user": 10.0, "idle": 100.0, "iowait": 5.0, "guest": 1.0}
    after = {"user": 13.0, "idle": 105.0, "iowait": 7.0, "guest": 3.0}
    assert cpu_percent(before, after) == pytest.approx(30.0)
    assert cpu_percent({}, {"user": 1.0, "idle": 3.0}) == pytest.approx(25.0)


def test_two_readings_in_quick_succession_tell_nothing() -> None:
    """One busy moment would look like overload."""
    assert cpu_percent({"user": 1.0, "idle": 1.0}, {"user": 1.1, "idle": 1.0}) is None


@given(TIMES, TIMES)
def test_it_is_a_percentage_even_when_a_counter_goes_back(before: dict[str, float], after: dict[str, float]) -> None:
    """As some do when a processor is taken offline."""
    share = cpu_percent(before, after)
    assert share is None or 0.0 <= share <= 100.0
