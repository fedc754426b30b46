"""``grouping``: what a group tells at its flushes, to the second, and that it tells nothing in between."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.engine.harness import ORIGIN, Bench, Sent, channel, configuration, fired, installed, rule

from tocsin import (
    Action,
    Aggregation,
    Aggregator,
    AggregatorRegistrar,
    AlertResolved,
    Cause,
    ConfigurationError,
    EscalationPolicy,
    FederationAlertingService,
    GapKind,
    Outcome,
    PerformanceAlert,
    Reason,
    Telling,
    TellingDecided,
    hookimpl,
)
from tocsin_plugins.grouping import Grouping, GroupingConfig

DELIVERED = Outcome.delivered()
LATER = 100_000.0
QUIET: dict[str, Any] = {"group_by": ["metric_name"], "repeat_interval_seconds": None}
"""Flushes at 30, 330, 630, … seconds, and no reminders."""


def grouped(*channels: Any, answer: Outcome | None = DELIVERED, settings: dict[str, Any] = QUIET, **more: Any) -> Bench:
    """A bench whose alerts are grouped by their metric; its attempts all end well."""
    config = configuration(*(channels or ("dev",)), aggregator="grouping", settings=settings, **more)
    return Bench(config, answer=answer)


def history(bench: Bench, *happenings: tuple[float, str, str]) -> None:
    """Let alerts ``fire`` and ``resolve`` at these instants."""
    for at, what, alert_id in happenings:
        bench.wake(at)
        bench.fire(alert_id) if what == "fire" else bench.resolve(alert_id)


# --- when a group is told, and of what


def test_a_group_is_told_once_it_has_gathered_for_group_wait() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (10, "fire", "b"), (29.9, "fire", "c"))
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a", "b", "c"], [])]


def test_what_comes_later_is_told_at_the_next_interval_beside_all_that_fires() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (31, "fire", "b"), (300, "fire", "c"), (1000, "fire", "d"))
    bench.wake(LATER)
    assert bench.told("dev") == [
        (30, "firing", ["a"], []),
        (330, "more", ["a", "b", "c"], []),
        (1230, "more", ["a", "b", "c", "d"], []),
    ]


def test_nothing_is_sent_when_nothing_changed() -> None:
    bench = grouped()
    for at in range(0, 3600, 60):
        bench.wake(at)
        bench.fire("a", current_value=float(at))
    assert bench.told("dev") == [(30, "firing", ["a"], [])]


def test_what_resolved_is_listed_once() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (0, "fire", "b"), (100, "resolve", "a"), (400, "fire", "c"), (700, "resolve", "b"))
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [
        (330, "more", ["b"], ["a"]),
        (630, "more", ["b", "c"], []),
        (930, "more", ["c"], ["b"]),
    ]


def test_when_all_resolved_that_is_told_at_the_next_flush_and_the_next_alert_begins_a_group() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (0, "fire", "b"), (40, "resolve", "a"), (50, "resolve", "b"), (331, "fire", "c"))
    bench.wake(LATER)
    assert bench.told("dev") == [
        (30, "firing", ["a", "b"], []),
        (330, "resolved", [], ["a", "b"]),
        (361, "firing", ["c"], []),
    ]
    first, _, again = bench.sent
    assert first.notification.incident_id != again.notification.incident_id


def test_until_its_end_is_told_a_group_takes_alerts() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (40, "resolve", "a"), (329, "fire", "b"))
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], []), (330, "more", ["b"], ["a"])]
    assert len({one.notification.incident_id for one in bench.sent}) == 1


def test_an_alert_that_resolves_and_fires_again_between_two_flushes_changes_nothing() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"))
    for at in range(40, 300, 20):
        history(bench, (at, "resolve", "a"), (at + 10, "fire", "a"))
    bench.wake(1000)
    assert bench.told("dev") == [(30, "firing", ["a"], [])]
    bench.resolve("a")
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(1230, "resolved", [], ["a"])]


def test_an_alert_that_resolved_before_its_first_flush_is_not_told_alone() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (10, "resolve", "a"))
    assert bench.wake(LATER) == []
    history(bench, (LATER, "fire", "b"), (LATER + 40, "fire", "c"), (LATER + 50, "resolve", "c"))
    bench.wake(2 * LATER)
    assert bench.told("dev") == [(LATER + 30, "firing", ["b"], [])]


def test_an_alert_that_resolved_before_its_first_flush_is_listed_beside_others() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (10, "resolve", "a"), (20, "fire", "b"), (40, "fire", "c"), (50, "resolve", "c"))
    history(bench, (60, "fire", "d"))
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["b"], ["a"]), (330, "more", ["b", "d"], ["c"])]


def test_without_a_wait_a_group_is_told_at_once_and_then_every_interval() -> None:
    bench = grouped(settings=QUIET | {"group_wait_seconds": 0})
    bench.step(fired("a"), fired("b"))
    history(bench, (0, "fire", "c"), (1, "fire", "d"))
    bench.wake(LATER)
    assert bench.told("dev") == [(0, "firing", ["a", "b"], []), (300, "more", ["a", "b", "c", "d"], [])]


def test_what_comes_at_the_instant_of_a_flush_but_after_it_waits_for_the_next() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (30, "fire", "b"), (330, "resolve", "a"))
    bench.wake(LATER)
    assert [(at, *lists) for at, _, *lists in bench.told("dev")] == [
        (30, ["a"], []),
        (330, ["a", "b"], []),
        (630, ["b"], ["a"]),
    ]


def test_an_alert_that_fires_for_long_when_it_comes_waits_as_well() -> None:
    """Unlike Alertmanager's; see the plugin's description."""
    bench = grouped()
    bench.fire("a", timestamp=ORIGIN - 86_400.0)
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], [])]


def test_waiting_is_explained_by_grouping() -> None:
    bench = grouped()
    bench.fire("a")
    (decision,) = [event for event in bench.events if isinstance(event, TellingDecided)]
    assert (decision.action.value, decision.reason, decision.due) == ("fold", Reason.GROUPED, ORIGIN + 30)


# --- which alerts are a group


def test_alerts_with_equal_values_of_the_labels_are_a_group() -> None:
    """Of the label view: a label of the alert's own, then the field; what is absent equals the empty string."""
    bench = grouped(settings=QUIET | {"group_by": ["team", "cluster_id"]})
    bench.fire("a", cluster_id="x", labels={"team": "db"})
    bench.fire("b", cluster_id="y", labels={"team": "db", "cluster_id": "x"})
    bench.fire("c", cluster_id="x")
    bench.fire("d", cluster_id="x", labels={"team": ""})
    bench.fire("e", cluster_id="", labels={"team": "x"})
    bench.wake(LATER)
    assert sorted(one.firing for one in bench.sent) == [["a", "b"], ["c", "d"], ["e"]]


def test_labels_alone_are_labels_and_never_fields() -> None:
    bench = grouped(settings=QUIET | {"group_by": ["severity", "cluster_id"], "labels_alone": True})
    bench.fire("a", cluster_id="x")
    bench.fire("b", cluster_id="y", labels={"severity": ""})
    bench.fire("c", cluster_id="x", labels={"cluster_id": "x"})
    bench.wake(LATER)
    assert sorted(one.firing for one in bench.sent) == [["a", "b"], ["c"]]


def test_without_labels_all_alerts_are_one_group() -> None:
    bench = grouped(settings={})
    bench.fire("a", metric="cpu", cluster_id="x")
    bench.fire("b", metric="disk", cluster_id="y")
    assert [one.firing for one in bench.wake(30)] == [["a", "b"]]


def test_with_every_label_each_alert_is_a_group_that_still_waits_and_bridges() -> None:
    bench = grouped(settings=QUIET | {"group_by": ["..."]})
    history(bench, (0, "fire", "a"), (10, "fire", "b"), (100, "resolve", "a"))
    bench.wake(200)
    bench.fire("a", cluster_id="cluster-a", metric="disk")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], []), (40, "firing", ["b"], [])]


def test_an_alert_stays_in_its_group_when_its_labels_change() -> None:
    bench = grouped(settings=QUIET | {"group_by": ["severity"]})
    bench.fire("a", "error")
    bench.fire("b", "error")
    bench.wake(40)
    bench.fire("a", "warning")
    bench.fire("c", "warning")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a", "b"], []), (70, "firing", ["c"], [])]


# --- what people and silences do


def test_a_rise_of_severity_is_told_at_the_next_flush_and_a_fall_is_not() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (0, "fire", "b"))
    bench.wake(40)
    assert bench.fire("a", "emergency") == []
    bench.wake(400)
    bench.fire("a", "warning")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a", "b"], []), (330, "more", ["a", "b"], [])]
    assert bench.sent[-1].severity_of("a") == "emergency"


def test_what_is_silenced_at_a_flush_is_left_out_and_told_at_the_first_one_after_the_silence() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (5, "fire", "b"))
    bench.silence("s", 400, alert_id="a")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["b"], []), (630, "more", ["a", "b"], [])]


def test_a_silence_that_ends_at_the_instant_of_a_flush_is_over_there() -> None:
    bench = grouped()
    bench.fire("a")
    bench.silence("s", 330, alert_id="a")
    bench.wake(LATER)
    assert bench.told("dev") == [(330, "firing", ["a"], [])]


def test_a_silence_that_ends_during_the_wait_changes_nothing() -> None:
    bench = grouped()
    bench.fire("a")
    bench.silence("s", 20, alert_id="a")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], [])]


def test_what_was_told_and_is_silenced_is_not_listed_meanwhile_nor_told_again_after() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (5, "fire", "b"))
    bench.wake(40)
    bench.silence("s", 700, alert_id="a")
    history(bench, (50, "fire", "c"), (800, "fire", "d"))
    bench.wake(LATER)
    assert [(at, firing) for at, _, firing, _ in bench.told("dev")] == [
        (30, ["a", "b"]),
        (330, ["b", "c"]),
        (930, ["a", "b", "c", "d"]),
    ]


def test_what_was_told_and_resolves_while_it_is_silenced_is_listed_as_resolved() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (5, "fire", "b"))
    bench.wake(40)
    bench.silence("s", 700, alert_id="a")
    bench.resolve("a")
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(330, "more", ["b"], ["a"])]


def test_what_is_acknowledged_before_its_flush_is_left_out_and_its_end_is_not_told() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (5, "fire", "b"))
    bench.ack("a")
    history(bench, (40, "resolve", "a"))
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["b"], [])]


def test_what_is_acknowledged_after_it_was_told_is_not_listed_again_until_it_resolves() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (5, "fire", "b"))
    bench.wake(40)
    bench.ack("a")
    history(bench, (50, "fire", "c"), (400, "resolve", "a"))
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(330, "more", ["b", "c"], []), (630, "more", ["b", "c"], ["a"])]


def test_a_group_that_is_acknowledged_as_a_whole_tells_nothing_but_what_comes_later() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (5, "fire", "b"))
    (sent,) = bench.wake(30)
    bench.ack(sent.notification.incident_id)
    history(bench, (40, "fire", "c"))
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(330, "more", ["c"], [])]


def test_an_acknowledgement_does_not_cover_a_rise() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"))
    bench.wake(40)
    bench.ack("a")
    bench.wake(50)
    assert bench.fire("a", "critical") == []
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(330, "more", ["a"], [])]


# --- repeats


def test_a_channel_is_reminded_of_all_that_fires_when_the_repeat_interval_passed() -> None:
    bench = grouped(settings=QUIET | {"repeat_interval_seconds": 600})
    history(bench, (0, "fire", "a"), (5, "fire", "b"), (1300, "resolve", "a"))
    bench.wake(2500)
    assert bench.told("dev") == [
        (30, "firing", ["a", "b"], []),
        (630, "repeat", ["a", "b"], []),
        (1230, "repeat", ["a", "b"], []),
        (1530, "more", ["b"], ["a"]),
        (2130, "repeat", ["b"], []),
    ]


def test_a_repeat_interval_is_rounded_up_to_a_flush() -> None:
    for seconds, expected in ((1, 330), (300, 330), (301, 630), (899, 930)):
        bench = grouped(settings=QUIET | {"repeat_interval_seconds": seconds})
        bench.fire("a")
        bench.wake(expected)
        assert bench.told("dev")[1:] == [(expected, "repeat", ["a"], [])]


def test_by_default_it_is_four_hours() -> None:
    bench = grouped(settings={})
    bench.fire("a")
    bench.wake(30 + 14_400 + 100)
    assert bench.told("dev") == [(30, "firing", ["a"], []), (14_430, "repeat", ["a"], [])]


def test_it_counts_from_the_flush_however_long_the_delivery_took() -> None:
    bench = grouped(answer=None, settings=QUIET | {"repeat_interval_seconds": 600})
    bench.fire("a")
    bench.wake(50)
    bench.deliver()
    bench.wake(629)
    assert [one.at for one in bench.sent] == [30]
    bench.wake(630)
    assert [(one.at, one.kind) for one in bench.sent] == [(30, "firing"), (630, "repeat")]


def test_a_flush_that_tells_something_starts_it_anew() -> None:
    bench = grouped(settings=QUIET | {"repeat_interval_seconds": 600})
    history(bench, (0, "fire", "a"), (400, "fire", "b"))
    bench.wake(1229)
    assert bench.told("dev")[1:] == [(630, "more", ["a", "b"], [])]
    bench.wake(1230)
    assert bench.told("dev")[2:] == [(1230, "repeat", ["a", "b"], [])]


def test_when_all_resolved_nobody_is_reminded() -> None:
    bench = grouped(settings=QUIET | {"repeat_interval_seconds": 600})
    history(bench, (0, "fire", "a"), (400, "resolve", "a"))
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(630, "resolved", [], ["a"])]


# --- channels, deliveries, limits


def test_each_channel_has_its_own_history() -> None:
    """What is new to one may be known to the other; both are told at the group's flushes."""
    rules = [rule("all", "dev"), rule("prod", "ops", cluster_pattern="prod.*")]
    bench = grouped("dev", "ops", rules=rules)
    bench.fire("a", cluster_id="test-1")
    bench.wake(100)
    bench.fire("b", cluster_id="prod-1")
    history(bench, (400, "resolve", "a"), (700, "resolve", "b"))
    bench.wake(LATER)
    assert bench.told("dev") == [
        (30, "firing", ["a"], []),
        (330, "more", ["a", "b"], []),
        (630, "more", ["b"], ["a"]),
        (930, "resolved", [], ["b"]),
    ]
    assert bench.told("ops") == [(330, "firing", ["b"], []), (930, "resolved", [], ["b"])]


def test_a_channel_that_wants_no_resolutions_is_told_of_none() -> None:
    bench = grouped(channel("dev", send_resolved=False))
    history(bench, (0, "fire", "a"), (0, "fire", "b"), (40, "resolve", "a"), (350, "fire", "c"))
    bench.wake(400)
    bench.resolve("b", "c")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a", "b"], [])]


def test_an_end_that_a_channel_does_not_want_is_not_said_to_be_told_later() -> None:
    """It is kept all the same, for it is as if it had never been where the alert fires again."""
    bench = grouped(channel("dev", send_resolved=False), answer=None)
    history(bench, (0, "fire", "a"), (0, "fire", "b"))
    bench.deliver(*bench.wake(30))
    history(bench, (40, "fire", "c"), (350, "resolve", "a"), (700, "resolve", "c"))  # at 630 c is still being sent
    ends = [one for one in bench.events if isinstance(one, TellingDecided) and one.alert_id == "a"][1:]
    assert [(one.at - ORIGIN, one.action, one.reason) for one in ends] == [
        (350, Action.SKIP, Reason.RESOLVED_NOT_WANTED)
    ]


def test_a_delivery_that_fails_over_several_flushes_is_followed_by_all_that_came_meanwhile() -> None:
    """Its retries have their own instants, and what is tried again is what was to be told then."""
    bench = grouped(answer=None, settings=QUIET | {"group_interval_seconds": 20})
    history(bench, (0, "fire", "a"))
    (sent,) = bench.wake(30)
    bench.outcome(sent, Outcome.unavailable("down", retry_after_seconds=100))
    history(bench, (40, "fire", "b"), (60, "fire", "c"), (70, "resolve", "b"))
    (again,) = bench.wake(130)
    assert (again.at, again.name, again.attempt, again.firing) == (130, sent.name, 2, ["a"])
    bench.wake(135)
    (next_one,) = bench.deliver(again)
    assert (next_one.at, next_one.kind, next_one.firing, next_one.resolved) == (135, "more", ["a", "c"], ["b"])
    bench.deliver(next_one)
    assert bench.wake(LATER) == []


def test_what_resolves_while_its_firing_is_under_way_is_told_at_the_flush_after_that() -> None:
    bench = grouped(answer=None)
    history(bench, (0, "fire", "a"), (0, "fire", "b"))
    (sent,) = bench.wake(30)
    history(bench, (40, "resolve", "a"))
    bench.wake(50)
    assert bench.deliver(sent) == []
    (next_one,) = bench.wake(330)
    assert (next_one.at, next_one.firing, next_one.resolved) == (330, ["b"], ["a"])


def test_an_attempt_of_unknown_outcome_counts_as_told_and_is_made_again_under_its_id() -> None:
    bench = grouped(answer=None)
    history(bench, (0, "fire", "a"))
    (sent,) = bench.wake(30)
    bench.outcome(sent, Outcome.unknown("no answer"))
    history(bench, (31, "resolve", "a"))
    bench.wake(LATER)
    assert {one.name for one in bench.sent if one.kind == "firing"} == {sent.name}
    assert [(one.at, one.resolved) for one in bench.sent if one.kind == "resolved"] == [(330, ["a"])]


def test_what_a_receiver_refused_is_not_told_again_by_a_flush_that_has_nothing_new() -> None:
    """The notification is dead, and a gap."""
    bench = grouped(answer=None)
    history(bench, (0, "fire", "a"))
    bench.outcome(bench.wake(30), Outcome.rejected("no such hook"))
    assert bench.gaps(GapKind.UNDELIVERED) == ["dev"]
    assert bench.wake(LATER) == []


def test_a_rate_limit_delays_flushes_and_their_notifications_become_one() -> None:
    bench = grouped(channel("dev", rate_limit_per_minute=1), settings=QUIET | {"group_interval_seconds": 20})
    history(bench, (0, "fire", "a"), (35, "fire", "b"), (55, "fire", "c"), (57, "resolve", "a"))
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], []), (90, "more", ["b", "c"], ["a"])]


def test_a_rate_limit_makes_one_digest_of_several_groups() -> None:
    bench = grouped(channel("dev", rate_limit_per_minute=1))
    bench.fire("x", metric="net")
    bench.wake(1)
    bench.fire("a", metric="cpu")
    bench.fire("b", metric="disk")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["x"], []), (90, "digest", ["a", "b"], [])]


def test_an_escalation_does_not_wait_for_a_flush_and_what_it_told_is_no_news_at_the_next() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["dev"]}, level_delays_seconds={"first": 100})
    bench = grouped("dev", policies=[policy])
    history(bench, (0, "fire", "a"), (50, "fire", "b"))
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], []), (100, "escalation", ["a", "b"], [])]


def test_the_channels_of_an_immediate_level_are_told_at_the_flush() -> None:
    bench = grouped("dev", "boss", policies=[EscalationPolicy("p", escalation_levels={"immediate": ["boss"]})])
    history(bench, (0, "fire", "a"))
    bench.wake(LATER)
    assert bench.told("boss") == bench.told("dev") == [(30, "firing", ["a"], [])]


# --- waking late, restarts, reloads


def test_waking_late_flushes_once_and_keeps_the_instants_of_later_flushes() -> None:
    bench = grouped(settings=QUIET | {"repeat_interval_seconds": 600})
    bench.fire("a")
    bench.oversleep(100)
    bench.fire("b")
    bench.wake(1000)
    assert bench.told("dev") == [
        (100, "firing", ["a"], []),
        (330, "more", ["a", "b"], []),
        (930, "repeat", ["a", "b"], []),
    ]


def test_a_restart_during_the_wait_keeps_the_group_and_its_flushes() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"))
    bench.restart(10)
    history(bench, (20, "fire", "b"))
    bench.wake(40)
    bench.fire("c")
    bench.restart(320)
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a", "b"], []), (330, "more", ["a", "b", "c"], [])]


def test_flushes_that_were_slept_through_are_made_up_for_at_the_restart_as_one() -> None:
    bench = grouped(settings=QUIET | {"repeat_interval_seconds": 300})
    history(bench, (0, "fire", "a"), (40, "fire", "b"))
    bench.restart(1000)
    bench.wake(1300)
    assert bench.told("dev") == [
        (30, "firing", ["a"], []),
        (1000, "more", ["a", "b"], []),
        (1230, "repeat", ["a", "b"], []),
    ]


def test_a_restart_between_an_end_and_its_flush_keeps_both() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (40, "resolve", "a"))
    bench.restart(100)
    bench.fire("a")
    bench.wake(400)
    bench.resolve("a")
    bench.restart(500)
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], []), (630, "resolved", [], ["a"])]


@pytest.mark.parametrize(("interval", "flushes"), [(200, (230, 430)), (400, (330, 430))])
def test_a_new_interval_moves_the_later_flushes_of_an_open_group(interval: int, flushes: tuple[int, int]) -> None:
    """What waits already is told no later than it was promised."""
    bench = grouped()
    history(bench, (0, "fire", "a"), (40, "fire", "b"))
    settings = QUIET | {"group_interval_seconds": interval}
    bench.reload(configuration("dev", aggregator="grouping", settings=settings))
    history(bench, (331, "fire", "c"))
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(flushes[0], "more", ["a", "b"], []), (flushes[1], "more", ["a", "b", "c"], [])]


def test_under_other_labels_an_open_group_takes_no_new_alert_though_the_values_are_equal() -> None:
    bench = grouped()
    bench.fire("a", metric="x", cluster_id="x")
    bench.wake(40)
    settings = QUIET | {"group_by": ["cluster_id"]}
    bench.reload(configuration("dev", aggregator="grouping", settings=settings))
    bench.fire("b", metric="x", cluster_id="x")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], []), (70, "firing", ["b"], [])]


def test_a_channel_that_a_new_rule_reaches_is_told_at_the_next_flush() -> None:
    bench = grouped("dev", "ops", rules=[rule("all", "dev")])
    history(bench, (0, "fire", "a"))
    bench.wake(40)
    bench.reload(configuration("dev", "ops", rules=[rule("all", "dev", "ops")], aggregator="grouping", settings=QUIET))
    bench.wake(LATER)
    assert bench.told("ops") == [(330, "firing", ["a"], [])]
    assert len(bench.on("dev")) == 1


# --- against a plain model


class Model:
    """Alertmanager's group, slow and plain: one channel, one group at a time, every delivery well and at once."""

    def __init__(self, wait: int, interval: int, repeat: int) -> None:
        self.wait, self.interval, self.repeat = wait, interval, repeat
        self.next_flush: float | None = None
        self.since = 0
        self.firing: set[str] = set()
        self.told: set[str] = set()
        self.passed: set[str] = set()
        self.ever = False
        self.sent: list[tuple[float, str, list[str], list[str]]] = []

    def happen(self, at: float, alert_id: str, fires: bool) -> None:
        self.until(at)
        if fires and self.next_flush is None:
            self.next_flush, self.ever = at + self.wait, False
        if not fires and alert_id in self.firing - self.told:
            self.passed.add(alert_id)
        (self.firing.add if fires else self.firing.discard)(alert_id)

    def until(self, at: float) -> None:
        while self.next_flush is not None and self.next_flush < at:
            self._flush(self.next_flush)

    def _flush(self, at: float) -> None:
        self.since += self.interval
        new, ended = self.firing - self.told, self.told - self.firing
        repeats = self.ever and bool(self.told) and self.since >= self.repeat
        if new or ended or repeats:
            kind = "repeat" if not (new or ended) else ("more" if self.ever else "firing")
            beside = self.passed - self.firing if self.firing else set()
            self.sent.append((at, kind if self.firing else "resolved", sorted(self.firing), sorted(ended | beside)))
            self.told, self.ever, self.since = set(self.firing), True, 0
        self.passed.clear()
        self.next_flush = at + self.interval if self.firing else None


HAPPENING = st.tuples(st.integers(0, 40), st.sampled_from("abc"), st.booleans())


@settings(deadline=None)
@given(
    happenings=st.lists(HAPPENING, max_size=15),
    wait=st.sampled_from([0, 5, 30]),
    interval=st.sampled_from([7, 20]),
    repeat=st.sampled_from([7, 30, 60, 10_000]),
)
@example(
    happenings=[(1, "a", True), (10, "a", False), (1, "a", True), (30, "a", False)], wait=5, interval=20, repeat=30
)
def test_any_history_is_told_as_a_plain_model_tells_it(
    happenings: list[tuple[int, str, bool]], wait: int, interval: int, repeat: int
) -> None:
    durations = {"group_wait_seconds": wait, "group_interval_seconds": interval, "repeat_interval_seconds": repeat}
    bench = grouped(settings=durations)
    model = Model(wait, interval, repeat)
    at = 0.0
    for after, alert_id, fires in happenings:
        at += after + 1 / 64  # so that nothing happens at the instant of a flush
        bench.wake(at)
        bench.step(fired(alert_id) if fires else AlertResolved(alert_id))
        model.happen(at, alert_id, fires)
    end = at + 200 + 1 / 128
    bench.wake(end)
    model.until(end)
    told = [(sent.at, sent.kind, sent.firing, _ended(sent)) for sent in bench.sent]
    assert told == [(pytest.approx(flush), *rest) for flush, *rest in model.sent]


def _ended(sent: Sent) -> list[str]:
    return [name for name in sent.resolved if name not in sent.firing]


INSTANTS = st.floats(1e9, 2e9)
DURATIONS = st.floats(0.001, 1e6)


@given(opened_at=INSTANTS, after=st.floats(0, 1e7), wait=st.floats(0, 1e6), interval=DURATIONS, repeat=DURATIONS)
def test_a_flush_is_the_first_of_its_instants_that_is_not_past(
    opened_at: float, after: float, wait: float, interval: float, repeat: float
) -> None:
    """Pure, exact and the same for everything that comes between two flushes, however the numbers are rounded."""
    grouping = Grouping(GroupingConfig(["a"], wait, interval, repeat))
    alert = PerformanceAlert("a", "c", "error", "cpu")

    def flush(now: float, recent: tuple[float, ...] = ()) -> float:
        at = grouping.release(None, Telling(now, Cause.NEW, alert, opened_at, None, None, 1, recent)).at
        return now if at is None else at

    now = opened_at + after
    at = flush(now)
    assert at >= now
    assert flush(at) == at
    assert at == pytest.approx(opened_at + wait) or at - now <= interval + 1e-6
    assert flush(at, recent=(at,)) == pytest.approx(at + interval, abs=1e-6)
    again = grouping.repeat_at(None, opened_at, at)
    assert again is not None
    assert again == flush(again)
    assert repeat - 1e-6 * interval <= again - at + 1e-6
    assert again - at <= repeat + interval + 1e-6


# --- settings


@pytest.mark.parametrize(
    ("settings", "problem", "where"),
    [
        ({"group_interval": 1}, "did you mean 'group_interval_seconds'", "group_interval"),
        ({"group_interval_seconds": 0}, "number of seconds from 0.001", "group_interval_seconds"),
        ({"group_wait_seconds": -1}, "number of seconds from 0", "group_wait_seconds"),
        ({"group_wait_seconds": "30s"}, "expected a number, not str", "group_wait_seconds"),
        ({"group_wait_seconds": math.inf}, "expected a finite number", "group_wait_seconds"),
        ({"group_wait_seconds": 1e300}, "a year", "group_wait_seconds"),
        ({"repeat_interval_seconds": 0}, "number of seconds from 0.001", "repeat_interval_seconds"),
        ({"group_by": "cluster_id"}, "a list of labels", "group_by"),
        ({"group_by": [1]}, "non-empty string", "group_by[0]"),
        ({"group_by": ["a", ""]}, "non-empty string", "group_by[1]"),
        ({"group_by": ["a", "b", "a"]}, "named twice", "group_by[2]"),
        ({"group_by": ["...", "a"]}, "stands alone", "group_by"),
    ],
)
def test_a_setting_that_cannot_work_is_named(settings: dict[str, Any], problem: str, where: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        FederationAlertingService(aggregation=Aggregation("grouping", settings))
    assert caught.value.where == f"aggregation.{where}"


@pytest.mark.parametrize("name", ["group_wait_seconds", "group_interval_seconds", "repeat_interval_seconds"])
@pytest.mark.parametrize("value", [True, math.nan, "1", [1]])
def test_durations_are_numbers(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match="number of seconds") as caught:
        GroupingConfig(**{name: value})
    assert caught.value.where == name


# --- what the engine does not do yet (each names the place)


def test_the_key_of_a_group_that_is_forgotten_is_free() -> None:
    bench = grouped(retain_resolved_seconds=600.0)
    history(bench, (0, "fire", "a"), (40, "resolve", "a"))
    bench.wake(10_000)
    assert not bench.engine.state.open
    bench.fire("b")
    assert bench.gaps(GapKind.AGGREGATOR_FAILED) == []


def test_a_rise_is_told_though_the_alert_resolved_and_fired_again_before_the_flush() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"))
    bench.wake(40)
    bench.fire("a", "critical")
    bench.resolve("a")
    bench.wake(60)
    bench.fire("a", "critical")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], []), (330, "more", ["a"], [])]
    assert bench.sent[-1].severity_of("a") == "critical"


def test_a_fall_before_an_alert_resolved_and_fired_again_changes_nothing_either() -> None:
    bench = grouped()
    bench.fire("a", "critical")
    bench.wake(40)
    bench.fire("a", "error")
    bench.resolve("a")
    bench.wake(60)
    bench.fire("a", "critical")
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a"], [])]


def test_an_alert_that_resolved_and_fired_again_before_its_first_flush_is_listed_once() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (10, "resolve", "a"), (20, "fire", "a"))
    (sent,) = bench.wake(30)
    assert sent.episodes() == [("a", 2, "firing")]


@pytest.mark.parametrize("beside", [[], ["b"]])
def test_where_no_resolutions_are_wanted_a_short_end_changes_nothing_either(beside: list[str]) -> None:
    bench = grouped(channel("dev", send_resolved=False))
    history(bench, *((0, "fire", name) for name in ["a", *beside]), (40, "resolve", "a"), (60, "fire", "a"))
    bench.wake(LATER)
    assert bench.told("dev") == [(30, "firing", ["a", *beside], [])]


def test_what_a_channel_failed_to_deliver_goes_to_its_fallback_at_once() -> None:
    bench = grouped(channel("dev", fallback="spare"), "spare", rules=[rule("all", "dev")], answer=None)
    history(bench, (0, "fire", "a"))
    (sent,) = bench.wake(30)
    bench.wake(35)
    bench.outcome(sent, Outcome.rejected("no such hook"))
    assert bench.told("spare") == [(35, "firing", ["a"], [])]


def test_what_a_receiver_refused_is_listed_again_beside_what_is_new() -> None:
    bench = grouped(answer=None)
    history(bench, (0, "fire", "a"))
    bench.outcome(bench.wake(30), Outcome.rejected("no such hook"))
    history(bench, (40, "fire", "b"))
    (sent,) = bench.wake(330)
    assert sent.firing == ["a", "b"]


def test_a_notification_that_lists_only_ends_is_a_resolution_though_something_muted_fires() -> None:
    bench = grouped()
    history(bench, (0, "fire", "a"), (0, "fire", "b"))
    bench.wake(40)
    bench.ack("b")
    bench.resolve("a")
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(330, "resolved", [], ["a"])]


def test_a_reminder_that_a_silence_kept_back_comes_at_a_flush() -> None:
    bench = grouped(settings=QUIET | {"repeat_interval_seconds": 600})
    history(bench, (0, "fire", "a"))
    bench.wake(40)
    bench.silence("s", 700, alert_id="a")
    bench.wake(931)
    assert bench.told("dev")[1:] == [(930, "repeat", ["a"], [])]


class Forgetful(Grouping):
    """An aggregator that cannot say when it repeats."""

    def repeat_at(self, state: Any, opened_at: float, told_at: float, /) -> float | None:
        raise RuntimeError("no idea")

    @hookimpl
    def tocsin_register_aggregators(self, registrar: AggregatorRegistrar) -> None:
        def factory(config: GroupingConfig) -> Aggregator:
            return Forgetful(config)

        registrar.register("forgetful", factory, config_class=GroupingConfig)


def test_an_aggregator_whose_repeat_raises_is_a_gap() -> None:
    registry = installed(Forgetful(GroupingConfig()))
    bench = Bench(configuration("dev", aggregator="forgetful"), answer=DELIVERED, registry=registry)
    bench.fire("a")
    bench.wake(LATER)
    assert bench.gaps(GapKind.AGGREGATOR_FAILED) == ["forgetful"]


def test_an_end_is_told_at_a_flush_though_an_earlier_one_was_taken_back_before_a_reload() -> None:
    """The reload moves a flush before the instant at which the end that was taken back was to be told."""
    bench = grouped()
    history(bench, (0, "fire", "a"), (100, "resolve", "a"))
    bench.reload(configuration("dev", aggregator="grouping", settings=QUIET | {"group_interval_seconds": 100}))
    history(bench, (110, "fire", "a"), (120, "fire", "b"), (400, "resolve", "b"))
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(130, "more", ["a", "b"], []), (430, "more", ["a"], ["b"])]


# --- by what a group is shown to have come about


@pytest.mark.parametrize(
    ("settings", "labels"),
    [
        ({"group_by": []}, {}),
        ({"group_by": ["team", "absent", "severity"]}, {"severity": "error", "team": "db"}),
        ({"group_by": ["team", "severity"], "labels_alone": True}, {"team": "db"}),
        ({"group_by": ["..."]}, {"alertname": "cpu", "cluster": "prod-1", "severity": "error", "team": "db"}),
    ],
)
def test_a_group_is_shown_with_the_labels_that_formed_it(settings: dict[str, Any], labels: dict[str, str]) -> None:
    """Those that its alerts have."""
    bench = grouped(settings=settings)
    bench.fire("a", cluster_id="prod-1", labels={"team": "db"})
    (sent,) = bench.wake(30)
    assert [incident.group_labels for incident in sent.notification.incidents] == [labels]
