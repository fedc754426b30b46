"""What keeps a channel from being told, and when: gates in their order, silences on the wall clock, rate limits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.harness import ORIGIN, Bench, channel, configuration, fired, incident_tool, rule

from tocsin import (
    Acknowledged,
    Action,
    AlertResolved,
    AttemptEnded,
    EscalationLevel,
    EscalationPolicy,
    GapKind,
    NotificationState,
    Outcome,
    Reason,
    Snoozed,
    TellingDecided,
)

DELIVERED = Outcome.delivered()
LATER = 100_000.0


# --- gates


def _reasons(bench: Bench, channel_id: str) -> list[Reason]:
    decided = [event for event in bench.events if isinstance(event, TellingDecided)]
    return [event.reason for event in decided if event.channel_id == channel_id]


@pytest.mark.parametrize(
    ("open_gates", "reason"),
    [
        (0, Reason.CHANNEL_DISABLED),
        (1, Reason.BELOW_MIN_SEVERITY),
        (2, Reason.SILENCED),
        (3, Reason.ACKNOWLEDGED),
        (4, Reason.SNOOZED),
        (5, Reason.ROUTED),
    ],
)
def test_the_first_gate_that_is_shut_gives_the_reason(open_gates: int, reason: Reason) -> None:
    """Enabled, minimum severity, silence, acknowledgement, snooze: each is asked only when those before it are open."""
    bench = Bench(configuration("dev", rules=[rule("all", "dev")]), answer=DELIVERED)
    bench.fire("a")
    if open_gates < 5:
        bench.snooze("a", 1000)
    if open_gates < 4:
        bench.ack("a")
    if open_gates < 3:
        bench.silence("s", until=1000, alert_id="a")
    ops = channel("ops", enabled=open_gates > 0, min_severity="info" if open_gates > 1 else "critical")
    bench.reload(configuration("dev", ops, rules=[rule("all", "dev", "ops")]))
    assert _reasons(bench, "ops") == [reason]


def test_below_the_minimum_severity_nothing_is_told_until_it_rises() -> None:
    bench = Bench(configuration(channel("dev", min_severity="error")), answer=DELIVERED)
    assert bench.fire("a", "warning") == []
    assert [one.severity_of("a") for one in bench.fire("a", "error")] == ["error"]


def test_a_channel_that_is_switched_on_again_is_told_what_it_missed() -> None:
    bench = Bench(configuration(channel("dev", enabled=False)), answer=DELIVERED)
    assert bench.fire("a") == []
    assert [one.firing for one in bench.reload(configuration("dev"))] == [["a"]]


def test_an_acknowledgement_covers_the_severity_at_which_it_was_given() -> None:
    bench = Bench(configuration("dev"), answer=DELIVERED)
    bench.fire("a", "error")
    bench.ack("a")
    assert bench.fire("a", "error", message="still") == []
    assert [one.severity_of("a") for one in bench.fire("a", "critical")] == ["critical"]


def test_when_a_snooze_ends_those_who_knew_are_reminded_and_the_others_told() -> None:
    bench = Bench(configuration("dev", "ops"), answer=DELIVERED)
    bench.fire("a")
    bench.snooze("a", 100)
    both = [rule("all", "dev", "ops")]
    assert bench.reload(configuration("dev", "ops", rules=both)) == []
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(100, "repeat", ["a"], [])]
    assert bench.told("ops") == [(100, "firing", ["a"], [])]


def test_an_incident_is_acknowledged_by_its_id_all_members_at_once() -> None:
    bench = Bench(configuration("dev"), answer=DELIVERED)
    (sent,) = bench.step(fired("a"), fired("b"))
    bench.ack(sent.notification.incident_id)
    assert bench.answers == (True,)
    assert all(episode.ack is not None for episode in bench.engine.state.episodes.values())


def test_what_does_not_fire_cannot_be_acknowledged_snoozed_or_resolved() -> None:
    bench = Bench(configuration("dev"), answer=DELIVERED)
    bench.fire("a")
    bench.resolve("a")
    bench.step(Acknowledged("a"), Snoozed("a", seconds=5), AlertResolved("a"), AlertResolved("nobody"))
    assert bench.answers == (False, False, False, False)


# --- silences and the wall clock


def test_a_silence_lasts_from_its_start_until_just_before_its_end() -> None:
    bench = Bench(configuration("dev", aggregator="none"), answer=DELIVERED)
    bench.silence("s", start=10, until=20, team="db")
    bench.wake(9.5)
    assert bench.fire("before", labels={"team": "db"}) != []
    bench.wake(10)
    assert bench.fire("at-start", labels={"team": "db"}) == []
    assert bench.fire("other", labels={"team": "web"}) != []
    assert [one.firing for one in bench.wake(20)] == [["at-start"]]
    assert bench.fire("at-end", labels={"team": "db"}) != []


def test_both_edges_of_a_silence_are_deadlines() -> None:
    bench = Bench(configuration("dev"))
    bench.silence("s", start=10, until=20, team="db")
    assert bench.engine.next_deadline() == ORIGIN + 10
    bench.wake(10)
    assert bench.engine.next_deadline() == ORIGIN + 20
    bench.wake(20)
    assert bench.engine.next_deadline() == ORIGIN + 20 + 86_400
    bench.wake(20 + 86_400)
    assert bench.engine.state.silences == {}


def test_a_silence_that_is_ended_early_lets_what_it_kept_back_be_told() -> None:
    bench = Bench(configuration("dev"), answer=DELIVERED)
    bench.silence("s", until=1000, alert_id="a")
    bench.fire("a")
    assert [one.firing for one in bench.end_silence("s")] == [["a"]]
    bench.end_silence("s")
    assert bench.answers == (False,)


def test_of_two_silences_the_longer_one_counts() -> None:
    bench = Bench(configuration("dev"), answer=DELIVERED)
    bench.silence("short", until=100, alert_id="a")
    bench.silence("long", until=200, cluster_id="cluster-a")
    bench.fire("a")
    bench.wake(LATER)
    assert bench.told("dev") == [(200, "firing", ["a"], [])]


def test_a_silence_ends_by_the_wall_clock_when_that_jumps_forward() -> None:
    bench = Bench(configuration("dev"), answer=DELIVERED)
    bench.silence("s", until=1000, alert_id="a")
    bench.fire("a")
    bench.wake(10)
    assert [(one.at, one.firing) for one in bench.jump(990)] == [(10, ["a"])]


def test_a_silence_begins_anew_when_the_wall_clock_is_put_back_before_it() -> None:
    bench = Bench(configuration("dev", aggregator="none"), answer=DELIVERED)
    bench.silence("s", start=0, until=100, team="db")
    bench.wake(10)
    bench.jump(-60)
    assert bench.fire("early", labels={"team": "db"}) != []
    bench.wake(60)
    assert bench.fire("during", labels={"team": "db"}) == []
    assert [(one.at, one.firing) for one in bench.wake(LATER)] == [(160, ["during"])]


@pytest.mark.parametrize("jump", [-5000.0, 5000.0])
def test_durations_ignore_jumps_of_the_wall_clock(jump: float) -> None:
    """A fold, a retry, a level and a limit come when they would have come."""
    policy = EscalationPolicy("p", escalation_levels={"first": ["dev"]})
    bench = Bench(configuration(incident_tool("dev", rate_limit_per_minute=3), policies=[policy]))
    bench.deliver(*bench.fire("a"))
    bench.fire("b")
    (late,) = bench.fire("c", metric="disk")
    bench.outcome(late, Outcome.throttled("later", retry_after_seconds=40))
    bench.deliver(*bench.fire("d", metric="net"))
    bench.fire("e", metric="swap")
    bench.jump(jump)
    bench.answer = DELIVERED
    bench.wake(LATER)
    assert [at for at, kind, _, _ in bench.told("dev") if kind != "escalation"] == [0, 0, 0, 60, 60]
    assert [at for at, kind, _, _ in bench.told("dev") if kind == "escalation"] == [300, 300, 300, 360]


# --- rate limits


def test_the_limit_slides_over_any_sixty_seconds() -> None:
    bench = Bench(configuration(incident_tool("dev", rate_limit_per_minute=2)), answer=DELIVERED)
    for at in (0, 10, 20, 30):
        bench.wake(at)
        bench.fire(f"a{at}", metric=f"m{at}")
    bench.wake(LATER)
    assert [at for at, *_ in bench.told("dev")] == [0, 10, 60, 70]


def test_retries_count_towards_the_limit() -> None:
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1)))
    bench.outcome(bench.fire("a"), Outcome.unavailable("down"))
    bench.wake(LATER)
    assert [(one.at, one.attempt) for one in bench.sent] == [(0, 1), (60, 2)]


_ATTEMPTS = st.sampled_from([DELIVERED, Outcome.unavailable("down"), Outcome.unknown("no answer")])


@given(
    limit=st.integers(1, 4),
    tool=st.booleans(),
    steps=st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(0, 6), _ATTEMPTS), max_size=25),
)
@settings(max_examples=60, deadline=None)
def test_never_more_attempts_in_any_sixty_seconds(
    limit: int, tool: bool, steps: list[tuple[float, int, Outcome]]
) -> None:
    """Whatever fires and however attempts end, the log of starts never holds more within a minute."""
    made = incident_tool("dev", rate_limit_per_minute=limit) if tool else channel("dev", rate_limit_per_minute=limit)
    bench = Bench(configuration(made, aggregator="none"), checked=False)
    for wait, name, outcome in steps:
        bench.wake(bench.at + wait)
        bench.fire(f"a{name}")
        for one in list(bench.under_way.values()):
            bench.outcome(one, outcome)
    bench.answer = DELIVERED
    bench.deliver()
    bench.wake(bench.at + 4000)
    starts = [one.at for one in bench.sent]
    assert all(after - before >= 60 - 1e-3 for before, after in zip(starts, starts[limit:], strict=False))
    assert {name for one in bench.sent for name in one.firing} == {f"a{name}" for _, name, _ in steps}


def test_what_is_over_the_limit_becomes_one_digest_most_severe_first() -> None:
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    bench.fire("spent", metric="m0")
    for alert_id, severity in (("w", "warning"), ("e", "emergency"), ("c", "critical")):
        assert bench.fire(alert_id, severity, metric=f"m-{alert_id}") == []
    (digest,) = bench.wake(60)
    assert digest.kind == "digest"
    assert [one.alert.alert_id for one in digest.notification.alerts] == ["e", "c", "w"]
    assert len(digest.notification.incidents) == 3
    assert bench.ended() == [("dev", "merged")] * 3
    assert bench.wake(LATER) == []


def test_each_member_of_a_digest_counts_as_told() -> None:
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    bench.fire("spent", metric="m0")
    bench.fire("a", metric="m1")
    bench.fire("b", metric="m2")
    bench.wake(200)
    assert bench.fire("a", metric="m1") == []
    assert [one.resolved for one in bench.resolve("b")] == [["b"]]


def test_a_digest_leaves_out_what_was_taken_muted_or_ended_meanwhile() -> None:
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    bench.fire("spent", metric="m0")
    for name in ("a", "b", "c", "d", "e"):
        bench.fire(name, metric=f"m-{name}")
    bench.ack("a")
    bench.silence("s", until=500, alert_id="b")
    bench.resolve("c")
    (digest,) = bench.wake(60)
    assert (digest.firing, digest.resolved) == (["d", "e"], [])


def test_a_notification_that_was_attempted_never_merges() -> None:
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1)))
    (first,) = bench.fire("a", metric="m1")
    bench.outcome(first, Outcome.unavailable("down"))
    bench.wake(0.001)
    bench.fire("b", metric="m2")
    bench.answer = DELIVERED
    bench.wake(LATER)
    assert [(one.at, one.attempt, one.firing) for one in bench.sent] == [(0, 1, ["a"]), (60, 2, ["a"]), (120, 1, ["b"])]
    assert bench.sent[1].name == first.name


def test_an_incident_tool_is_delayed_and_never_merged() -> None:
    bench = Bench(configuration(incident_tool("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    bench.fire("spent", metric="m0")
    for alert_id, severity in (("w", "warning"), ("e", "emergency"), ("c", "critical")):
        bench.fire(alert_id, severity, metric=f"m-{alert_id}")
    sent = bench.wake(LATER)
    assert [(one.at, one.firing, one.kind) for one in sent] == [
        (60, ["e"], "firing"),
        (120, ["c"], "firing"),
        (180, ["w"], "firing"),
    ]
    assert all(len(one.notification.incidents) == 1 for one in sent)


def test_an_escalation_goes_before_what_is_more_severe() -> None:
    policy = EscalationPolicy(
        "p", escalation_levels={"first": ["dev"]}, level_delays_seconds={EscalationLevel.FIRST: 30.0}
    )
    rules = [rule("answered", "dev", policy="p", metric_name="m0"), rule("rest", "dev", severity="critical")]
    tool = incident_tool("dev", rate_limit_per_minute=1)
    bench = Bench(configuration(tool, rules=rules, policies=[policy]), answer=DELIVERED)
    bench.fire("w", "warning", metric="m0")
    bench.fire("c", "critical", metric="m1")
    bench.wake(LATER)
    assert bench.told("dev")[1:] == [(60, "escalation", ["w"], []), (120, "firing", ["c"], [])]


def test_a_summary_has_the_place_of_its_most_severe_member() -> None:
    """In the lane's queue it is not the first member that counts."""
    bench = Bench(configuration(incident_tool("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    bench.fire("first", "error", metric="cpu")
    bench.fire("b", "info", metric="cpu")
    bench.fire("c", "error", metric="cpu")
    bench.wake(295)
    bench.fire("spent", metric="other")
    bench.fire("w", "warning", metric="disk")
    bench.wake(LATER)
    assert bench.told("dev")[2:] == [(355, "more", ["b", "c"], []), (415, "firing", ["w"], [])]


def test_a_limit_outranks_at_once() -> None:
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    bench.fire("a", "critical")
    assert bench.fire("b", "emergency") == []
    assert [(one.at, one.firing) for one in bench.wake(60)] == [(60, ["b"])]


def test_each_held_notification_is_announced_as_held_once() -> None:
    bench = Bench(configuration(incident_tool("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    for name in ("a", "b", "c"):
        bench.fire(name, metric=f"m-{name}")
    bench.wake(LATER)
    held = [change for change in bench.all_changes() if change.state is NotificationState.HELD]
    assert len(held) == len({change.notification_id for change in held}) == 2
    assert {change.reason for change in held} == {Reason.RATE_LIMITED}


def test_a_channel_that_takes_one_attempt_at_a_time_gets_the_next_when_the_first_has_ended() -> None:
    bench = Bench(configuration(channel("dev", "single")))
    (first,) = bench.fire("a", metric="m1")
    assert bench.fire("b", metric="m2") == []
    assert [one.firing for one in bench.outcome(first, Outcome.rejected("no"))] == [["b"]]


def test_a_receiver_that_hangs_delays_no_other_channel() -> None:
    bench = Bench(configuration(channel("slow", "single"), "dev", rules=[rule("all", "slow", "dev")]))
    sent = [one for name in ("a", "b", "c") for one in bench.fire(name, metric=f"m-{name}")]
    assert [one.firing for one in sent if one.channel_id == "dev"] == [["a"], ["b"], ["c"]]
    assert [one.firing for one in sent if one.channel_id == "slow"] == [["a"]]


# --- what is routed nowhere


def test_an_alert_that_no_rule_matches_is_counted_as_unrouted() -> None:
    bench = Bench(configuration("dev", rules=[rule("some", "dev", severity="critical")]), answer=DELIVERED)
    assert bench.fire("a", "info") == []
    assert bench.engine.state.unrouted == 1
    assert bench.fire("a", "critical") != []


def test_a_catch_all_channel_is_told_of_what_no_rule_matches() -> None:
    rules = [rule("some", "dev", severity="critical")]
    bench = Bench(configuration("dev", "rest", rules=rules, catch_all_channel="rest"), answer=DELIVERED)
    bench.fire("a", "info")
    bench.fire("b", "critical", metric="disk")
    assert (bench.told("rest"), bench.told("dev")) == ([(0, "firing", ["a"], [])], [(0, "firing", ["b"], [])])
    assert bench.engine.state.unrouted == 1


def test_a_channel_that_does_not_exist_is_a_gap_and_the_others_are_told() -> None:
    bench = Bench(configuration("dev", rules=[rule("all", "nowhere", "dev")]), answer=DELIVERED)
    assert [one.channel_id for one in bench.fire("a")] == ["dev"]
    assert bench.gaps(GapKind.MISSING_CHANNEL) == ["nowhere"]


def test_a_policy_that_does_not_exist_is_a_gap_and_the_channels_are_told() -> None:
    bench = Bench(configuration("dev", rules=[rule("all", "dev", policy="none")]), answer=DELIVERED)
    assert [one.channel_id for one in bench.fire("a")] == ["dev"]
    assert bench.gaps(GapKind.MISSING_POLICY) == ["none"]


def test_no_two_starts_of_a_digest_share_its_id() -> None:
    """Digests of one channel are numbered."""
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    for batch in range(3):
        for name in ("a", "b", "c"):
            bench.fire(f"{name}{batch}", metric=f"{name}{batch}")
        bench.wake(bench.at + 200)
    digests = [one.name for one in bench.sent if one.kind == "digest"]
    assert len(digests) == len(set(digests)) == 3
    assert all(before.at < after.at for before, after in pairwise(bench.sent))


def test_a_limit_counts_from_when_an_attempt_began() -> None:
    """Its commit may have taken a while: 60 seconds from there no more attempts start than the limit has it."""
    made = Bench(configuration(channel("dev", rate_limit_per_minute=1), aggregator="none"))
    (sent,) = made.fire("a", "critical")
    made.at = 6.0
    made.step(AttemptEnded(sent.name, 1, DELIVERED, 1.0, ORIGIN + 5.0))
    assert made.fire("b", "critical") == []
    assert [one.at for one in made.wake(100)] == [65.0]


def test_a_report_on_a_start_in_the_future_or_before_its_decision_moves_nothing_there() -> None:
    made = Bench(configuration(channel("dev", rate_limit_per_minute=1), aggregator="none"))
    (sent,) = made.fire("a", "critical")
    made.at = 1.0
    made.step(AttemptEnded(sent.name, 1, DELIVERED, 1.0, ORIGIN + 5000.0))
    made.fire("b", "critical")
    (sent,) = made.wake(61)
    made.step(AttemptEnded(sent.name, 1, DELIVERED, 1.0, ORIGIN))
    made.fire("c", "critical")
    assert [one.at for one in made.wake(200)] == [121.0]


def test_what_else_waits_for_a_channel_is_no_reason_to_foretell_that_an_alert_waits() -> None:
    """In that very instant something that was folded is held by the limit; the more severe one goes first."""
    made = Bench(configuration(channel("dev", rate_limit_per_minute=1)), answer=DELIVERED)
    made.fire("a", "error", metric="cpu")
    made.fire("b", "warning", metric="cpu")
    made.at = 300.0
    foretold = made.explain("c", "critical", metric="disk")
    assert [(one.action, one.reason) for one in foretold.channels] == [(Action.NOTIFY, Reason.ROUTED)]
    assert [one.firing for one in made.fire("c", "critical", metric="disk")] == [["c"]]
