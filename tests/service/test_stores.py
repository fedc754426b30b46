"""The store behind the service: what fails is undone, and what waits for a disk is committed together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
import attrs
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Journal, Observing, Post, alert, listed

from tocsin import (
    Aggregation,
    AlertFired,
    AlertRoutingRule,
    AttemptEnded,
    Checkpoint,
    Entry,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    GapFound,
    GapKind,
    MemoryStore,
    Outcome,
    StoreError,
    UnstorableError,
    Watchdog,
)
from tocsin.engine.machine import Engine
from tocsin.runtime import saver
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

_PATIENCE_SECONDS = 10.0
"""After this a commit that nobody lets go on gives up, so that a deadlock is a failure; nothing waits so long else."""


class Picky(Journal):
    """A store that fails on the entries that it is told to fail on, *failures* times."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_on: Callable[[Entry], bool] = lambda entry: True

    def commit(self, entry: Entry) -> None:
        """Keep *entry*, or fail."""
        if self.failures and not self.fails_on(entry):
            MemoryStore.commit(self, entry)
        else:
            super().commit(entry)


class Disk(Journal):
    """A store that waits for a device: while it is held, a commit does not return."""

    blocking = True

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()
        self.gave_up = False
        self._succeeding: int | None = None
        self._open = threading.Event()
        self._open.set()
        self._begun = threading.Semaphore(0)

    def hold(self) -> None:
        """Let no commit return."""
        self._open.clear()
        self._begun = threading.Semaphore(0)

    def release(self) -> None:
        """Let commits go on."""
        self._open.set()

    def fails_after(self, commits: int) -> None:
        """Let *commits* succeed, and the one after them fail."""
        self._succeeding = commits

    async def commit_begun(self) -> None:
        """Return once a commit has begun."""
        assert await anyio.to_thread.run_sync(lambda: self._begun.acquire(timeout=_PATIENCE_SECONDS))

    def commit(self, entry: Entry) -> None:
        """Wait for the device, and keep *entry*, or fail."""
        self.threads.add(threading.get_ident())
        self._begun.release()
        self.gave_up |= not self._open.wait(_PATIENCE_SECONDS)
        if self._succeeding is not None:
            self.failures, self._succeeding = (1, None) if not self._succeeding else (0, self._succeeding - 1)
        super().commit(entry)


class Archive(Disk):
    """A device that keeps records too; while it is shut, a checkpoint does not return."""

    def __init__(self) -> None:
        super().__init__()
        self.checkpoints = 0
        self.open = threading.Event()
        self.open.set()
        self._asked = threading.Event()

    def shut(self) -> None:
        """Let no checkpoint return."""
        self.open.clear()
        self._asked.clear()

    async def asked(self) -> None:
        """Return once a checkpoint has begun."""
        assert await anyio.to_thread.run_sync(self._asked.wait, _PATIENCE_SECONDS)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Wait for the device, and keep the records."""
        self._asked.set()
        self.gave_up |= not self.open.wait(_PATIENCE_SECONDS)
        super().checkpoint(checkpoint)
        self.checkpoints += 1


@pytest.fixture
def store() -> Picky:
    """A store that fails when it is told to."""
    return Picky()


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A store that waits when it is told to; it never gave up waiting."""
    disk = Disk()
    yield disk
    assert not disk.gave_up, "the event loop was blocked by a commit, or nobody let the commit go on"


@pytest.fixture
def failing(make_alerting: MakeAlerting, post: Post, store: Picky) -> FederationAlertingService:
    """A service on that store, whose every alert goes to ``ops``, and to ``pager`` after five minutes."""
    return _configured(make_alerting(store=store), post)


def _configured(alerting: FederationAlertingService, post: Post) -> FederationAlertingService:
    alerting.add_channel(post.channel("ops"))
    alerting.add_channel(post.channel("pager"))
    alerting.add_escalation_policy(EscalationPolicy("p", escalation_levels={EscalationLevel.FIRST: ["pager"]}))
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"], escalation_policy_id="p"))
    return alerting


def _watched(alerting: FederationAlertingService, post: Post, **options: Any) -> FederationAlertingService:
    """Return the service, configured, with a watchdog that tells ``dog``."""
    alerting.add_channel(post.channel("dog", **options))
    alerting.set_watchdog(Watchdog(channel_id="dog", within_seconds=60.0))
    return _configured(alerting, post)


async def test_a_commit_that_fails_undoes_its_batch(
    failing: FederationAlertingService, post: Post, store: Picky
) -> None:
    """The caller is told, nothing of it happened, and it can be done again."""
    async with failing:
        before = failing.get_alerting_statistics()
        store.failures = 1
        with pytest.raises(StoreError, match="OSError") as caught:
            await failing.process_alerts([alert("a1"), alert("b1", metric_name="disk")])
        assert "s3cret" not in str(caught.value)
        assert failing.get_alerting_statistics() == {**before, "gaps": 1}, "only that the store fails is to be seen"
        assert failing.get_active_alerts() == []
        assert post.sent == []
        assert await failing.process_alerts([alert("a1"), alert("b1", metric_name="disk")]) == (True, True)
    assert sorted(listed(one) for one in post.sent) == [["a1"], ["b1"]]


async def test_a_synchronous_call_that_cannot_be_committed_raises(
    failing: FederationAlertingService, post: Post, store: Picky
) -> None:
    """And has not happened."""
    async with failing:
        await failing.process_alert(alert())
        store.failures = 1
        with pytest.raises(StoreError):
            failing.resolve_alert("a1")
        assert [one.alert_id for one in failing.get_active_alerts()] == ["a1"]
        assert failing.resolve_alert("a1") is True


async def test_observers_hear_nothing_of_what_was_undone(make_alerting: MakeAlerting, store: Picky) -> None:
    """An event is told after its commit."""
    observing = Observing()
    async with make_alerting(store=store, plugins=[observing]) as alerting:
        store.failures = 1
        with pytest.raises(StoreError):
            await alerting.process_alert(alert())
        assert observing.events == []


async def test_an_attempts_end_that_cannot_be_committed_is_reported_again(
    failing: FederationAlertingService, post: Post, store: Picky, clock: VirtualClock
) -> None:
    """It is not lost, and the notification is not sent a second time."""
    store.fails_on = lambda entry: any(isinstance(fact, AttemptEnded) for fact in entry.inputs)
    async with failing:
        store.failures = 2
        await failing.process_alert(alert(), wait=False)
        await clock.advance(1.5)
        assert failing.delivery_history == []
        await clock.advance(1.5)
        assert [delivery.success for delivery in failing.delivery_history] == [True]
    assert len(post.sent) == 1


async def test_a_deadline_that_cannot_be_committed_is_met_later(
    failing: FederationAlertingService, post: Post, store: Picky, clock: VirtualClock
) -> None:
    """The escalation comes as soon as the store works again."""
    async with failing:
        await failing.process_alert(alert())
        store.failures = 3
        await clock.advance(302)
        assert post.to("pager") == []
        await clock.advance(2)
        assert len(post.to("pager")) == 1


async def test_the_journal_has_one_entry_per_batch(make_alerting: MakeAlerting) -> None:
    """Numbered from one, with the facts and both times."""
    store = Journal()
    async with make_alerting(store=store) as alerting:
        await alerting.process_alerts([alert("a1"), alert("a2")])
        alerting.resolve_alert("a1")
        await alerting.submit()
    assert [entry.ordinal for entry in store.journal] == [1, 2]
    assert [len(entry.inputs) for entry in store.journal] == [2, 1]
    assert all(entry.engine_time == entry.wall_time == 1_700_000_000.0 for entry in store.journal)


def test_the_memory_store_keeps_the_newest_entries() -> None:
    """As many as it was told."""
    store = MemoryStore(entries=2, volatile=True)
    for ordinal in (1, 2, 3):
        store.commit(Entry(ordinal, 0.0, 0.0, (), ()))
    assert [entry.ordinal for entry in store.journal] == [2, 3]
    store.close()


async def test_a_blocking_store_commits_in_a_worker_thread(
    make_alerting: MakeAlerting, post: Post, disk: Disk, clock: VirtualClock
) -> None:
    """Whatever is awaited, and whatever the runtime does by itself."""
    async with _configured(make_alerting(store=disk), post) as alerting:
        await alerting.process_alert(alert())
        await clock.advance(300)
        await clock.until(lambda: len(alerting.delivery_history) == 2)
    assert [one.channel_id for one in post.sent] == ["ops", "pager"]
    assert threading.get_ident() not in disk.threads


async def test_submits_during_a_commit_are_committed_together(make_alerting: MakeAlerting, disk: Disk) -> None:
    """Fifty callers cost one more commit, and each gets its own answers."""
    answers: dict[int, tuple[bool, ...]] = {}
    async with make_alerting(store=disk) as alerting, anyio.create_task_group() as tasks:

        async def submit(number: int) -> None:
            answers[number] = await alerting.submit(AlertFired(alert(f"a{number}")))

        await alerting.submit()
        disk.hold()
        tasks.start_soon(submit, 0)
        await disk.commit_begun()
        for number in range(1, 51):
            tasks.start_soon(submit, number)
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        disk.release()
    assert answers == dict.fromkeys(range(51), (True,))
    assert [len(entry.inputs) for entry in disk.journal] == [1, 50]


async def test_who_reports_alerts_does_not_wait_for_the_records(
    make_alerting: MakeAlerting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They follow the journal by themselves, once the callers of a commit have their answers."""
    monkeypatch.setattr(saver, "_RECORDS", 5)
    archive = Archive()
    async with make_alerting(store=archive) as alerting:
        archive.shut()
        before = archive.checkpoints
        answers = await alerting.submit(*[AlertFired(alert(f"a{number}")) for number in range(5)])
        await archive.asked()
        assert answers == (True,) * 5
        assert archive.checkpoints == before
        archive.open.set()
    assert archive.checkpoints > before
    assert not archive.gave_up


async def test_a_shared_commit_that_fails_fails_all_its_callers(make_alerting: MakeAlerting, disk: Disk) -> None:
    """Each is told; those of the commit before are not."""
    failed: list[int] = []
    async with make_alerting(store=disk) as alerting, anyio.create_task_group() as tasks:

        async def submit(number: int) -> None:
            try:
                await alerting.submit(AlertFired(alert(f"a{number}")))
            except StoreError:
                failed.append(number)

        await alerting.submit()
        disk.hold()
        tasks.start_soon(submit, 0)
        await disk.commit_begun()
        for number in range(1, 4):
            tasks.start_soon(submit, number)
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        disk.fails_after(1)
        disk.release()
    assert sorted(failed) == [1, 2, 3]
    assert [one.alert_id for one in alerting.get_active_alerts()] == ["a0"]


async def test_a_synchronous_call_from_a_thread_waits_for_the_commit_under_way(
    make_alerting: MakeAlerting, disk: Disk
) -> None:
    """And succeeds after it."""
    resolved: list[bool] = []
    async with make_alerting(store=disk) as alerting, anyio.create_task_group() as tasks:

        async def resolve() -> None:
            resolved.append(await anyio.to_thread.run_sync(alerting.resolve_alert, "a1"))

        await alerting.submit()
        disk.hold()
        tasks.start_soon(alerting.submit, AlertFired(alert("a1")))
        await disk.commit_begun()
        tasks.start_soon(resolve)
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        assert resolved == []
        disk.release()
    assert resolved == [True]


async def test_a_synchronous_call_from_the_loop_waits_for_the_commit_under_way(
    make_alerting: MakeAlerting, disk: Disk
) -> None:
    """As above; the loop itself waits, which is what a synchronous call means."""
    async with make_alerting(store=disk) as alerting, anyio.create_task_group() as tasks:
        await alerting.submit()
        disk.hold()
        tasks.start_soon(alerting.submit, AlertFired(alert("a1")))
        await disk.commit_begun()
        calling = threading.Event()

        def let_go() -> None:
            calling.wait(_PATIENCE_SECONDS)
            disk.release()

        releasing = threading.Thread(target=let_go)
        releasing.start()
        calling.set()
        assert alerting.resolve_alert("a1") is True
        releasing.join()


async def test_a_commit_under_way_does_not_block_the_event_loop(
    make_alerting: MakeAlerting, disk: Disk, clock: VirtualClock
) -> None:
    """A deadline that comes meanwhile wakes the runtime, which must not wait for the disk on the loop's own thread."""
    async with make_alerting(store=disk) as alerting, anyio.create_task_group() as tasks:
        await alerting.submit(AlertFired(alert("a1")))
        alerting.snooze_alert("a1", 10)
        await clock.settle()
        disk.hold()
        tasks.start_soon(alerting.submit, AlertFired(alert("a2")))
        await disk.commit_begun()
        await clock.advance(20)
        disk.release()
    assert len(alerting.get_active_alerts()) == 2


@pytest.mark.parametrize("aggregation", [None, Aggregation("grouping")])
async def test_a_store_that_fails_is_told_past_everything_that_could_keep_it_back(
    make_alerting: MakeAlerting, post: Post, store: Picky, clock: VirtualClock, aggregation: Aggregation | None
) -> None:
    """At once and every ``within_seconds``, also right after another gap and where a limit is spent."""
    alerting = _watched(make_alerting(store=store, aggregation=aggregation), post, rate_limit_per_minute=1)
    async with alerting:
        await alerting.submit(GapFound(GapKind.OBSERVER_FAILED, "x", "y"))
        await clock.advance(40.0)
        store.failures = 10**6
        for _ in range(3):
            with pytest.raises(StoreError):
                await alerting.process_alert(alert("a"))
            await clock.advance(60.0)
        told = [one for one in post.to("dog") if "store_failed" in one.alerts[0].alert.message]
        assert len({one.notification_id for one in told}) == len(told) >= 3
        store.failures = 0
        await clock.advance(10.0)
        assert [gap.kind for gap in alerting.gaps].count(GapKind.STORE_FAILED) == 1


async def test_a_store_that_was_asked_for_nothing_fails_still(
    make_alerting: MakeAlerting, post: Post, store: Picky, clock: VirtualClock
) -> None:
    """What changes nothing is not kept, and says nothing of the store: it is not told again."""
    alerting = _watched(make_alerting(store=store), post)
    async with alerting:
        await alerting.submit()
        store.failures, failing = 6, []
        for _ in range(3):
            with pytest.raises(StoreError):
                await alerting.process_alert(alert("a"))
            assert alerting.resolve_alert("nobody") is False
            failing.append(alerting.store_fails)
            await clock.advance(1.0)
        told = len(post.to("dog"))
        store.failures = 0
        await clock.advance(10.0)
    assert (failing, told) == ([True, True, True], 1)


async def test_a_store_that_fails_from_the_start_is_told_where_the_configuration_says(
    make_alerting: MakeAlerting, post: Post, store: Picky, clock: VirtualClock
) -> None:
    """Although that configuration could not be taken in."""
    alerting = _watched(make_alerting(store=store), post)
    store.failures = 10**6
    async with alerting:
        with pytest.raises(StoreError):
            await alerting.process_alert(alert("a"))
        await clock.advance(1.0)
        assert [one.alerts[0].alert.labels["gap"] for one in post.to("dog")] == ["store_failed"]
        store.failures = 0
        await clock.advance(10.0)


async def test_what_failed_before_the_store_did_is_tried_again_once(
    make_alerting: MakeAlerting, post: Post, store: Picky, clock: VirtualClock
) -> None:
    """No attempt of a recorded notification is made while nothing can be recorded."""
    alerting = _watched(make_alerting(store=store), post)
    post.will("dog", Outcome.unavailable("down"))
    async with alerting:
        await alerting.submit(GapFound(GapKind.OBSERVER_FAILED, "x", "y"))
        store.failures = 10**6
        await clock.advance(30.0)
        store.failures = 0
        await clock.advance(120.0)
    attempts = [(one.notification_id, one.attempt) for one in post.to("dog")]
    assert attempts[0][0] in [name for name, attempt in attempts if attempt == 2]
    assert len(attempts) == len(set(attempts))


async def test_a_submit_that_is_cancelled_while_it_waits_is_not_committed_later(
    make_alerting: MakeAlerting, disk: Disk
) -> None:
    """Behind newer facts it would bring back what was resolved meanwhile."""
    async with make_alerting(store=disk) as alerting, anyio.create_task_group() as tasks:
        await alerting.submit()
        disk.hold()
        tasks.start_soon(alerting.submit, AlertFired(alert("first")))
        await disk.commit_begun()
        with anyio.CancelScope() as scope:
            tasks.start_soon(_cancel_soon, scope)
            await alerting.submit(AlertFired(alert("ghost")))
        assert scope.cancelled_caught
        disk.release()
        await alerting.submit(AlertFired(alert("last")))
        assert [one.alert_id for one in alerting.get_active_alerts()] == ["first", "last"]


async def _cancel_soon(scope: anyio.CancelScope) -> None:
    await anyio.lowlevel.checkpoint()
    scope.cancel()


async def test_a_commit_needs_none_of_the_applications_threads(make_alerting: MakeAlerting, disk: Disk) -> None:
    """They may all be busy, or wait for the commit themselves."""
    count = int(anyio.to_thread.current_default_thread_limiter().total_tokens)
    async with make_alerting(store=disk) as alerting:
        await alerting.submit()

        def endpoint(number: int) -> None:
            anyio.from_thread.run(alerting.submit, AlertFired(alert(f"a{number}")))

        with anyio.fail_after(_PATIENCE_SECONDS):
            async with anyio.create_task_group() as tasks:
                for number in range(count):
                    tasks.start_soon(anyio.to_thread.run_sync, endpoint, number)
        assert len(alerting.get_active_alerts()) == count


class Choosy(Disk):
    """A device that takes no entry about the alert ``poison``."""

    def commit(self, entry: Entry) -> None:
        """Keep *entry*, unless it cannot be kept."""
        if any(isinstance(one, AlertFired) and one.alert.alert_id == "poison" for one in entry.inputs):
            raise UnstorableError("too much; submit less at a time")
        super().commit(entry)


async def test_what_cannot_be_kept_is_the_matter_of_who_submitted_it(make_alerting: MakeAlerting) -> None:
    """Others whose facts were to be committed with it are not told of it."""
    told: dict[str, str] = {}
    choosy = Choosy()
    async with make_alerting(store=choosy) as alerting, anyio.create_task_group() as tasks:

        async def submit(name: str) -> None:
            try:
                await alerting.submit(AlertFired(alert(name)))
                told[name] = "kept"
            except UnstorableError as error:
                told[name] = str(error)

        await alerting.submit()
        choosy.hold()
        tasks.start_soon(submit, "first")
        await choosy.commit_begun()
        for name in ("a", "poison", "b"):
            tasks.start_soon(submit, name)
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        choosy.release()
    assert told == {"first": "kept", "a": "kept", "b": "kept", "poison": "too much; submit less at a time"}


class Interrupted(MemoryStore):
    """A store whose next commits a signal cuts off, ``before`` or ``after`` the entry is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.cut: list[str] = []

    def commit(self, entry: Entry) -> None:
        """Keep *entry*, perhaps, and be interrupted, perhaps."""
        cut = self.cut.pop() if self.cut else None
        if cut != "before":
            super().commit(entry)
        if cut is not None:
            raise KeyboardInterrupt


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_commit_that_a_signal_cuts_off_leaves_a_service_that_works(
    make_alerting: MakeAlerting, post: Post, cut: str
) -> None:
    """Whether its entry was kept is found out; a restart knows what was."""
    store = Interrupted()
    async with _configured(make_alerting(store=store), post) as alerting:
        await alerting.submit(AlertFired(alert("a")))
        store.cut = [cut]
        with pytest.raises(KeyboardInterrupt):
            alerting.resolve_alert("a")
        await alerting.submit(AlertFired(alert("b", metric_name="disk")))
    again = _configured(make_alerting(store=store), post)
    assert {one.alert_id for one in again.get_active_alerts()} == ({"a", "b"} if cut == "before" else {"b"})


async def test_a_step_that_was_cut_off_after_its_commit_is_brought_to_its_end(
    make_alerting: MakeAlerting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while it was taken back."""
    store = MemoryStore()
    async with make_alerting(store=store) as alerting:
        await alerting.submit(AlertFired(alert("a")))
        with monkeypatch.context() as patch:
            patch.setattr(Engine, "accept", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                alerting.acknowledge_alert("a", by="ann")
        with monkeypatch.context() as patch:
            patch.setattr(Engine, "undo", _interrupted)
            patch.setattr(store, "commit", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                alerting.resolve_alert("a")
        await alerting.submit(AlertFired(alert("b")))
        assert {one.alert_id for one in alerting.get_active_alerts()} == {"a", "b"}
        (incident,) = alerting.aggregated_alerts.values()
        assert not incident.acknowledged
        alerting.resolve_alert("b")
        assert [one.acknowledged for one in alerting.aggregated_alerts.values()] == [True]


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


async def test_a_journal_without_records_is_no_new_store(make_alerting: MakeAlerting) -> None:
    """To begin anew there would hide that alerts are lost."""
    store = MemoryStore()
    store.commit(Entry(1, 0.0, 0.0, (), ()))
    with pytest.raises(StoreError, match="a journal and no records"):
        make_alerting(store=store)


async def test_the_records_follow_and_what_is_over_goes_also_when_nothing_more_happens(
    make_alerting: MakeAlerting, clock: VirtualClock
) -> None:
    """Ten seconds after the last commit, and within the hour after its time."""
    archive = Archive()
    async with make_alerting(store=archive) as alerting:
        alerting.reconfigure(attrs.evolve(alerting.configuration, retain_journal_seconds=600.0))
        await alerting.submit(AlertFired(alert("a")))
        before = archive.checkpoints
        await clock.advance(11.0)
        await clock.until(lambda: archive.checkpoints > before)
        assert len(archive.journal) > 0
        await clock.advance(4300.0)
        await clock.until(lambda: not archive.journal)


class Unwritable(Archive):
    """A device that takes entries, and records no more."""

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Take the first one, with which a journal begins."""
        if self.checkpoints:
            raise OSError("no room for records")
        super().checkpoint(checkpoint)


async def test_checkpoints_that_fail_are_a_gap(make_alerting: MakeAlerting, clock: VirtualClock) -> None:
    """Nothing is lost, but what is over is not let go of, and the next start takes ever longer."""
    async with make_alerting(store=Unwritable()) as alerting:
        await alerting.submit(AlertFired(alert("a")))
        await clock.advance(11.0)
        await clock.until(lambda: len(alerting.gaps) > 0)
        (gap,) = alerting.gaps
        assert (gap.kind, gap.subject) == (GapKind.STORE_FAILED, "records")
        assert "could not take a checkpoint: OSError" in gap.detail
        assert not alerting.store_fails
