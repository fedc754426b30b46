"""Escalation, to the second: when each level comes, what stops, pauses and resumes it, and who stands in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import Bench, channel, configuration, fired, installed, rule

from tocsin import (
    Acknowledged,
    AlertResolved,
    Configuration,
    Escalated,
    EscalationLevel,
    EscalationPolicy,
    EscalationSchedulerRegistrar,
    FactAccepted,
    GapKind,
    Outcome,
    hookimpl,
)
from tocsin.engine.machine import Input

DELIVERED = Outcome.delivered()
LATER = 100_000.0
LEVELS = {"immediate": ["i"], "first": ["one"], "second": ["two"], "third": ["three"], "final": ["last"]}
CHANNELS = ("dev", "i", "one", "two", "three", "last")


def policy(policy_id: str = "p", levels: dict[str, list[str]] | None = None, **options: Any) -> EscalationPolicy:
    """Return a policy; its one level is ``first``, on ``one``, unless *levels* says otherwise."""
    return EscalationPolicy(policy_id, escalation_levels=levels or {"first": ["one"]}, **options)


def started(*policies: EscalationPolicy, channels: tuple[str, ...] = CHANNELS, **options: Any) -> Bench:
    """A bench whose attempts all end well."""
    return Bench(configuration(*channels, policies=policies, **options), answer=DELIVERED)


def levels(bench: Bench) -> list[tuple[float, str, list[str]]]:
    """Return (instant, channel, alerts) of every level that was told, in order of time and channel."""
    told = [(round(one.at, 6), one.channel_id, one.firing) for one in bench.sent if one.kind == "escalation"]
    return sorted(told)


def test_each_level_comes_at_its_instant() -> None:
    """0, 5, 15, 30 and 60 minutes after the policy first applied; immediate joins the rule's own channels."""
    bench = started(policy(levels=LEVELS))
    bench.wake(7)
    bench.fire("a")
    bench.wake(LATER)
    assert sorted((one.at, one.channel_id, one.kind) for one in bench.sent) == [
        (7, "dev", "firing"),
        (7, "i", "firing"),
        (307, "one", "escalation"),
        (907, "two", "escalation"),
        (1807, "three", "escalation"),
        (3607, "last", "escalation"),
    ]
    (first,) = bench.on("one")
    assert (first.notification.level, first.notification.policy_id) == (EscalationLevel.FIRST, "p")


def test_a_level_takes_the_place_of_the_most_severe_that_it_names() -> None:
    """Not of the one that fired first."""
    narrow = channel("one", "single")
    bench = Bench(configuration("dev", narrow, policies=[policy()]))
    bench.step(fired("small", metric="m1"), fired("mild", "warning", metric="m0"))
    bench.step(fired("bad", "emergency", metric="m0"))
    bench.wake(300)
    (started,) = [one for one in bench.under_way.values() if one.channel_id == "one"]
    assert started.firing == ["bad", "mild"]


@pytest.mark.parametrize("late", [0.0, 0.02, 30.0])
@pytest.mark.parametrize("end", [AlertResolved("a"), Acknowledged("a", by="bob")], ids=["resolved", "acknowledged"])
def test_what_comes_with_a_level_is_known_to_what_starts(late: float, end: Input) -> None:
    """An attempt starts now, whenever it was due; now nobody is to be told that the alert fires."""
    bench = started(policy())
    bench.fire("a")
    bench.at = 300 + late
    assert [one for one in bench.step(end) if one.firing] == []
    bench.wake(LATER)
    assert levels(bench) == []


def test_a_level_s_delay_can_be_changed_and_the_others_keep_theirs() -> None:
    bench = started(policy(levels=LEVELS, level_delays_seconds={"first": 60, "third": 1200}))
    bench.fire("a")
    bench.wake(LATER)
    assert [at for at, _, _ in levels(bench)] == [60, 900, 1200, 3600]


def test_later_members_are_told_on_the_immediate_level_s_channels_too() -> None:
    bench = started(policy(levels=LEVELS))
    bench.fire("a")
    bench.fire("b", "critical")
    assert [one[2] for one in bench.told("i")] == [["a"], ["b"]]


def test_a_late_member_does_not_start_the_clock_anew() -> None:
    bench = started(policy())
    bench.fire("a")
    bench.wake(200)
    bench.fire("b")
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["a", "b"])]


def test_an_alert_that_is_severe_but_silenced_starts_no_clock_until_the_silence_ends() -> None:
    bench = started(policy())
    bench.silence("s", until=1000, alert_id="a")
    bench.fire("a")
    bench.wake(LATER)
    assert levels(bench) == [(1300, "one", ["a"])]


# --- stop, pause, resume


def test_it_stops_when_every_member_is_resolved_or_acknowledged() -> None:
    bench = started(policy())
    bench.step(fired("a"), fired("b"))
    bench.ack("a")
    bench.resolve("b")
    bench.wake(LATER)
    assert levels(bench) == []


def test_a_level_names_the_members_that_are_unacknowledged() -> None:
    bench = started(policy())
    bench.step(fired("a"), fired("b"), fired("c"))
    bench.ack("b")
    bench.resolve("c")
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["a"])]


def test_a_snooze_pauses_it_and_its_time_does_not_count() -> None:
    bench = started(policy(levels={"first": ["one"], "second": ["two"]}))
    bench.fire("a")
    bench.wake(100)
    bench.snooze("a", 1000)
    bench.wake(LATER)
    assert levels(bench) == [(1300, "one", ["a"]), (1900, "two", ["a"])]


def test_a_silence_pauses_it_and_its_time_does_not_count() -> None:
    bench = started(policy())
    bench.fire("a")
    bench.silence("s", start=250, until=400, alert_id="a")
    bench.wake(LATER)
    assert levels(bench) == [(450, "one", ["a"])]


def test_two_pauses_that_overlap_count_once() -> None:
    bench = started(policy())
    bench.fire("a")
    bench.wake(100)
    bench.snooze("a", 200)
    bench.silence("s", until=250, alert_id="a")
    bench.wake(LATER)
    assert levels(bench) == [(500, "one", ["a"])]


def test_it_runs_on_while_one_member_is_awake() -> None:
    bench = started(policy())
    bench.step(fired("a"), fired("b"))
    bench.snooze("a", 1000)
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["b"])]


def test_when_an_acknowledgement_expires_it_resumes_where_it_stood() -> None:
    bench = started(policy())
    bench.fire("a")
    bench.wake(100)
    bench.ack("a", for_seconds=500)
    bench.wake(LATER)
    assert levels(bench) == [(800, "one", ["a"])]


def test_a_rise_above_the_acknowledged_severity_resumes_it() -> None:
    bench = started(policy())
    bench.fire("a", "error")
    bench.wake(100)
    bench.ack("a")
    bench.wake(1000)
    bench.fire("a", "critical")
    bench.wake(LATER)
    assert levels(bench) == [(1200, "one", ["a"])]


def test_a_new_member_resumes_what_an_acknowledgement_had_stopped() -> None:
    bench = started(policy())
    bench.fire("a")
    bench.ack("a")
    bench.wake(200)
    bench.fire("b")
    bench.wake(LATER)
    assert levels(bench) == [(500, "one", ["b"])]


# --- who stands in


@pytest.mark.parametrize("one", [channel("one", enabled=False), channel("one", min_severity="critical"), None])
def test_a_level_without_a_usable_channel_goes_to_the_default_channels(one: Any) -> None:
    made = [channel("dev"), channel("spare"), *([one] if one else [])]
    bench = Bench(configuration(*made, policies=[policy(default_channels=["spare"])]), answer=DELIVERED)
    bench.fire("a", "error")
    bench.wake(LATER)
    assert levels(bench) == [(300, "spare", ["a"])]
    assert bench.gaps(GapKind.LEVEL_UNREACHABLE) == []


def test_a_level_that_reaches_nobody_is_a_gap_and_the_next_one_comes() -> None:
    bench = started(policy(levels={"first": ["nowhere"], "second": ["two"]}, default_channels=["nobody"]))
    bench.fire("a")
    bench.wake(LATER)
    assert levels(bench) == [(900, "two", ["a"])]
    assert bench.gaps(GapKind.LEVEL_UNREACHABLE) == ["p.first"]


class BrokenScheduler:
    """Raises as soon as it is asked for the next level."""

    state_class = None
    state_version = 1

    @hookimpl
    def tocsin_register_escalation_schedulers(self, registrar: EscalationSchedulerRegistrar) -> None:
        registrar.register("broken", self)

    def begin(self, policy: EscalationPolicy, /) -> Any:
        return {}

    def next(self, state: Any, /) -> Any:
        raise RuntimeError("no idea")

    def advance(self, state: Any, /) -> Any:
        raise RuntimeError("no idea")

    def steps(self, state: Any, /) -> Any:
        return ()


def test_a_scheduler_that_raises_goes_to_the_default_channels_and_is_a_gap() -> None:
    config = configuration("dev", "spare", policies=[policy(default_channels=["spare"])], escalation_scheduler="broken")
    bench = Bench(config, answer=DELIVERED, registry=installed(BrokenScheduler()))
    bench.fire("a")
    bench.wake(LATER)
    assert levels(bench) == [(0, "spare", ["a"])]
    assert bench.gaps(GapKind.SCHEDULER_FAILED) == ["broken"]


# --- rounds, several policies, change


def test_the_levels_are_repeated_in_rounds() -> None:
    bench = started(policy(levels={"first": ["one"], "second": ["two"]}, repeat=2, repeat_after_seconds=1000.0))
    bench.fire("a")
    bench.wake(LATER)
    assert levels(bench) == [
        (at + 1000 * lap, name, ["a"]) for lap in range(3) for at, name in ((300, "one"), (900, "two"))
    ]


def test_without_its_own_period_a_round_begins_five_minutes_after_the_last_level() -> None:
    bench = started(policy(repeat=1))
    bench.fire("a")
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["a"]), (900, "one", ["a"])]


def test_an_immediate_level_is_told_again_in_the_next_round() -> None:
    bench = started(policy(levels={"immediate": ["i"], "first": ["one"]}, repeat=1))
    bench.fire("a")
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["a"]), (600, "i", ["a"]), (900, "one", ["a"])]


def _two_policies() -> Configuration:
    rules = [
        rule("db", "dev", policy="p", labels={"team": "db"}),
        rule("web", "dev", policy="q", labels={"team": "web"}),
    ]
    return configuration(*CHANNELS, rules=rules, policies=[policy("p"), policy("q")])


def test_two_policies_in_one_incident_have_a_clock_and_members_each() -> None:
    bench = Bench(_two_policies(), answer=DELIVERED)
    bench.fire("a", labels={"team": "db"})
    bench.wake(100)
    bench.fire("b", labels={"team": "web"})
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["a"]), (400, "one", ["b"])]
    assert len({one.notification.incident_id for one in bench.sent}) == 1
    assert len({one.name for one in bench.sent}) == len(bench.sent)


def test_the_levels_of_two_policies_that_fall_together_are_one_notification() -> None:
    bench = Bench(_two_policies(), answer=DELIVERED)
    bench.step(fired("a", labels={"team": "db"}), fired("b", labels={"team": "web"}))
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["a", "b"])]


def test_acknowledging_one_policy_s_member_leaves_the_other_running() -> None:
    bench = Bench(_two_policies(), answer=DELIVERED)
    bench.step(fired("a", labels={"team": "db"}), fired("b", labels={"team": "web"}))
    bench.ack("a")
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["b"])]


def test_a_running_escalation_keeps_the_policy_as_it_was() -> None:
    bench = started(policy())
    bench.fire("a")
    bench.wake(100)
    bench.reload(configuration(*CHANNELS, policies=[policy(levels={"second": ["two"]})]))
    bench.wake(LATER)
    assert levels(bench) == [(300, "one", ["a"])]


def test_levels_that_came_due_while_the_process_was_down_are_one_notification_per_channel() -> None:
    bench = started(policy(levels={"first": ["one"], "second": ["one", "two"], "third": ["one"], "final": ["last"]}))
    bench.fire("a")
    bench.wake(100)
    bench.restart(2000)
    bench.wake(LATER)
    assert levels(bench) == [(2000, "one", ["a"]), (2000, "two", ["a"]), (3600, "last", ["a"])]


def test_a_level_s_channel_hears_of_the_resolution() -> None:
    bench = started(policy())
    bench.fire("a")
    bench.wake(400)
    assert sorted((one.channel_id, one.kind) for one in bench.resolve("a")) == [
        ("dev", "resolved"),
        ("one", "resolved"),
    ]


def test_a_level_that_is_acknowledged_before_its_attempt_is_not_sent() -> None:
    """A limit holds it; whoever answers meanwhile is not paged."""
    made = [channel("dev"), channel("one", rate_limit_per_minute=1)]
    rules = [rule("all", "dev", policy="p", metric_name="cpu"), rule("rest", "one", metric_name="disk")]
    bench = Bench(configuration(*made, rules=rules, policies=[policy()]), answer=DELIVERED)
    bench.fire("a")
    bench.wake(290)
    bench.fire("b", metric="disk")
    assert bench.wake(310) == []
    bench.ack("a")
    bench.wake(LATER)
    assert levels(bench) == []


@pytest.mark.parametrize("end", ["expires", "is exceeded"])
def test_a_level_that_an_acknowledgement_kept_back_is_sent_when_that_ends(end: str) -> None:
    """Its instant has passed, and nobody heard of it: what comes next is the next level."""
    bench = started(policy())
    bench.fire("a")
    bench.at = 300
    assert bench.step(Acknowledged("a", by="bob", for_seconds=60.0 if end == "expires" else None)) == []
    bench.wake(350)
    if end == "is exceeded":
        bench.fire("a", "critical")
    bench.wake(LATER)
    assert levels(bench) == [(360 if end == "expires" else 350, "one", ["a"])]


def test_a_level_that_is_silenced_before_its_attempt_is_sent_when_the_silence_ends() -> None:
    made = [channel("dev"), channel("one", rate_limit_per_minute=1)]
    rules = [rule("all", "dev", policy="p", metric_name="cpu"), rule("rest", "one", metric_name="disk")]
    bench = Bench(configuration(*made, rules=rules, policies=[policy()]), answer=DELIVERED)
    bench.fire("a")
    bench.wake(290)
    bench.fire("b", metric="disk")
    bench.wake(310)
    bench.silence("s", until=1000, alert_id="a")
    bench.wake(LATER)
    assert levels(bench) == [(1000, "one", ["a"])]


def test_a_runtime_that_wakes_late_decides_what_a_punctual_one_decides() -> None:
    late, punctual = (started(policy(levels=LEVELS)) for _ in range(2))
    for bench in (late, punctual):
        bench.fire("a")
        bench.fire("b", "warning")
    late.oversleep(1000)
    punctual.wake(1000)
    told = [
        sorted((one.channel_id, one.kind, tuple(one.firing), one.name) for one in bench.sent)
        for bench in (late, punctual)
    ]
    assert told[0] == told[1]


# --- somebody wants more, now


def hastened(bench: Bench, target: str) -> bool:
    """Somebody asks for the next level; return whether there was one."""
    before = len(bench.events)
    bench.step(Escalated(target, by="bob"))
    return any(isinstance(one, FactAccepted) and isinstance(one.fact, Escalated) for one in bench.events[before:])


def test_the_next_level_comes_when_somebody_asks_and_the_others_at_their_instants() -> None:
    bench = started(policy(levels=LEVELS))
    bench.fire("a")
    bench.wake(60)
    assert hastened(bench, "a")
    bench.wake(LATER)
    assert levels(bench) == [(60, "one", ["a"]), (900, "two", ["a"]), (1800, "three", ["a"]), (3600, "last", ["a"])]


def test_each_time_somebody_asks_it_is_one_level_more_until_none_is_left() -> None:
    bench = started(policy(levels={"first": ["one"], "second": ["two"]}))
    bench.fire("a")
    assert [hastened(bench, "a") for _ in range(3)] == [True, True, False]
    bench.wake(LATER)
    assert levels(bench) == [(0, "one", ["a"]), (0, "two", ["a"])]


def test_with_the_report_itself_the_immediate_level_is_told_and_the_next_one_too() -> None:
    bench = started(policy(levels=LEVELS))
    bench.step(fired("a"), Escalated("a"))
    assert sorted((one.channel_id, one.kind) for one in bench.sent) == [
        ("dev", "firing"),
        ("i", "firing"),
        ("one", "escalation"),
    ]


@pytest.mark.parametrize("target", ["nobody", "a"])
def test_nothing_escalates_where_nobody_has_to_answer(target: str) -> None:
    """The alert is unknown, or somebody has it."""
    bench = started(policy())
    bench.fire("a")
    bench.ack("a")
    assert not hastened(bench, target)
    bench.wake(LATER)
    assert levels(bench) == []


def test_an_incident_s_id_escalates_it_too() -> None:
    bench = started(policy())
    (sent, *_) = bench.fire("a")
    assert hastened(bench, sent.notification.incident_id)
    assert levels(bench) == [(0, "one", ["a"])]
