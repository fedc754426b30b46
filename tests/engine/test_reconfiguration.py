"""A new configuration while alerts fire: whoever is newly reached is told once, whoever was told is not told again."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine.harness import ORIGIN, Bench, channel, configuration, fired, incident_tool, loaded, rule
from tests.engine.records import as_text

from tocsin import (
    Action,
    AlertRouted,
    Configuration,
    EscalationLevel,
    EscalationPolicy,
    GapKind,
    LevelReached,
    NotificationState,
    Outcome,
    Reason,
    Redriven,
    TellingDecided,
)
from tocsin.model.interval import TimeInterval
from tocsin.model.watchdog import Watchdog

DELIVERED = Outcome.delivered()
DOWN = Outcome.unavailable("down", retry_after_seconds=60.0)
LATER = 100_000.0


def firing(count: int, config: Configuration | None = None) -> Bench:
    """Return a bench on which so many alerts fire, each an incident of its own, and ``dev`` was told of all."""
    bench = Bench(config or configuration("dev", aggregator="none"), answer=DELIVERED)
    for place in range(count):
        bench.fire(f"a{place}")
    return bench


def to(*channel_ids: str, **options: object) -> Configuration:
    """Return a configuration that routes everything to these channels; each alert is an incident."""
    options.setdefault("aggregator", "none")
    known = sorted({"dev", "ops", *channel_ids})
    return configuration(*known, rules=[rule("all", *channel_ids)], **options)  # type: ignore[arg-type]


# --- channels that are reached no more


@pytest.mark.parametrize("how", ["it is reported again", "the silence ends"])
def test_a_channel_that_an_alert_leads_to_no_more_is_not_said_to_be_told_that_it_grew_worse(how: str) -> None:
    """It was silenced there while it did; the ledger has one decision, and explain says the same before."""
    bench = firing(1)
    bench.silence("s", 100.0, alert_id="a0")
    bench.fire("a0", "critical")
    bench.reload(to("ops"))
    before = len(bench.events)
    if how == "the silence ends":
        bench.wake(200.0)
    else:
        bench.end_silence("s")
        before, foretold = len(bench.events), bench.explain("a0", "emergency")
        bench.fire("a0", "emergency")
        assert [one.reason for one in foretold.channels if one.channel_id == "dev"] == [Reason.UNROUTED]
    decided = [e for e in bench.events[before:] if isinstance(e, TellingDecided) and e.channel_id == "dev"]
    assert [e.reason for e in decided if e.action is Action.NOTIFY] == []
    assert len(bench.on("dev")) == 1
    assert bench.on("ops")


def test_a_channel_that_an_alert_leads_to_no_more_is_not_reminded_and_hears_the_end() -> None:
    """Until it leads there again."""
    window: dict[str, Any] = {"aggregator": "window", "settings": {"repeat_interval_seconds": 600}}
    bench = firing(1, to("dev", **window))
    bench.wake(650.0)
    assert [one.kind for one in bench.on("dev")] == ["firing", "repeat"]
    bench.reload(to("ops", **window))
    bench.wake(5000.0)
    assert len(bench.on("dev")) == 2
    assert len(bench.on("ops")) > 5
    bench.reload(to("dev", **window))
    bench.wake(7000.0)
    assert len(bench.on("dev")) > 3
    bench.reload(to("ops", **window))
    bench.resolve("a0")
    assert bench.on("dev")[-1].resolved == ["a0"]


def test_a_channel_that_an_escalation_told_is_reminded_as_long_as_that_goes_on() -> None:
    """Though no rule leads there."""
    window: dict[str, Any] = {"aggregator": "window", "settings": {"repeat_interval_seconds": 600}}
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]}, level_delays_seconds={"first": 60})
    config = configuration("dev", "boss", policies=[policy], **window)
    bench = firing(1, config)
    bench.wake(1000.0)
    assert [one.kind for one in bench.on("boss")] == ["escalation", "repeat"]
    bench.reload(configuration("dev", "boss", rules=[rule("all", "dev")], **window))
    bench.wake(5000.0)
    assert len(bench.on("boss")) == 2


# --- newly reached channels


def test_a_channel_that_is_newly_reached_gets_one_digest() -> None:
    bench = firing(5)
    bench.reload(to("dev", "ops"))
    assert bench.told("ops") == [(0, "digest", ["a0", "a1", "a2", "a3", "a4"], [])]
    assert len(bench.on("dev")) == 5
    assert bench.wake(LATER) == []


def test_one_alert_is_told_alone() -> None:
    bench = firing(1)
    bench.reload(to("dev", "ops"))
    assert bench.told("ops") == [(0, "firing", ["a0"], [])]


def test_an_incident_tool_that_is_newly_reached_is_told_each_incident() -> None:
    bench = firing(3)
    bench.reload(configuration("dev", incident_tool("ops"), rules=[rule("all", "dev", "ops")], aggregator="none"))
    assert [one.firing for one in bench.on("ops")] == [["a0"], ["a1"], ["a2"]]


def test_a_digest_keeps_the_limit_of_its_channel() -> None:
    bench = firing(3)
    ops = channel("ops", rate_limit_per_minute=1)
    bench.reload(configuration("dev", ops, rules=[rule("all", "dev", "ops")], aggregator="none"))
    bench.fire("new")
    bench.wake(100)
    assert bench.told("ops") == [(0, "digest", ["a0", "a1", "a2"], []), (60, "firing", ["new"], [])]


def test_what_is_muted_is_not_in_the_digest_and_is_told_when_that_ends() -> None:
    bench = firing(3)
    bench.silence("s", until=100, alert_id="a0")
    bench.ack("a1")
    bench.reload(to("dev", "ops"))
    bench.wake(200)
    assert bench.told("ops") == [(0, "firing", ["a2"], []), (100, "firing", ["a0"], [])]


def test_the_end_of_what_the_digest_listed_follows() -> None:
    bench = firing(2)
    bench.reload(to("dev", "ops"))
    bench.resolve("a0")
    assert ("resolved", ["a0"]) in [(one.kind, one.resolved) for one in bench.on("ops")]


# --- nobody told is told again


def test_identical_configuration_changes_nothing() -> None:
    bench = firing(3)
    bench.silence("s", until=100, alert_id="a1")
    before = as_text(bench.engine.state)
    assert bench.reload(attrs.evolve(bench.config)) == []
    assert as_text(bench.engine.state) == before


def test_a_change_of_what_does_not_matter_tells_nobody() -> None:
    bench = firing(3)
    bench.reload(configuration("dev", "unused", rules=[rule("renamed", "dev")], aggregator="none"))
    assert len(bench.on("dev")) == 3
    routed = [event for event in bench.events if isinstance(event, AlertRouted)]
    assert [event.rule_ids for event in routed[-3:]] == [("renamed",)] * 3


def test_there_and_back_again_tells_nobody_twice() -> None:
    bench = firing(3)
    for config in (to("dev", "ops"), to("dev"), to("ops", "dev")):
        bench.reload(config)
    assert sorted(name for one in bench.on("ops") for name in one.firing) == ["a0", "a1", "a2"]
    assert len(bench.on("dev")) == 3


def test_what_is_under_way_goes_on_and_is_not_doubled() -> None:
    bench = Bench(configuration("dev", aggregator="none"))
    (sent,) = bench.fire("a")
    bench.reload(to("dev", "ops"))
    assert len(bench.on("dev")) == 1
    bench.outcome(sent, DOWN)
    (again,) = [one for one in bench.wake(60) if one.channel_id == "dev"]
    assert (again.name, again.attempt) == (sent.name, 2)


def test_a_channel_that_is_no_longer_routed_to_still_hears_the_end() -> None:
    bench = firing(1)
    bench.reload(to("ops"))
    assert {(one.channel_id, one.kind) for one in bench.resolve("a0")} == {("dev", "resolved"), ("ops", "resolved")}


def test_what_waited_for_a_channel_that_is_no_longer_routed_to_is_left_out() -> None:
    bench = Bench(configuration("dev", "ops", rules=[rule("all", "dev")]), answer=DELIVERED)
    for name in "abc":
        bench.fire(name)
    bench.reload(configuration("dev", "ops", rules=[rule("all", "ops")]))
    bench.wake(LATER)
    assert bench.told("dev") == [(0, "firing", ["a"], [])]
    assert bench.told("ops") == [(0, "firing", ["a", "b", "c"], [])]


# --- channels that vanish


def pending(fallback: str | None, *, attempted: bool) -> Bench:
    """An alert is retried, or held by a limit, on ``dev``, whose fallback is that."""
    dev = channel("dev", fallback=fallback, rate_limit_per_minute=1)
    bench = Bench(configuration(dev, "ops", rules=[rule("all", "dev")], aggregator="none"))
    (first,) = bench.fire("a")
    bench.outcome(first, DOWN if attempted else DELIVERED)
    if not attempted:
        bench.fire("b")
    return bench


@pytest.mark.parametrize("attempted", [True, False])
def test_a_channel_that_vanishes_hands_what_is_pending_to_its_fallback(attempted: bool) -> None:
    bench = pending("ops", attempted=attempted)
    bench.reload(configuration("ops", rules=[rule("all", "ops", severity=["info"])], aggregator="none"))
    assert [one.firing for one in bench.on("ops")] == [["a"] if attempted else ["b"]]
    assert ("dev", "dead") in bench.ended()
    assert bench.gaps(GapKind.UNDELIVERED) == []


@pytest.mark.parametrize("attempted", [True, False])
@pytest.mark.parametrize("fallback", [None, "gone"])
def test_without_a_fallback_it_is_dead_and_visible(fallback: str | None, attempted: bool) -> None:
    bench = pending(fallback, attempted=attempted)
    bench.reload(configuration("ops", rules=[rule("all", "ops", severity=["info"])], aggregator="none"))
    dead = [change for change in bench.all_changes() if change.state is NotificationState.DEAD]
    assert [(one.channel_id, one.reason) for one in dead] == [("dev", Reason.CHANNEL_MISSING)]
    assert bench.gaps(GapKind.UNDELIVERED) == ["dev"]


@pytest.mark.parametrize("fallback", [None, "ops"])
def test_an_end_that_a_vanished_channel_was_to_tell_is_dead_visible_and_can_be_sent_again(fallback: str | None) -> None:
    """No other channel hears of it: none was told of the beginning."""
    dev = channel("dev", fallback=fallback, rate_limit_per_minute=1)
    bench = Bench(configuration(dev, "ops", rules=[rule("all", "dev")], aggregator="none"), answer=DELIVERED)
    bench.fire("a")
    bench.resolve("a")
    bench.reload(configuration("ops", rules=[rule("all", "ops")], aggregator="none"))
    ((name, kept),) = bench.engine.state.undelivered.items()
    assert (kept.kind.value, kept.alert_ids, kept.reason) == ("resolved", ("a",), Reason.CHANNEL_MISSING)
    assert bench.gaps(GapKind.UNDELIVERED) == ["dev"]
    assert bench.on("ops") == []
    bench.wake(100)
    bench.reload(configuration("dev", rules=[rule("all", "dev")], aggregator="none"))
    bench.step(Redriven(name, by="bob"))
    assert [one.resolved for one in bench.on("dev")] == [[], ["a"]]


def test_an_end_that_still_waited_for_others_is_a_gap_too() -> None:
    bench = Bench(configuration("dev", "ops", rules=[rule("all", "dev")]), answer=DELIVERED)
    bench.step(fired("a"), fired("b"))
    bench.resolve("b")
    bench.reload(configuration("ops", rules=[rule("all", "ops")]))
    assert bench.gaps(GapKind.UNDELIVERED) == ["dev"]


def test_a_channel_that_wants_no_ends_leaves_no_gap_when_it_vanishes() -> None:
    dev = channel("dev", send_resolved=False)
    bench = Bench(configuration(dev, "ops", rules=[rule("all", "dev")]), answer=DELIVERED)
    bench.step(fired("a"), fired("b"))
    bench.resolve("b")
    bench.reload(configuration("ops", rules=[rule("all", "ops")]))
    assert bench.gaps(GapKind.UNDELIVERED) == []


def test_an_attempt_under_way_ends_first_and_then_goes_to_the_fallback() -> None:
    bench = Bench(configuration(channel("dev", fallback="ops"), "ops", rules=[rule("all", "dev")], aggregator="none"))
    (sent,) = bench.fire("a")
    bench.reload(configuration("ops", rules=[rule("all", "ops", severity=["info"])], aggregator="none"))
    assert bench.on("ops") == []
    assert [one.firing for one in bench.outcome(sent, DOWN)] == [["a"]]


def test_folds_and_levels_of_a_channel_that_vanishes_go_to_its_fallback() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    boss = channel("boss", fallback="ops", rate_limit_per_minute=1)
    config = configuration("dev", boss, "ops", rules=[rule("all", "dev", policy="p")], policies=[policy])
    bench = Bench(config, answer=DELIVERED)
    bench.fire("a")
    bench.fire("x", metric="disk")
    bench.wake(300)  # the second level is held
    assert len(bench.on("boss")) == 1
    bench.reload(configuration("dev", "ops", rules=[rule("all", "dev", policy="p")], policies=[policy]))
    held = {"a", "x"} - set(bench.on("boss")[0].firing)
    assert {name for one in bench.on("ops") for name in one.firing} == held


def test_a_channel_that_comes_back_is_told_what_fires_and_was_not_told_there() -> None:
    bench = firing(1)
    bench.reload(configuration("ops", rules=[rule("all", "dev")], aggregator="none"))
    assert bench.fire("new") == []
    bench.reload(configuration("dev", rules=[rule("all", "dev")], aggregator="none"))
    assert [one.firing for one in bench.on("dev")] == [["a0"], ["new"]]


# --- escalation


def test_open_incidents_keep_the_policy_as_it_was() -> None:
    def policies(delay: float) -> list[EscalationPolicy]:
        delays = {EscalationLevel.FIRST: delay}
        return [EscalationPolicy("p", escalation_levels={"first": ["ops"]}, level_delays_seconds=delays)]

    rules = [rule("all", "dev", policy="p")]
    bench = Bench(configuration("dev", "ops", rules=rules, policies=policies(100), aggregator="none"), answer=DELIVERED)
    bench.fire("old")
    bench.wake(50)
    bench.reload(configuration("dev", "ops", rules=rules, policies=policies(10), aggregator="none"))
    bench.fire("new")
    bench.wake(200)
    assert bench.told("ops") == [(60, "escalation", ["new"], []), (100, "escalation", ["old"], [])]


def test_a_policy_that_is_taken_away_still_runs_for_whom_it_runs() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["ops"]})
    rules = [rule("all", "dev", policy="p")]
    bench = Bench(configuration("dev", "ops", rules=rules, policies=[policy], aggregator="none"), answer=DELIVERED)
    bench.fire("old")
    bench.reload(configuration("dev", "ops", rules=rules, aggregator="none"))
    bench.fire("new")
    bench.wake(LATER)
    assert bench.told("ops") == [(300, "escalation", ["old"], [])]
    assert bench.gaps(GapKind.MISSING_POLICY) == ["p"]


def test_an_escalation_that_a_reload_brings_begins_with_it() -> None:
    policy = EscalationPolicy("p", escalation_levels={"immediate": ["ops"], "first": ["ops"]})
    bench = firing(3, configuration("dev", "ops", rules=[rule("all", "dev")], aggregator="none"))
    bench.wake(1000)
    rules = [rule("all", "dev", policy="p")]
    bench.reload(configuration("dev", "ops", rules=rules, policies=[policy], aggregator="none"))
    assert [(at, kind, names) for at, kind, names, _ in bench.told("ops")] == [(1000, "digest", ["a0", "a1", "a2"])]
    bench.wake(LATER)
    reached = [round(e.at - ORIGIN) for e in bench.events if isinstance(e, LevelReached) and e.level == "first"]
    assert reached == [1300] * 3


# --- other settings


def test_other_retry_settings_and_limits_hold_at_once() -> None:
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1), aggregator="none"), answer=DELIVERED)
    for name in "abc":
        bench.fire(name)
    assert [one.kind for one in bench.reload(configuration("dev", aggregator="none"))] == ["digest"]


def test_a_change_of_the_aggregator_leaves_open_incidents_alone() -> None:
    bench = Bench(configuration("dev"), answer=DELIVERED)
    bench.step(fired("a"), fired("b"))
    bench.reload(configuration("dev", aggregator="none"))
    assert [one.firing for one in bench.fire("c")] == [["c"]]
    bench.resolve("a")
    bench.resolve("b")
    bench.wake(LATER)
    assert sorted(name for one in bench.on("dev") for name in one.resolved) == ["a", "b"]


def test_everything_at_once_in_one_reload_tells_each_once() -> None:
    """Another channel, a silence's end, an interval, a watchdog: in one step."""
    bench = firing(4)
    bench.silence("s", until=50, alert_id="a0")
    bench.wake(50)
    bench.reload(
        configuration(
            "dev",
            "ops",
            "watch",
            rules=[rule("all", "dev", "ops"), rule("quiet", "watch", mute_time_intervals=["always"])],
            aggregator="none",
            time_intervals={"always": (TimeInterval(),)},
            watchdog=Watchdog("watch"),
        )
    )
    bench.wake(LATER)
    assert bench.told("ops") == [(50, "digest", ["a0", "a1", "a2", "a3"], [])]
    assert bench.on("watch") == []
    assert len(bench.on("dev")) == 4


def test_a_reload_and_a_crash_before_all_is_routed_anew() -> None:
    """The records know that it is not finished."""
    bench = loaded(configuration("dev", aggregator="none"), answer=DELIVERED)
    bench.step(*(fired(f"a{place:03}") for place in range(300)))
    bench.answer = None
    bench.reload(to("dev", "ops"))
    assert bench.on("ops") == []
    bench.restart(10)
    bench.finish()
    (digest,) = bench.on("ops")
    assert len(digest.firing) == 300


def test_a_downtime_in_which_an_incident_was_both_touched_and_forgotten() -> None:
    """A retry came due, then all was over for long enough: the restart meets both before it settles anything."""
    bench = Bench(configuration("dev", aggregator="none", retain_resolved_seconds=600.0))
    bench.deliver(*bench.fire("a"))
    (end,) = bench.resolve("a")
    bench.outcome(end, Outcome.unavailable("down", retry_after_seconds=30.0))
    bench.reload(configuration(channel("dev", send_resolved=False), aggregator="none", retain_resolved_seconds=600.0))
    bench.restart(5000)
    bench.wake(10_000)
    assert not bench.engine.state.incidents
    folded = Bench(configuration("dev", retain_resolved_seconds=50.0))
    for name in "ab":
        folded.deliver(*folded.fire(name))
    folded.resolve("b")
    folded.deliver(*folded.resolve("a"))
    folded.deliver(*folded.restart(5000))
    folded.wake(10_000)
    assert not folded.engine.state.incidents


def test_an_alert_does_not_wait_for_an_end_that_its_channel_no_longer_wants() -> None:
    """Elsewhere it fires again, and the end of its first incident, which would go first, is told to nobody."""
    bench = Bench(configuration("dev"))
    for name in "ab":
        bench.deliver(*bench.fire(name, "critical", metric="cpu"))
    assert bench.resolve("a") == [], "it waits for others that end soon"
    bench.reload(configuration(channel("dev", send_resolved=False)))
    (sent,) = bench.fire("a", metric="disk")
    assert sent.firing == ["a"]
