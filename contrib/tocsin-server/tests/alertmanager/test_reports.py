"""When alerts end of which nothing more is heard: on a virtual clock, through the service and its journal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from tocsin import AlertRoutingRule, FederationAlertingService, SqliteStore, StoreError, iso_time
from tocsin.testing.clock import VirtualClock
from tocsin_server.alertmanager.ingest import Ingest
from tocsin_server.alertmanager.posted import Bounds, Reader
from tocsin_server.alertmanager.reports import Reports
from tocsin_server.alertmanager.severities import Severities
from tocsin_server.intake import Counts, Intake
from tocsin_server.web.refusal import Refused

pytestmark = pytest.mark.anyio
LABELS = {"alertname": "cpu"}


class Bench:
    """A service with everything that takes posted alerts in; its store may be told to fail."""

    def __init__(self, path: Path, clock: VirtualClock) -> None:
        self.path, self.clock = path, clock
        self.alerting = FederationAlertingService(store=SqliteStore(path), clock=clock)
        self.alerting.add_routing_rule(AlertRoutingRule("nobody", receiver="nobody"))
        self.alerting.add_receiver("nobody", [])
        self.reports = Reports(clock, 300.0)
        intake = Intake(self.submit)
        self.counts = intake.counts
        self.failing = 0
        reader = Reader(Bounds(), Severities(), ["cluster"])
        self._ingest = Ingest(reader, self.reports, clock, intake)

    async def submit(self, *facts: Any) -> Any:
        """Submit, or fail as often as it was told to."""
        if self.failing:
            self.failing -= 1
            raise StoreError("the disk is full")
        return await self.alerting.submit(*facts)

    async def post(self, ends_in: float | None = None, starts_at: float | None = None) -> None:
        """Post the alert, which ends so many seconds from now."""
        posted: dict[str, Any] = {"labels": LABELS}
        if ends_in is not None:
            posted["endsAt"] = iso_time(self.clock.wall() + ends_in)
        if starts_at is not None:
            posted["startsAt"] = iso_time(starts_at)
        await self._ingest.take([posted])

    async def wait(self, seconds: float) -> None:
        """Let time pass, and let the threads that commit come to their end."""
        await self.clock.advance(seconds)
        for _ in range(3):
            await anyio.to_thread.run_sync(lambda: None)
            await self.clock.settle()

    async def ends(self) -> bool:
        """Whether nothing fires any more, once the threads that commit had their time."""
        for _ in range(2000):
            if not self.fires and not len(self.reports):
                return True
            await anyio.to_thread.run_sync(lambda: None)
            await self.clock.settle()
        return False

    @property
    def fires(self) -> bool:
        """Whether the alert fires."""
        return bool(self.alerting.active_alert_ids)

    def entries(self) -> int:
        """Return how many entries the journal has."""
        with self.alerting._writer.lock:
            return sum(1 for _ in self.alerting._writer.store.entries())


@asynccontextmanager
async def bench(path: Path, clock: VirtualClock) -> AsyncIterator[Bench]:
    """Run one."""
    made = Bench(path, clock)
    async with made.alerting, anyio.create_task_group() as tasks:
        ids = made.alerting.active_alert_ids
        made.reports.adopt(made.alerting.alert_states(ids))
        tasks.start_soon(made.reports.run, made.submit)
        yield made
        tasks.cancel_scope.cancel()


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that the test moves."""
    return VirtualClock()


async def test_it_ends_when_its_sender_said(tmp_path: Path, clock: VirtualClock) -> None:
    async with bench(tmp_path / "a.db", clock) as made:
        await made.post(ends_in=60)
        await made.wait(59.5)
        assert made.fires
        await made.wait(1)
        assert await made.ends()


async def test_without_an_end_it_ends_after_the_timeout(tmp_path: Path, clock: VirtualClock) -> None:
    async with bench(tmp_path / "a.db", clock) as made:
        await made.post()
        await made.wait(299)
        await made.post()
        await made.wait(299)
        assert made.fires
        await made.wait(2)
        assert await made.ends()


async def test_a_report_that_changes_only_the_end_costs_no_entry(tmp_path: Path, clock: VirtualClock) -> None:
    """Prometheus repeats everything every minute."""
    async with bench(tmp_path / "a.db", clock) as made:
        began = clock.wall()
        await made.post(ends_in=240, starts_at=began)
        before = made.entries()
        for _ in range(5):
            await made.wait(60)
            await made.post(ends_in=240, starts_at=began)
        assert made.entries() == before
        assert made.counts == Counts(firing=6)
        await made.post(ends_in=240, starts_at=began - 10)
        assert made.entries() == before + 1


async def test_a_report_without_a_start_keeps_the_one_that_is_known(tmp_path: Path, clock: VirtualClock) -> None:
    async with bench(tmp_path / "a.db", clock) as made:
        began = clock.wall()
        await made.post()
        before = made.entries()
        await made.wait(30)
        await made.post()
        assert made.entries() == before
        (state,) = made.alerting.alert_states(made.alerting.active_alert_ids)
        assert state.alert.timestamp == began


async def test_a_restart_gives_the_whole_timeout_again(tmp_path: Path, clock: VirtualClock) -> None:
    """However long nobody listened; and the start is not forgotten."""
    began = clock.wall()
    async with bench(tmp_path / "a.db", clock) as made:
        await made.post(ends_in=60, starts_at=began)
    await clock.advance(3600)
    async with bench(tmp_path / "a.db", clock) as made:
        await made.wait(299)
        assert made.fires
        await made.post(ends_in=10)
        (state,) = made.alerting.alert_states(made.alerting.active_alert_ids)
        assert state.alert.timestamp == began
        await made.wait(11)
        assert await made.ends()


async def test_time_in_which_the_process_stood_still_does_not_count(tmp_path: Path, clock: VirtualClock) -> None:
    """As after a restart, it has the whole timeout again."""
    async with bench(tmp_path / "a.db", clock) as made:
        await made.post(ends_in=60)
        await clock.freeze(3600)
        await made.wait(270)
        assert made.fires
        await made.wait(31)
        assert await made.ends()


async def test_a_store_that_fails_is_asked_again(tmp_path: Path, clock: VirtualClock) -> None:
    """Also in ingest: what could not be committed was not taken."""
    async with bench(tmp_path / "a.db", clock) as made:
        made.failing = 1
        with pytest.raises(StoreError):
            await made.post(ends_in=60)
        assert len(made.reports) == 0
        await made.post(ends_in=60)
        made.failing = 2
        await made.wait(65)
        assert made.fires
        await made.wait(10)
        assert await made.ends()


async def test_many_end_together(tmp_path: Path, clock: VirtualClock) -> None:
    """More than are resolved in one commit."""
    async with bench(tmp_path / "a.db", clock) as made:
        end = iso_time(clock.wall() + 60)
        await made._ingest.take([{"labels": {"n": str(number)}, "endsAt": end} for number in range(1200)])
        assert len(made.alerting.active_alert_ids) == 1200
        await made.wait(61)
        assert await made.ends()


async def test_what_is_invalid_is_counted_and_the_rest_is_taken(tmp_path: Path, clock: VirtualClock) -> None:
    async with bench(tmp_path / "a.db", clock) as made:
        with pytest.raises(Refused) as caught:
            await made._ingest.take([{"labels": LABELS}, {"labels": {"a b": "c"}}, {"labels": {}}])
        assert caught.value.status == 400
        assert (made.fires, made.counts) == (True, Counts(firing=1, invalid=2))
        assert json.dumps(caught.value.problem).count("\\n") == 1


async def test_an_end_that_was_told_counts_before_one_that_is_guessed_in_either_order(
    tmp_path: Path, clock: VirtualClock
) -> None:
    """Also within one batch, and where two posts meet."""
    began = clock.wall()
    told = {"labels": LABELS, "startsAt": iso_time(began), "endsAt": iso_time(began + 3600)}
    guessed = {"labels": LABELS, "startsAt": iso_time(began)}
    async with bench(tmp_path / "a.db", clock) as made:
        for batch in ([told, guessed], [guessed, told]):
            await made._ingest.take(batch)
            (report,) = made.reports._reports.values()
            assert (report.ends_at, report.guessed) == (began + 3600, False)
        made.reports._reports.clear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(made._ingest.take, [told])
            tasks.start_soon(made._ingest.take, [guessed])
        (report,) = made.reports._reports.values()
        assert (report.ends_at, report.guessed) == (began + 3600, False)


async def test_a_post_that_is_cut_off_leaves_nothing_that_fires_for_ever(tmp_path: Path, clock: VirtualClock) -> None:
    """Whether it was committed or not."""
    async with bench(tmp_path / "a.db", clock) as made:
        await made.post(ends_in=60)
        for ends_in in (30, -1):
            with anyio.CancelScope() as scope:
                scope.cancel()
                await made.post(ends_in=ends_in, starts_at=clock.wall() - 5)
            assert len(made.reports) == 1
        await made.wait(61)
        assert await made.ends()


async def test_what_was_not_committed_is_taken_back(tmp_path: Path, clock: VirtualClock) -> None:
    """The end that was known before stands."""
    async with bench(tmp_path / "a.db", clock) as made:
        await made.post(ends_in=60, starts_at=clock.wall())
        (before,) = made.reports._reports.values()
        for ends_in in (600, -1):
            made.failing = 1
            with pytest.raises(StoreError):
                await made.post(ends_in=ends_in, starts_at=clock.wall() - 5)
            assert list(made.reports._reports.values()) == [before]
