"""Rules that are silent at certain times: what they route is told when that time is over, if it still fires."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.engine.harness import ORIGIN, Bench, channel, configuration, loaded, rule

from tocsin import (
    AlertRoutingRule,
    EscalationPolicy,
    GapKind,
    LevelReached,
    Outcome,
    Reason,
    TellingDecided,
    create_basic_escalation_policy,
)
from tocsin.model.interval import TimeInterval

DELIVERED = Outcome.delivered()
HOUR = 3600.0
START = datetime.fromtimestamp(ORIGIN, UTC)
assert (START.hour, START.minute, START.second) == (22, 13, 20), "the instants below count from there"
NIGHT = (
    TimeInterval(times=[{"start_time": "23:00", "end_time": "24:00"}]),
    TimeInterval(times=[{"start_time": "00:00", "end_time": "06:00"}]),
)
BEGINS = 46 * 60 + 40.0
MIDNIGHT = BEGINS + HOUR
ENDS = BEGINS + 7 * HOUR
DAY = (TimeInterval(times=[{"start_time": "06:00", "end_time": "23:00"}]),)
LATE = (TimeInterval(times=[{"start_time": "22:00", "end_time": "23:00"}]),)
"""On at the origin, until the night begins."""


def bench(*rules: AlertRoutingRule, channels: tuple[Any, ...] = ("dev", "ops", "boss"), **options: Any) -> Bench:
    """Return a bench with the intervals ``night``, ``day`` and ``late``; everything is delivered at once."""
    intervals = {"night": NIGHT, "day": DAY, "late": LATE}
    options.setdefault("aggregator", "none")
    return loaded(configuration(*channels, rules=rules, time_intervals=intervals, **options), answer=DELIVERED)


def muted(rule_id: str = "r", *channels: str, **options: Any) -> AlertRoutingRule:
    """Return a rule that is silent at night."""
    return rule(rule_id, *(channels or ("dev",)), mute_time_intervals=["night"], **options)


def skipped(made: Bench, alert_id: str, channel_id: str = "dev") -> list[Reason]:
    """Return why a channel was not told of an alert, in order."""
    decided = (e for e in made.events if isinstance(e, TellingDecided) and e.action.value == "skip")
    return [e.reason for e in decided if (e.alert_id, e.channel_id) == (alert_id, channel_id)]


# --- mute and active


def test_while_its_interval_is_on_a_rule_tells_nothing_and_says_why() -> None:
    made = bench(muted())
    made.wake(BEGINS)
    assert made.fire("a") == []
    assert skipped(made, "a") == [Reason.MUTED_BY_TIME]


def test_the_interval_begins_at_its_start_and_ends_before_its_end() -> None:
    made = bench(muted())
    made.wake(BEGINS - 0.5)
    assert made.fire("before") != []
    made.wake(BEGINS)
    assert made.fire("during") == []
    made.wake(ENDS - 0.5)
    assert made.fire("still") == []
    assert [(one.at, one.firing) for one in made.wake(ENDS)] == [(ENDS, ["during"]), (ENDS, ["still"])]
    assert made.fire("after") != []


def test_where_one_interval_goes_over_into_the_next_nothing_is_told() -> None:
    """At midnight one part of the night ends and the other begins."""
    made = bench(muted())
    made.wake(BEGINS)
    made.fire("a")
    assert made.wake(ENDS - 1) == []
    assert made.told("dev") == []


def test_a_rule_with_active_intervals_is_silent_outside_of_them() -> None:
    made = bench(rule("r", "dev", active_time_intervals=["day"]))
    assert made.fire("a") != []
    made.wake(BEGINS)
    assert made.fire("b") == []
    assert skipped(made, "b") == [Reason.MUTED_BY_TIME]
    assert [one.firing for one in made.wake(ENDS)] == [["b"]]


def test_of_several_intervals_one_that_is_on_suffices_to_mute_and_to_be_active() -> None:
    made = bench(
        rule("m", "dev", mute_time_intervals=["night", "late"]), rule("a", "ops", active_time_intervals=["day", "late"])
    )
    assert {one.channel_id for one in made.fire("a")} == {"ops"}


def test_mute_outranks_active() -> None:
    made = bench(rule("r", "dev", mute_time_intervals=["late"], active_time_intervals=["day"]))
    assert made.fire("a") == []
    assert [(one.at, one.firing) for one in made.wake(2 * ENDS)] == [(ENDS, ["a"])]  # from 23 to 6 it is not day


def test_a_channel_is_told_if_one_of_the_rules_that_name_it_is_not_silent() -> None:
    made = bench(muted("one"), rule("two", "dev", severity=["critical"]))
    made.wake(BEGINS)
    assert made.fire("a", "error") == []
    assert [one.firing for one in made.fire("b", "critical")] == [["b"]]


def test_one_rule_mutes_its_own_channels_and_no_other() -> None:
    made = bench(muted("one", "dev"), rule("two", "ops"))
    made.wake(BEGINS)
    assert [one.channel_id for one in made.fire("a")] == ["ops"]
    assert [one.channel_id for one in made.wake(ENDS)] == ["dev"]


def test_a_silent_rule_still_ends_the_search() -> None:
    """As in Alertmanager: a muted route routes as ever."""
    made = bench(muted("one", "dev", continue_matching=False), rule("two", "ops"))
    made.wake(BEGINS)
    assert made.fire("a") == []
    assert made.engine.state.unrouted == 0


def test_routes_below_do_not_inherit_when_their_parent_is_silent() -> None:
    """As in Alertmanager, intervals are each route's own."""
    child = rule("child", "ops", severity=["critical"])
    made = bench(muted("parent", "dev", routes=[child]))
    made.wake(BEGINS)
    assert made.fire("a", "error") == []
    assert [one.channel_id for one in made.fire("b", "critical")] == ["ops"]


# --- the edges


def test_what_resolved_meanwhile_is_not_told() -> None:
    made = bench(muted())
    made.wake(BEGINS)
    made.fire("a")
    made.fire("b")
    made.resolve("a")
    assert [one.firing for one in made.wake(ENDS)] == [["b"]]
    assert skipped(made, "a") == [Reason.MUTED_BY_TIME, Reason.RESOLVED]


def test_an_end_is_told_at_night_to_whoever_was_told() -> None:
    made = bench(muted())
    made.fire("a")
    made.wake(BEGINS)
    assert [one.resolved for one in made.resolve("a")] == [["a"]]


def test_a_rise_at_night_is_told_in_the_morning() -> None:
    made = bench(muted())
    made.fire("a")
    made.wake(BEGINS)
    assert made.fire("a", "critical") == []
    assert [(one.at, one.kind, one.severity_of("a")) for one in made.wake(ENDS)] == [(ENDS, "more", "critical")]


def test_a_fold_that_is_released_at_night_waits_until_the_morning() -> None:
    made = bench(muted(), aggregator="window", settings={"window_seconds": 600})
    made.wake(BEGINS - 300)
    made.fire("a")
    made.fire("b")
    assert [(one.at, one.firing) for one in made.wake(ENDS)] == [(ENDS, ["b"])]


def test_a_retry_that_comes_due_at_night_waits_and_is_told_once() -> None:
    intervals = {"night": NIGHT}
    made = loaded(configuration("dev", rules=[muted()], time_intervals=intervals, aggregator="none"))
    made.wake(BEGINS - 10)
    made.outcome(made.fire("a"), Outcome.unavailable("down", retry_after_seconds=60))
    (sent,) = made.wake(ENDS)
    assert (sent.at, sent.firing) == (ENDS, ["a"])
    made.deliver(sent)
    assert made.wake(ENDS + 10_000) == []


def test_a_repeat_that_comes_due_at_night_waits_until_the_morning() -> None:
    made = bench(muted(), settings={"repeat_interval_seconds": 4 * HOUR})
    made.wake(BEGINS - 10)
    made.fire("a")
    assert [(one.at, one.kind) for one in made.wake(ENDS)] == [(ENDS, "repeat")]


def test_without_rules_that_name_an_interval_no_deadline_stands() -> None:
    made = bench(rule("r", "dev"))
    assert made.engine.next_deadline() is None


def test_a_deadline_stands_at_each_edge_even_when_nothing_fires() -> None:
    made = bench(muted())
    edges: list[float] = []
    while len(edges) < 3:
        deadline = made.engine.next_deadline()
        assert deadline is not None
        edges.append(deadline - ORIGIN)
        made.wake(deadline - ORIGIN)
    assert edges == [BEGINS, MIDNIGHT, ENDS]


# --- escalation


def test_levels_of_an_incident_under_a_silent_rule_reach_nobody_until_it_is_heard_again() -> None:
    """The clock runs on, as under inhibition: time intervals do not pause it; only the telling waits."""
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"], "second": ["boss"]})
    made = bench(muted(policy="p"), policies=[policy])
    made.wake(BEGINS)
    made.fire("a")
    assert made.wake(ENDS - 1) == []
    reached = [(round(e.at - ORIGIN), e.level) for e in made.events if isinstance(e, LevelReached)]
    assert reached == [(BEGINS + 300, "first"), (BEGINS + 900, "second")]
    sent = made.wake(ENDS)
    assert [(one.channel_id, one.kind) for one in sent] == [("dev", "firing"), ("boss", "escalation")]


def test_somebody_who_acknowledges_at_night_is_not_told_of_the_levels_in_the_morning() -> None:
    policy = create_basic_escalation_policy("p", ["ops"], ["boss"])
    made = bench(muted(policy="p"), policies=[policy])
    made.wake(BEGINS)
    made.fire("a")
    made.wake(BEGINS + 1000)
    made.ack("a")
    assert made.wake(2 * ENDS) == []


def test_a_level_under_a_rule_that_is_heard_is_told_at_night() -> None:
    """Of the rules that route the alert one is not silent: a channel that none of them names is told."""
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    made = bench(muted("one", policy="p"), rule("two", "ops"), policies=[policy])
    made.wake(BEGINS)
    made.fire("a")
    assert [(one.channel_id, one.kind) for one in made.wake(BEGINS + 300)] == [("boss", "escalation")]


def test_a_fallback_is_muted_with_the_rules_that_route_the_alert() -> None:
    intervals = {"night": NIGHT}
    dev = channel("dev", fallback="ops")
    config = configuration(dev, "ops", rules=[muted()], time_intervals=intervals, aggregator="none")
    made = loaded(config)
    made.wake(BEGINS - 10)
    (sent,) = made.fire("a")
    made.wake(BEGINS)
    assert made.outcome(sent, Outcome.rejected("no")) == []
    made.wake(ENDS - 1)
    assert made.on("ops") == []
    assert [(one.channel_id, one.at) for one in made.wake(ENDS)] == [("ops", ENDS)]


# --- the wall clock


def test_the_wall_clock_jumps_forward_over_the_end() -> None:
    made = bench(muted())
    made.wake(BEGINS)
    made.fire("a")
    assert [one.firing for one in made.jump(7 * HOUR)] == [["a"]]


def test_the_wall_clock_jumps_forward_into_the_night() -> None:
    made = bench(muted())
    made.jump(HOUR)
    assert made.fire("a") == []
    assert [(one.at, one.firing) for one in made.wake(2 * ENDS)] == [(ENDS - HOUR, ["a"])]


def test_the_wall_clock_jumps_back_into_the_night() -> None:
    made = bench(muted())
    made.wake(ENDS)
    made.jump(-HOUR)
    assert made.fire("a") == []
    assert [(one.at, one.firing) for one in made.wake(2 * ENDS)] == [(ENDS + HOUR, ["a"])]


def test_the_wall_clock_jumps_back_out_of_the_night() -> None:
    made = bench(muted())
    made.wake(BEGINS)
    made.fire("a")
    assert [one.firing for one in made.jump(-60)] == [["a"]]
    assert made.engine.next_deadline() == ORIGIN + BEGINS + 60


def test_after_a_restart_in_the_morning_what_the_night_kept_back_is_told() -> None:
    made = bench(muted())
    made.wake(BEGINS)
    made.fire("a")
    assert [one.firing for one in made.restart(ENDS + 10)] == [["a"]]


# --- the configuration


def test_a_name_that_stands_for_no_interval_silences_nothing_and_is_a_gap() -> None:
    made = bench(
        rule("m", "dev", mute_time_intervals=["nigth", "night"]), rule("a", "ops", active_time_intervals=["dya"])
    )
    assert made.gaps(GapKind.MISSING_TIME_INTERVAL) == ["dya", "nigth"]
    assert {one.channel_id for one in made.fire("a")} == {"dev", "ops"}
    made.wake(BEGINS)
    assert {one.channel_id for one in made.fire("b")} == {"ops"}


@pytest.mark.parametrize("change", ["rule", "interval"])
def test_a_reload_that_takes_the_interval_away_tells_what_it_kept_back(change: str) -> None:
    made = bench(muted())
    made.wake(BEGINS)
    made.fire("a")
    rules = [rule("r", "dev")] if change == "rule" else [muted()]
    intervals = {"night": NIGHT} if change == "rule" else {"night": DAY}
    sent = made.reload(configuration("dev", rules=rules, time_intervals=intervals, aggregator="none"))
    assert [one.firing for one in sent] == [["a"]]


def test_a_reload_that_brings_an_interval_mutes_from_then_on() -> None:
    made = bench(rule("r", "dev"))
    made.wake(BEGINS)
    made.reload(configuration("dev", rules=[muted()], time_intervals={"night": NIGHT}, aggregator="none"))
    assert made.fire("a") == []
    assert [(one.at, one.firing) for one in made.wake(ENDS)] == [(ENDS, ["a"])]


def test_what_no_rule_routes_goes_to_the_catch_all_channel_at_night_too() -> None:
    made = bench(muted("r", "dev", severity=["critical"]), catch_all_channel="ops")
    made.wake(BEGINS)
    assert [one.channel_id for one in made.fire("a", "error")] == ["ops"]


def test_explain_says_that_the_rule_is_silent() -> None:
    made = bench(muted())
    made.wake(BEGINS)
    found = made.explain("a").channels[0]
    assert (found.action.value, found.reason, found.rule_ids) == ("skip", Reason.MUTED_BY_TIME, ("r",))


@pytest.mark.parametrize("ahead", [0.0, 0.0002, 0.0008])
def test_an_edge_that_was_met_a_hair_early_is_met(ahead: float) -> None:
    """The two clocks are read one after the other: the wall's may have been ahead by what lay between."""
    made = bench(muted())
    made.checked = False
    made.wake(ENDS - 100)
    for n in range(120):
        made.fire(f"a{n}")
    made.wall_ahead = ahead
    made.fire("read late")
    made.wall_ahead = 0.0
    deadline = made.engine.next_deadline()
    assert deadline is not None
    made.at = deadline - ORIGIN + 0.0001
    made.step()
    made.finish()
    made.fire("later")
    made.finish()
    assert len({name for one in made.on("dev") for name in one.firing}) == 122
