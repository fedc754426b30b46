"""A restart on a store that remembers: what was queued, under way or due goes on, and nothing is told again."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import HANG, Journal, Post, alert, listed

from tocsin import (
    AlertRoutingRule,
    Checkpoint,
    EscalationLevel,
    EscalationPolicy,
    FederationAlertingService,
    GapKind,
    MemoryStore,
    Outcome,
    StoreError,
    Watchdog,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def store() -> MemoryStore:
    """A store that outlives its service."""
    return MemoryStore()


def configured(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, **options: Any
) -> FederationAlertingService:
    """Return a service on *store* whose alerts go to ``ops``, and to ``boss`` when nobody answers."""
    alerting = make_alerting(store=store, **options)
    for channel_id in ("ops", "boss"):
        alerting.add_channel(post.channel(channel_id))
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"], escalation_policy_id="levels"))
    alerting.add_escalation_policy(
        EscalationPolicy("levels", escalation_levels={EscalationLevel.FIRST: ["boss"]}, default_channels=["ops"])
    )
    return alerting


async def test_what_was_told_is_not_told_again(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """And the alert is still there, with its resolution going to whoever was told."""
    async with configured(make_alerting, post, store) as alerting:
        await alerting.process_alert(alert("a"))
    async with configured(make_alerting, post, store) as again:
        assert [one.alert_id for one in again.get_active_alerts()] == ["a"]
        await clock.advance(60.0)
        assert [listed(one) for one in post.to("ops")] == [["a"]]
        again.resolve_alert("a")
        await clock.advance(1.0)
        assert [one.status.value for one in post.to("ops")] == ["firing", "resolved"]


async def test_an_attempt_that_was_under_way_is_made_again_under_its_id(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """Nobody can say whether it arrived."""
    post.will("ops", HANG)
    async with configured(make_alerting, post, store, drain_seconds=0.0) as alerting:
        await alerting.process_alert(alert("a"), wait=False)
        await clock.advance(0.5)
    async with configured(make_alerting, post, store):
        await clock.advance(1.0)
    first, second = post.to("ops")
    assert first.notification_id == second.notification_id
    assert (first.attempt, second.attempt) == (1, 2)


async def test_what_was_under_way_is_taken_up_by_the_configuration_that_the_start_has(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """Its alert ended meanwhile: whether the channel is told of that is asked of what it is now."""
    post.will("ops", HANG)
    alerting = make_alerting(store=store, drain_seconds=0.0)
    alerting.add_channel(attrs.evolve(post.channel("ops"), send_resolved=False))
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
    async with alerting:
        await alerting.process_alert(alert("a"), wait=False)
        await clock.advance(0.5)
        alerting.resolve_alert("a")
    again = make_alerting(store=store)
    again.add_channel(post.channel("ops"))
    again.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
    async with again:
        await clock.advance(1.0)
    assert [one.status.value for one in post.to("ops")] == ["firing", "resolved"]


async def test_a_heartbeat_that_came_due_while_it_was_down_is_sent_at_the_start(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """Through the channel as it is configured now."""

    def beating() -> FederationAlertingService:
        alerting = make_alerting(store=store)
        alerting.add_channel(post.channel("switch"))
        alerting.set_watchdog(Watchdog(heartbeat_channel="switch", heartbeat_seconds=60.0))
        return alerting

    async with beating():
        await clock.settle()
    assert len(post.to("switch")) == 1
    await clock.advance(500.0)
    async with beating() as again:
        await clock.settle()
        assert len(post.to("switch")) == 2
        assert again.gaps == ()


async def test_a_level_that_came_due_while_it_was_down_is_told_at_the_start(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """Engine time goes on by the wall time that passed."""
    async with configured(make_alerting, post, store) as alerting:
        await alerting.process_alert(alert("a"))
    await clock.advance(900.0)
    async with configured(make_alerting, post, store):
        await clock.advance(0.5)
        assert [one.kind.value for one in post.to("boss")] == ["escalation"]


async def test_a_clock_that_was_set_back_meanwhile_costs_no_time(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """The level comes its five minutes after the alert, as far as the process can know."""
    async with configured(make_alerting, post, store) as alerting:
        await alerting.process_alert(alert("a"))
    clock.jump_wall(-86_400.0)
    async with configured(make_alerting, post, store):
        await clock.advance(299.0)
        assert post.to("boss") == []
        await clock.advance(1.0)
        assert len(post.to("boss")) == 1


async def test_the_journal_after_the_checkpoint_is_decided_again(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """A process that is killed took no checkpoint since it began: everything comes from the journal."""
    killed = configured(make_alerting, post, store)
    await killed.process_alert(alert("a"))
    await killed.process_alert(alert("b", metric_name="disk"))
    killed.acknowledge_alert("b")
    await clock.advance(1.0)
    loaded = store.load()
    assert loaded is not None
    assert loaded.ordinal == 0
    later = VirtualClock(start=clock.now())
    again = configured(make_alerting, post, store, clock=later)
    assert {one.alert_id for one in again.get_active_alerts()} == {"a", "b"}
    assert again.gaps == killed.gaps
    async with again:
        await later.advance(300.0)
        assert [listed(one) for one in post.to("boss")] == [["a"]]


async def test_a_value_that_is_no_number_says_nothing_new(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """NaN equals nothing: that is no reason to write each report of it, nor to take the journal for another one's."""
    killed, same = configured(make_alerting, post, store), attrs.evolve(alert("a"), current_value=float("nan"))
    await killed.process_alert(same)
    entries = len(store.journal)
    for _ in range(3):
        await killed.process_alert(attrs.evolve(same, current_value=-float("nan")))
    assert len(store.journal) == entries
    async with configured(make_alerting, post, store, clock=VirtualClock(start=clock.now())) as again:
        assert again.gaps == ()


async def test_a_configuration_is_complete_before_it_is_taken(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """Adding the first channel after a restart does not make the others vanish."""
    post.will("boss", *[Outcome.unavailable("down")] * 2)
    async with configured(make_alerting, post, store) as alerting:
        await alerting.process_alert(alert("a"))
        await clock.advance(300.5)
    assert len(post.to("boss")) == 1
    async with configured(make_alerting, post, store) as again:
        await clock.advance(100.0)
        assert {one.notification_id for one in post.to("boss")} == {post.to("boss")[0].notification_id}
        assert len(post.to("boss")) == 3
        assert again.gaps == ()


async def test_a_channel_that_is_gone_after_the_restart_is_a_visible_loss(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """What it had pending is dead, and a gap."""
    post.will("ops", Outcome.unavailable("down"))
    async with configured(make_alerting, post, store) as alerting:
        await alerting.process_alert(alert("a"))
    bare = make_alerting(store=store)
    async with bare:
        await clock.advance(1.0)
    assert GapKind.UNDELIVERED in {gap.kind for gap in bare.gaps}


async def test_a_journal_with_a_hole_is_refused(make_alerting: MakeAlerting, post: Post, store: MemoryStore) -> None:
    """Whatever followed it may be wrong."""
    alerting = configured(make_alerting, post, store)
    for name in ("a", "b", "c"):
        await alerting.process_alert(alert(name))
    del store.journal[1]
    with pytest.raises(StoreError, match="hole"):
        make_alerting(store=store)


def salvage(store: MemoryStore, *lost: str) -> MemoryStore:
    """Return a store of what is left without the tables *lost*, as an import makes it of an archive with damage."""
    loaded = store.load()
    assert loaded is not None
    kept = {key: plain for key, plain in loaded.records.items() if key[0] not in lost}
    made = MemoryStore()
    made.checkpoint(Checkpoint(loaded.ordinal, kept).marked_as_salvaged())
    for entry in store.entries():
        plain = store.configuration(entry.configuration)
        assert plain is not None
        made.keep_configuration(entry.configuration, plain)
    return made


@pytest.mark.parametrize("table", ["episodes", "incidents", "outgoing", "lanes", "agenda", "open"])
async def test_records_that_are_lost_are_gaps_once_and_the_service_goes_on(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock, table: str
) -> None:
    """What referred to them is mended; after the next checkpoint nothing is left of it."""
    post.will("ops", *[Outcome.unavailable("down")] * 3)
    async with configured(make_alerting, post, store) as alerting:
        await alerting.process_alert(alert("a"))
        await alerting.process_alert(alert("b", metric_name="disk"))
        alerting.resolve_alert("b")
        await clock.advance(0.1)
    saved = salvage(store, table)
    async with configured(make_alerting, post, saved) as again:
        await clock.advance(1000.0)
        assert {gap.kind for gap in again.gaps} <= {GapKind.RECOVERY, GapKind.LATE}
        assert any(gap.kind is GapKind.RECOVERY for gap in again.gaps) is (table != "open")
        await again.process_alert(alert("a"))
        await clock.advance(1000.0)
        told = [listed(one) for one in post.to("ops")]
        assert ["a"] in told
        found = again.gaps
    async with configured(make_alerting, post, saved) as once_more:
        await clock.advance(1.0)
        assert once_more.gaps == found
        assert [one.alert_id for one in once_more.get_active_alerts()] == ["a"]


async def test_an_entry_that_leads_to_something_else_now_is_a_gap(
    make_alerting: MakeAlerting, post: Post, store: MemoryStore, clock: VirtualClock
) -> None:
    """As after an update of a plugin that decides otherwise."""
    alerting = configured(make_alerting, post, store)
    await alerting.process_alert(alert("a"))
    store.journal[0] = attrs.evolve(store.journal[0], events=())
    again = configured(make_alerting, post, store)
    async with again:
        await clock.advance(1.0)
        assert [gap.kind for gap in again.gaps] == [GapKind.RECOVERY]


async def test_a_restart_is_journaled_once(make_alerting: MakeAlerting, post: Post, store: MemoryStore) -> None:
    async with configured(make_alerting, post, store) as alerting:
        await alerting.process_alert(alert("a"))
    async with configured(make_alerting, post, store) as again:
        await again.process_alert(alert("b"))
    inputs = [item for entry in store.entries() for item in entry.inputs]
    assert [type(item).__name__ for item in inputs].count("Restarted") == 1


async def test_a_store_that_fails_at_the_restart_is_told_before_anything_can_be_taken_up(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """What was under way is made again once that is written down, and no sooner."""
    store = Journal()
    post.will("ops", HANG)
    async with configured(make_alerting, post, store, drain_seconds=0.0) as alerting:
        await alerting.process_alert(alert("a"), wait=False)
        await clock.advance(0.5)
    again = configured(make_alerting, post, store)
    again.add_channel(post.channel("dog"))
    again.set_watchdog(Watchdog(channel_id="dog"))
    store.failures = 10**6
    async with again:
        await clock.advance(5.0)
        assert [one.alerts[0].alert.labels["gap"] for one in post.to("dog")] == ["store_failed"]
        assert [one.attempt for one in post.to("ops")] == [1]
        store.failures = 0
        await clock.advance(5.0)
        assert [one.attempt for one in post.to("ops")] == [1, 2]
