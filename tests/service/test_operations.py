"""What people do: silences, maintenance, sending again, a new configuration; and who hears of a failing store."""

from __future__ import annotations

import attrs
import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Journal, Post, alert, listed

from tocsin import (
    AlertFired,
    AlertRoutingRule,
    Configuration,
    ConfigurationError,
    FederationAlertingService,
    GapKind,
    InhibitionRule,
    LabelMatcher,
    Outcome,
    PatternError,
    Silence,
    SilenceSet,
    SilenceState,
    StoreError,
    TimeInterval,
    UnknownReferenceError,
    Watchdog,
    create_maintenance,
)
from tocsin.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


def silence(name: str, clock: VirtualClock, *, after: float = 0.0, lasts: float = 60.0, value: str = "a") -> Silence:
    """Return a silence of one alert."""
    start = clock.wall() + after
    return Silence(name, (LabelMatcher("alert_id", "=~", value),), start, start + lasts, "maria", "known")


async def test_a_silence_is_pending_then_active_then_expired(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """And what it hid is told when it ends, if it still fires."""
    async with alerting:
        assert alerting.set_silence(silence("s", clock, after=10.0))
        states = [alerting.silences["s"][1]]
        await clock.advance(10.0)
        states.append(alerting.silences["s"][1])
        await alerting.process_alert(alert("a"))
        assert post.sent == []
        await clock.advance(60.0)
        states.append(alerting.silences["s"][1])
        assert [listed(one) for one in post.to("ops")] == [["a"]]
    assert states == [SilenceState.PENDING, SilenceState.ACTIVE, SilenceState.EXPIRED]


async def test_editing_a_silence_keeps_its_history(alerting: FederationAlertingService, clock: VirtualClock) -> None:
    """The same again changes nothing."""
    first, second = silence("s", clock), silence("s", clock, lasts=600.0)
    async with alerting:
        assert [alerting.set_silence(one) for one in (first, first, second)] == [True, False, True]
        record, _ = alerting.silences["s"]
        assert (record.silence, record.history) == (second, (first,))
        assert alerting.expire_silence("s", by="li")
        assert not alerting.expire_silence("s")
        record, state = alerting.silences["s"]
        assert (record.expired_by, state) == ("li", SilenceState.EXPIRED)


async def test_a_silence_with_a_broken_pattern_is_refused(
    alerting: FederationAlertingService, clock: VirtualClock
) -> None:
    """At both doors, before anything happens."""
    broken = silence("s", clock, value="(?=x)")
    async with alerting:
        with pytest.raises(PatternError):
            await alerting.submit(SilenceSet(broken))
        with pytest.raises(PatternError):
            alerting.set_silence(broken)
        assert alerting.silences == {}


async def test_maintenance_of_a_cluster_is_its_own_reason(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """Other clusters are told as ever."""
    wall = clock.wall()
    async with alerting:
        alerting.set_silence(create_maintenance("m", "prod-1", wall, wall + 3600.0, "maria", "upgrade"))
        assert alerting.explain(alert("a")).channels[0].reason == "maintenance"
        await alerting.process_alerts([alert("a"), alert("b", cluster_id="prod-2")])
        assert [listed(one) for one in post.to("ops")] == [["b"]]


async def test_what_was_given_up_is_listed_and_sent_again_under_its_id(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """A refusal is for good, until somebody mends the receiver and asks."""
    post.will("ops", Outcome.rejected("no such room", code=404))
    async with alerting:
        await alerting.process_alert(alert("a"))
        (kept,) = alerting.undelivered
        assert (kept.state, kept.detail, kept.alert_ids) == ("rejected", "no such room", ("a",))
        assert alerting.redrive(kept.notification_id, by="li")
        await clock.advance(1.0)
        assert [one.notification_id for one in post.to("ops")] == [kept.notification_id] * 2
        assert alerting.undelivered == ()
        assert not alerting.redrive(kept.notification_id)


async def test_a_receiver_that_keeps_failing_opens_its_circuit(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """It is left alone, visibly, until a probe is answered."""
    post.will("ops", *[Outcome.unavailable("down")] * 6)
    async with alerting:
        for name in ("a", "b"):
            await alerting.process_alert(alert(name, metric_name=name))
        await clock.advance(40.0)
        assert set(alerting.open_circuits) == {"ops"}
        assert GapKind.CIRCUIT_OPEN in {gap.kind for gap in alerting.gaps}
        await alerting.process_alert(alert("c", metric_name="c"))
        await clock.advance(600.0)
        assert alerting.open_circuits == {}
        assert "c" in {name for one in post.to("ops")[6:] for name in listed(one)}


async def test_a_failing_store_is_told_to_the_watchdog(
    make_alerting: MakeAlerting, post: Post, clock: VirtualClock
) -> None:
    """Off the record at once, once per period; and a gap as soon as the store works again."""
    store = Journal()
    alerting = make_alerting(store=store)
    alerting.add_channel(post.channel("watch"))
    alerting.set_watchdog(Watchdog("watch"))
    async with alerting:
        await alerting.submit(AlertFired(alert("a")))
        store.failures = 2
        for _ in range(2):
            with pytest.raises(StoreError):
                await alerting.submit(AlertFired(alert("b")))
        assert [(gap.kind, gap.count) for gap in alerting.gaps] == [(GapKind.STORE_FAILED, 2)]
        assert alerting.store_fails
        assert alerting.get_alerting_statistics()["gaps"] == 1
        await clock.advance(5.0)
        (told,) = post.to("watch")
        assert "store_failed" in told.alerts[0].alert.message
        assert "s3cret" not in repr(told)
        await alerting.submit(AlertFired(alert("b")))
        await alerting.submit(AlertFired(alert("c")))
        (gap,) = alerting.gaps
        assert gap.kind is GapKind.STORE_FAILED
        assert gap.detail.endswith("(2 commits failed)")


async def test_a_whole_configuration_is_swapped_in_one_step(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """A channel that open alerts newly reach gets one digest; who was told is not told again."""
    async with alerting:
        for name in ("a", "b", "c"):
            await alerting.process_alert(alert(name, metric_name=name))
        config = alerting.configuration.with_channel(post.channel("late"))
        rules = (AlertRoutingRule("everything", target_channels=["ops", "late"]),)
        alerting.reconfigure(attrs.evolve(config, routing_rules=rules))
        await clock.advance(1.0)
        assert len(post.to("ops")) == 3
        assert [(one.kind.value, listed(one)) for one in post.to("late")] == [("digest", ["a", "b", "c"])]


async def test_an_invalid_configuration_changes_nothing(make_alerting: MakeAlerting, post: Post) -> None:
    """Whatever is wrong with it, it is said before anything is swapped."""
    alerting = make_alerting(strict=True)
    alerting.add_channel(post.channel("ops"))
    async with alerting:
        await alerting.process_alert(alert("a"))
        before = alerting.configuration
        bad_rule = AlertRoutingRule("r", conditions={"nonesuch": "x"}, target_channels=["ops"])
        lost = AlertRoutingRule("r", target_channels=["opps"])
        timed = AlertRoutingRule("r", target_channels=["ops"], mute_time_intervals=["nights"])
        matcher = LabelMatcher("a", "=~", "(")
        for config, error in [
            (attrs.evolve(before, routing_rules=(bad_rule,)), ConfigurationError),
            (attrs.evolve(before, routing_rules=(lost,)), UnknownReferenceError),
            (attrs.evolve(before, routing_rules=(timed,)), UnknownReferenceError),
            (attrs.evolve(before, inhibition_rules=(InhibitionRule((matcher,), (matcher,)),)), PatternError),
            (Configuration(watchdog=Watchdog("nobody")), UnknownReferenceError),
        ]:
            with pytest.raises(error):
                alerting.reconfigure(config)
            assert alerting.configuration is before
        assert await alerting.process_alert(alert("b"))


async def test_time_intervals_and_inhibitions_are_added_one_by_one(
    alerting: FederationAlertingService, post: Post, clock: VirtualClock
) -> None:
    """As channels and rules are."""
    async with alerting:
        alerting.add_time_interval("always", TimeInterval())
        alerting.add_inhibition_rule(
            InhibitionRule((LabelMatcher("severity", "=", "critical"),), (LabelMatcher("severity", "=", "error"),))
        )
        alerting.remove_routing_rule("everything")
        alerting.add_routing_rule(
            AlertRoutingRule("everything", target_channels=["ops"], mute_time_intervals=["always"])
        )
        await alerting.process_alert(alert("a"))
        assert alerting.explain(alert("a")).channels[0].reason == "muted_by_time"
        await alerting.process_alert(alert("b", severity="critical"))
        assert alerting.explain(alert("a")).channels[0].reason == "inhibited"
