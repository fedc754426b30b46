"""Records that follow the journal while alerts are accepted: each change is saved once what it came with is kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import anyio.from_thread
import pytest
from tests.engine.harness import Bench, channel, configuration, rule
from tests.service.scripted import Post, alert

from tocsin import AlertFired, AlertRoutingRule, Checkpoint, FederationAlertingService, GapKind, SqliteStore, StoreError
from tocsin.runtime import saver
from tocsin.runtime.saver import Saver
from tocsin.stores.memory import MemoryStore
from tocsin.testing.clock import VirtualClock

_PATIENCE_SECONDS = 30.0
"""After this a test that waits for another thread fails; nothing waits so long else."""


class _Unhurried(MemoryStore):
    """A store that prepares checkpoints, and fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Checkpoint] = []
        self.fails = False

    def ahead(self, checkpoint: Checkpoint) -> Checkpoint:
        """Prepare nothing."""
        if self.fails:
            raise StoreError("it cannot be prepared")
        return checkpoint

    def tend(self) -> None:
        """Need nothing."""

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep it, or fail."""
        if self.fails:
            raise StoreError("the disk is full")
        super().checkpoint(checkpoint)
        self.kept.append(checkpoint)


class _Saved:
    """An engine whose records are saved by hand."""

    def __init__(self) -> None:
        self.bench = Bench(configuration(channel("ops"), rules=[rule("all", "ops")]), checked=False)
        self.store = _Unhurried()
        self.clock = VirtualClock()
        self.saver = Saver(self.bench.engine, self.store, self.clock, 0)

    def fire(self, name: str) -> None:
        """An alert fires."""
        self.bench.fire(name)

    def alerts(self, number: int) -> set[str]:
        """Return the alerts of which a checkpoint has the records."""
        return {key.removeprefix("1:") for table, key in self.store.kept[number].records if table == "episodes"}


def test_what_changes_while_records_are_under_way_is_saved_with_the_next() -> None:
    saved = _Saved()
    saved.fire("a")
    taken = saved.saver.take(1)
    saved.fire("b")
    assert not saved.saver.due, "one is under way"
    assert saved.saver.keep(saved.saver.prepare(taken)) is None
    assert saved.saver.save(2) is None
    assert (saved.alerts(0), saved.alerts(1)) == ({"a"}, {"b"})
    assert [one.ordinal for one in saved.store.kept] == [1, 2]


def test_what_was_taken_and_given_back_is_saved_with_the_next() -> None:
    saved = _Saved()
    saved.fire("a")
    saved.saver.take(1)
    saved.fire("b")
    saved.saver.give_back()
    assert saved.saver.save(2) is None
    assert saved.alerts(0) == {"a", "b"}


def test_a_save_of_everything_goes_before_one_that_is_under_way() -> None:
    """When a service is left, nothing waits for the thread that prepares; what it comes back with is old by then."""
    saved = _Saved()
    saved.fire("a")
    taken = saved.saver.take(1)
    saved.fire("b")
    assert saved.saver.save(2) is None
    assert saved.saver.keep(taken) is None
    assert (len(saved.store.kept), saved.alerts(0)) == (1, {"a", "b"})
    assert saved.bench.engine.unsaved == 0


@pytest.mark.anyio
async def test_what_was_taken_and_is_not_kept_in_time_is_saved_again() -> None:
    """A loop that is stopped, and run no more, leaves it so."""
    saved = _Saved()
    saved.fire("a")
    saved.saver.take(1)
    saved.fire("b")
    due = []
    for seconds in (saver._SECONDS - 1, 1):
        await saved.clock.advance(seconds)
        due.append(saved.saver.due)
    assert due == [False, True]
    assert saved.saver.save(2) is None
    assert saved.alerts(0) == {"a", "b"}


def test_what_was_taken_and_is_far_behind_is_saved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = _Saved()
    saved.fire("a")
    saved.saver.take(1)
    saved.fire("b")
    monkeypatch.setattr(saver, "_RECORDS", saved.bench.engine.unsaved)
    due = [saved.saver.due]
    monkeypatch.setattr(saver, "_OVERTAKEN", 1)
    assert [*due, saved.saver.due] == [False, True]


def test_a_signal_amid_a_save_ends_no_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = _Saved()
    saved.fire("a")

    def interrupted(taken: Checkpoint) -> str | None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(saved.saver, "keep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            saved.saver.save(1)
    monkeypatch.setattr(saver, "_RECORDS", 1)
    assert saved.saver.due
    assert saved.saver.save(1) is None
    assert saved.alerts(0) == {"a"}


def test_what_the_store_refuses_is_saved_with_the_next() -> None:
    saved = _Saved()
    saved.fire("a")
    saved.store.fails = True
    taken = saved.saver.take(1)
    saved.fire("b")
    problem = saved.saver.keep(saved.saver.prepare(taken))
    assert problem is not None
    assert problem.startswith("the store could not take a checkpoint: StoreError")
    saved.store.fails = False
    assert saved.saver.save(2) is None
    assert saved.alerts(0) == {"a", "b"}


def test_a_journal_that_cannot_be_pruned_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = _Saved()
    saved.fire("a")

    def fails(before: float, limit: int) -> int:
        raise StoreError("the disk is full")

    monkeypatch.setattr(saved.store, "prune", fails)
    problem = saved.saver.save(1)
    assert problem is not None
    assert problem.startswith("the store could not let go of what is over: StoreError")
    assert saved.alerts(0) == {"a"}
    assert saved.bench.engine.unsaved == 0, "the records are kept"


def test_as_long_as_anything_goes_the_journal_is_looked_through_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nothing happens any more: a backlog is not to wait for an hour each time."""
    saved = _Saved()
    saved.fire("a")
    going = [1000, 0]
    monkeypatch.setattr(saved.store, "prune", lambda before, limit: going.pop(0))
    now, waits = saved.clock.now(), []
    while going:
        assert saved.saver.save(1) is None
        waits.append(saved.saver.at - now)
    assert waits == [saver._SECONDS, saver._PRUNE_SECONDS]


class _Meanwhile(SqliteStore):
    """A file; *meanwhile* is called once, in the thread that prepares a checkpoint, and *kept* after one was kept."""

    meanwhile: Callable[[], object] | None = None
    kept: Callable[[int, int], object] = staticmethod(lambda covered, newest: None)
    tended = 0
    tends_badly = False

    def ahead(self, checkpoint: Checkpoint) -> Checkpoint:
        """Prepare it."""
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().ahead(checkpoint)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep it."""
        super().checkpoint(checkpoint)
        self.kept(checkpoint.ordinal, max((entry.ordinal for entry in self.entries()), default=0))

    def tend(self) -> None:
        """See to itself."""
        super().tend()
        self.tended += 1
        if self.tends_badly:
            raise RuntimeError("it is in a bad mood")


@pytest.mark.anyio
async def test_alerts_are_accepted_while_records_are_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saver, "_RECORDS", 1)
    monkeypatch.setattr("tocsin.runtime.runner._TEND_SECONDS", 0.0)
    path, behind, caught_up = tmp_path / "tocsin.db", anyio.Event(), anyio.Event()
    store = _Meanwhile(path)

    def kept(covered: int, newest: int) -> None:
        """Called in a worker thread, or on the loop when the service is left."""
        event = behind if covered < newest else caught_up if behind.is_set() else None
        if event is not None and not event.is_set():
            anyio.from_thread.run_sync(event.set)

    async with FederationAlertingService(store=store) as alerting:
        store.kept = kept
        store.meanwhile = lambda: anyio.from_thread.run(alerting.submit, AlertFired(alert("b")))
        with anyio.fail_after(_PATIENCE_SECONDS):
            await alerting.submit(AlertFired(alert("a")))
            await behind.wait()
            await caught_up.wait()
            while not store.tended:
                await anyio.lowlevel.checkpoint()
        left = tmp_path / "killed.db"
        left.write_bytes(path.read_bytes())
        left.with_name("killed.db-wal").write_bytes(path.with_name("tocsin.db-wal").read_bytes())
        store.kept = staticmethod(lambda covered, newest: None)
    with closing(SqliteStore(left)) as killed:
        again = FederationAlertingService(store=killed)
        assert {one.alert_id for one in again.get_active_alerts()} == {"a", "b"}


@pytest.mark.anyio
async def test_attempts_begin_while_records_are_prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, post: Post
) -> None:
    monkeypatch.setattr(saver, "_RECORDS", 1)
    store = _Meanwhile(tmp_path / "tocsin.db")
    began = anyio.Event()

    async def until_it_is_sent() -> None:
        await alerting.submit(AlertFired(alert("b", cluster_id="b")))
        with anyio.fail_after(_PATIENCE_SECONDS):
            while not post.sent:
                await anyio.lowlevel.checkpoint()
        began.set()

    async with FederationAlertingService(store=store, plugins=[post]) as alerting:
        alerting.add_channel(post.channel("ops"))
        alerting.add_routing_rule(AlertRoutingRule("b", conditions={"cluster_pattern": "b"}, target_channels=["ops"]))
        store.meanwhile = lambda: anyio.from_thread.run(until_it_is_sent)
        await alerting.submit(AlertFired(alert("a")))
        with anyio.fail_after(2 * _PATIENCE_SECONDS):
            await began.wait()
    assert [one.alerts[0].alert.alert_id for one in post.sent] == ["b"]


@pytest.mark.anyio
async def test_a_store_that_cannot_tend_itself_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(saver, "_RECORDS", 1)
    monkeypatch.setattr("tocsin.runtime.runner._TEND_SECONDS", 0.0)
    store = _Meanwhile(tmp_path / "tocsin.db")
    store.tends_badly = True
    async with FederationAlertingService(store=store) as alerting:
        with anyio.fail_after(_PATIENCE_SECONDS):
            await alerting.submit(AlertFired(alert("a")))
            while not any("could not tend itself: RuntimeError" in text for text in caplog.messages):
                await anyio.lowlevel.checkpoint()
            assert await alerting.submit(AlertFired(alert("b"))) == (True,)


def test_a_loop_that_stops_amid_a_checkpoint_ends_no_later_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service goes on on another loop."""
    monkeypatch.setattr(saver, "_RECORDS", 1)
    store = _Meanwhile(tmp_path / "tocsin.db")
    alerting = FederationAlertingService(store=store)
    stopped, kept = threading.Event(), threading.Event()

    async def go_on() -> None:
        store.kept = lambda covered, newest: kept.set()
        await alerting.process_alert(alert("b"), wait=False)
        with anyio.fail_after(_PATIENCE_SECONDS):
            while not kept.is_set():
                await anyio.lowlevel.checkpoint()

    with asyncio.Runner() as runner, asyncio.Runner() as another:
        loop = runner.get_loop()

        def stop() -> None:
            loop.call_soon_threadsafe(loop.stop)
            assert stopped.wait(_PATIENCE_SECONDS)

        store.meanwhile = stop
        asyncio.run_coroutine_threadsafe(alerting.process_alert(alert("a"), wait=False), loop)
        loop.run_forever()
        stopped.set()
        another.run(go_on())
        store.kept = staticmethod(lambda covered, newest: None)
    store.close()


@pytest.mark.anyio
async def test_a_store_that_cannot_tend_itself_for_long_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log would grow, and nobody would know."""
    monkeypatch.setattr(saver, "_RECORDS", 1)
    monkeypatch.setattr("tocsin.runtime.runner._TEND_SECONDS", 0.0)
    store = _Meanwhile(tmp_path / "tocsin.db")
    store.tends_badly = True
    async with FederationAlertingService(store=store) as alerting:
        number = 0
        with anyio.fail_after(_PATIENCE_SECONDS):
            while not any((one.kind, one.subject) == (GapKind.STORE_FAILED, "upkeep") for one in alerting.gaps):
                number += 1
                await alerting.submit(AlertFired(alert(f"a{number}")))
        assert store.tended >= 3, "it is told once that goes on"
        store.tends_badly = False
