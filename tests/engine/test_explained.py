"""What an explanation says: why a rule that holds does not apply, who shuts a gate, and what comes when."""

from __future__ import annotations

from tests.engine.harness import ORIGIN, Bench, channel, configuration, fired, rule
from tests.engine.records import as_text

from tocsin import (
    Action,
    EscalationPolicy,
    Gate,
    InhibitionRule,
    LabelMatcher,
    Outcome,
    Reason,
    TimeInterval,
    TimeRange,
)
from tocsin.engine.explain import explain
from tocsin.engine.machine import Instant
from tocsin.model.explanation import ChannelExplanation, Explanation, RuleExplanation


def rules(found: Explanation) -> dict[str, RuleExplanation]:
    """Return the rules by their ids."""
    return {one.rule_id: one for one in found.rules}


def on(found: Explanation, channel_id: str = "ops") -> ChannelExplanation:
    """Return what is said of one channel."""
    return next(one for one in found.channels if one.channel_id == channel_id)


# -- rules -----------------------------------------------------------------------------------------------------------


def tree() -> Bench:
    """Two routes below a rule that ends the search, and a tree behind it."""
    below = (
        rule("a1", "ops", severity=["error"], continue_matching=True),
        rule("a2", "ops", metric_name=["cpu"]),
        rule("a3", "ops"),
    )
    return Bench(
        configuration(
            "ops",
            rules=[
                rule("first", "ops", metric_name=["disk"]),
                rule("a", "ops", routes=below, continue_matching=False),
                rule("b", "ops", routes=[rule("b1", "ops")]),
                rule("c", "ops", severity=["info"], routes=[rule("c1", "ops")], enabled=False),
            ],
        )
    )


def test_a_rule_that_holds_and_does_not_apply_says_which_rule_took_the_alert() -> None:
    found = rules(tree().explain("x"))
    assert [name for name, one in found.items() if one.matched] == ["a1", "a2"]
    why = {name: (one.why_not, one.taken_by) for name, one in found.items() if not one.matched}
    ended = "'a' came before it and does not continue; its route 'a1' applies"
    assert why == {
        "a": ("its route 'a1' applies instead", "a1"),
        "a3": ("'a2' came before it and does not continue", "a2"),
        "b": (ended, "a1"),
        "b1": (f"'b' above it is not asked: {ended}", "a1"),
        "first": ("", None),
        "c": ("it is switched off", None),
        "c1": ("'c' above it is switched off", None),
    }


def test_a_rule_that_is_switched_off_is_listed_with_its_conditions() -> None:
    (condition,) = rules(tree().explain("x"))["c1"].conditions
    assert (condition.matched, condition.reason) == (False, "severity 'error' is not 'info'")


def test_the_nearest_miss_comes_first() -> None:
    """Fewer conditions that are missed first, then those of which more of the value is right."""
    made = Bench(
        configuration(
            "ops",
            rules=[
                rule("both", "ops", cluster_pattern="prod-u.*", severity=["info"]),
                rule("far", "ops", cluster_pattern="dev-.*"),
                rule("near", "ops", cluster_pattern="prod-us-.*"),
                rule("not", "ops", matchers=['cluster_id!="prod-eu-1"']),
                rule("hit", "ops"),
            ],
        )
    )
    found = made.explain("x", cluster_id="prod-eu-1")
    assert [one.rule_id for one in found.rules] == ["hit", "near", "far", "not", "both"]
    assert found.rules[1].conditions[0].reason == "cluster_id 'prod-eu-1' does not match 'prod-us-.*'"


# -- gates -----------------------------------------------------------------------------------------------------------


def gate(channel_explained: ChannelExplanation) -> tuple[Gate | None, tuple[str, ...], float | None]:
    """Return the gate, who shuts it, and until when (from the origin)."""
    until = channel_explained.until
    return channel_explained.gate, channel_explained.by, None if until is None else until - ORIGIN


def test_each_gate_names_who_shuts_it_and_until_when() -> None:
    made = Bench(
        configuration(
            channel("ops"),
            channel("boss", min_severity="critical"),
            channel("off", enabled=False),
            rules=[rule("all", "ops", "boss", "off", "gone")],
            inhibition_rules=[
                InhibitionRule([LabelMatcher("metric_name", "=", "root")], [LabelMatcher("node_id", "=", "n")])
            ],
        ),
        answer=Outcome.delivered(),
    )
    made.wake(0)
    assert gate(on(made.explain("x"))) == (None, (), None)
    assert gate(on(made.explain("x"), "boss")) == (Gate.MIN_SEVERITY, (), None)
    assert gate(on(made.explain("x"), "off")) == (Gate.CHANNEL, (), None)
    assert gate(on(made.explain("x"), "gone")) == (Gate.CHANNEL, (), None)
    made.fire("root", metric="root", node_id="m")
    assert gate(on(made.explain("x", node_id="n"))) == (Gate.INHIBITION, ("root",), None)
    made.silence("s1", 100, metric_name="cpu")
    made.silence("s2", 400, metric_name="cpu")
    assert gate(on(made.explain("x"))) == (Gate.SILENCE, ("s1", "s2"), 400)
    made.fire("y", metric="net")
    made.ack("y", 50)
    found = made.explain("y", metric="net", severity="info")
    assert (on(found).action, on(found).reason) == (Action.SKIP, Reason.ALREADY_TOLD)


def test_an_acknowledgement_and_a_snooze_name_who_and_until_when() -> None:
    made = Bench(configuration("ops", "more"))
    made.fire("y")
    made.ack("y", 50)
    made.reload(configuration("ops", "more", rules=[rule("all", "ops", "more")]))
    made.finish()
    assert gate(on(made.explain("y"), "more")) == (Gate.ACKNOWLEDGEMENT, ("bob",), 50)
    other = Bench(configuration("ops", "more"))
    other.fire("y")
    other.snooze("y", 70)
    other.reload(configuration("ops", "more", rules=[rule("all", "ops", "more")]))
    other.finish()
    assert gate(on(other.explain("y"), "more")) == (Gate.SNOOZE, (), 70)


def test_a_silent_rule_is_heard_again_at_an_edge_perhaps_not_the_next() -> None:
    """The origin is 22:13:20; two intervals follow one another without a gap."""
    intervals = {
        "late": (TimeInterval(times=[TimeRange("22:00", "23:00")]),),
        "later": (TimeInterval(times=[TimeRange("23:00", "23:30")]),),
    }
    muted = rule("all", "ops", mute_time_intervals=["late", "later"])
    made = Bench(configuration("ops", rules=[muted], time_intervals=intervals))
    assert gate(on(made.explain("x"))) == (Gate.TIME_INTERVAL, ("all",), 76 * 60 + 40)


# -- what waits, and the past ----------------------------------------------------------------------------------------


def test_what_is_held_says_before_when_it_is_not_told() -> None:
    made = Bench(configuration(channel("ops", rate_limit_per_minute=1)), answer=Outcome.delivered())
    made.fire("a")
    made.wake(10)
    found = on(made.explain("b", metric="disk"))
    assert (found.action, found.reason, found.due) == (Action.HOLD, Reason.RATE_LIMITED, ORIGIN + 60)


def test_what_is_tried_again_waits_and_was_not_told() -> None:
    made = Bench(configuration("ops"))
    made.outcome(made.fire("a"), Outcome.unavailable("down", retry_after_seconds=30))
    found = on(made.explain("a"))
    assert (found.action, found.reason, found.due) == (Action.HOLD, Reason.BUSY, ORIGIN + 30)


def test_a_full_lane_is_not_called_busy() -> None:
    made = Bench(configuration(channel("ops", "single")))
    made.fire("a")
    found = on(made.explain("b", metric="disk"))
    assert (found.action, found.reason) == (Action.HOLD, Reason.CONCURRENCY)


def test_what_waits_for_its_group_is_called_grouped() -> None:
    made = Bench(configuration("ops", aggregator="grouping", settings={"group_wait_seconds": 30}))
    made.fire("a")
    made.wake(5)
    found = on(made.explain("a"))
    assert (found.action, found.reason, found.due) == (Action.FOLD, Reason.GROUPED, ORIGIN + 30)


# -- the escalation --------------------------------------------------------------------------------------------------


def escalated() -> Bench:
    """Return a bench with a policy of three levels; the channel of the second one is switched off."""
    policy = EscalationPolicy(
        "p",
        escalation_levels={"immediate": ["ops"], "first": ["off"], "second": ["boss"]},
        default_channels=["ops"],
    )
    return Bench(
        configuration(
            "ops", "boss", channel("off", enabled=False), policies=[policy], rules=[rule("all", "ops", policy="p")]
        ),
        answer=Outcome.delivered(),
    )


def levels(found: Explanation) -> list[tuple[str, float | None, bool, tuple[str, ...]]]:
    """Return level, instant (from the origin), whether it was told, and whom it tells."""
    assert found.escalation is not None
    return [
        (one.level, None if one.at is None else one.at - ORIGIN, one.told, one.tells) for one in found.escalation.levels
    ]


def test_levels_have_their_instants_and_whom_they_tell() -> None:
    made = escalated()
    made.wake(10)
    assert levels(made.explain("a")) == [
        ("immediate", 10, True, ("ops",)),
        ("first", 310, False, ("ops",)),
        ("second", 910, False, ("boss",)),
    ]
    made.fire("a")
    made.wake(400)
    assert levels(made.explain("a")) == [
        ("immediate", None, True, ()),
        ("first", None, True, ()),
        ("second", 910, False, ("boss",)),
    ]


def test_a_paused_escalation_has_no_instants() -> None:
    made = escalated()
    made.fire("a")
    made.ack("a")
    found = made.explain("a")
    assert found.escalation is not None
    assert found.escalation.paused
    assert levels(found)[1:] == [("first", None, False, ()), ("second", None, False, ())]


def test_paused_time_is_no_time_of_the_escalation() -> None:
    made = escalated()
    made.fire("a")
    made.wake(100)
    made.ack("a", 50)
    made.wake(160)
    assert [at for _, at, _, _ in levels(made.explain("a"))] == [None, 350, 950]


# -- a later instant, and no trace -----------------------------------------------------------------------------------


def test_a_later_instant_is_come_to_as_a_runtime_comes_to_it() -> None:
    """The level at 300 s is told on the way; nothing of it is left."""
    made = escalated()
    made.fire("a")
    before = as_text(made.engine.state)
    at = ORIGIN + 400
    found = explain(made.engine, fired("a").alert, Instant(at, at))
    assert as_text(made.engine.state) == before
    assert found.at == at
    assert [told for _, _, told, _ in levels(found)] == [True, True, False]
    assert made.engine.next_deadline() == ORIGIN + 300


def test_the_incident_is_named_and_whether_it_is_new() -> None:
    made = Bench(configuration("ops"), answer=Outcome.delivered())
    made.fire("a")
    made.wake(10)
    joined = made.explain("b").incident
    assert (joined.opens, joined.firing_count, joined.opened_at) == (False, 2, ORIGIN)
    alone = made.explain("c", metric="disk").incident
    assert (alone.opens, alone.firing_count, alone.strategy, alone.opened_at) == (True, 1, "window", ORIGIN + 10)


def test_what_is_owed_and_cannot_be_given_is_said() -> None:
    made = Bench(configuration("ops", rules=[rule("all", "ops", "opps", policy="none")]))
    found = made.explain("a")
    assert found.gaps == (
        "missing_channel opps: rules all name no existing channel",
        "missing_policy none: a rule names an escalation policy that does not exist",
    )
    assert not made.engine.state.gaps
