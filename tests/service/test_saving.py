"""Records that follow the journal while alerts are accepted: each change is saved once what it came with is kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import anyio.from_thread
import pytest
from tests.engine.harness import Bench, channel, configuration, rule
from tests.service.scripted import alert

from tocsin import AlertFired, Checkpoint, FederationAlertingService, SqliteStore, StoreError
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
        self.saver = Saver(self.bench.engine, self.store, VirtualClock(), 0)

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
