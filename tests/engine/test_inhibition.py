"""While one alert fires, others that follow from it are not told; all sources count, both edges are decided anew."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import ORIGIN, Bench, channel, configuration, fired, loaded, rule

from tocsin import (
    Acknowledged,
    AlertResolved,
    EscalationPolicy,
    LabelMatcher,
    LevelReached,
    NotificationState,
    Outcome,
    Reason,
    TellingDecided,
)
from tocsin.engine import incidents
from tocsin.model.inhibition import InhibitionRule

DELIVERED = Outcome.delivered()


@pytest.fixture(autouse=True, params=["few", "many"])
def targets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its targets are decided anew one by one, or by a walk over everything that fires."""
    if request.param == "many":
        monkeypatch.setattr(incidents, "_FEW", 0)


def matcher(text: str) -> LabelMatcher:
    """Read ``name=value`` or ``name=~value``."""
    name, _, value = text.partition("=")
    return LabelMatcher(name, "=~", value[1:]) if value.startswith("~") else LabelMatcher(name, "=", value)


def inhibits(source: str, target: str, *equal: str) -> InhibitionRule:
    return InhibitionRule((matcher(source),), (matcher(target),), equal)


DOWN = inhibits("metric_name=node_down", "severity=~info|warning|error", "cluster_id")
"""A node that is down inhibits what is at most an error in the same cluster."""


def bench(*rules: InhibitionRule, answer: Outcome | None = DELIVERED, **options: Any) -> Bench:
    options.setdefault("aggregator", "none")
    return Bench(configuration("dev", inhibition_rules=rules or [DOWN], **options), answer=answer)


def source(made: Bench, alert_id: str = "down", cluster: str = "x", severity: str = "critical") -> list[Any]:
    """A node is down."""
    return list(made.fire(alert_id, severity, "node_down", cluster_id=cluster))


def target(made: Bench, alert_id: str = "t", cluster: str = "x", severity: str = "error", **fields: Any) -> list[Any]:
    """Something follows from that."""
    return list(made.fire(alert_id, severity, "cpu", cluster_id=cluster, **fields))


def skipped(made: Bench, alert_id: str = "t") -> list[Reason]:
    return [e.reason for e in made.events if isinstance(e, TellingDecided) and e.alert_id == alert_id and e.due is None]


def test_a_target_is_not_told_while_its_source_fires_and_says_why() -> None:
    made = bench()
    source(made)
    assert target(made) == []
    assert skipped(made) == [Reason.INHIBITED]
    assert [(one.firing, one.resolved) for one in made.resolve("down")] == [(["t"], []), ([], ["down"])]


def test_only_where_the_equal_labels_are_equal() -> None:
    made = bench()
    source(made, cluster="x")
    assert target(made, "other", cluster="y") != []
    assert target(made, "same", cluster="x") == []


def test_an_absent_label_equals_the_empty_one() -> None:
    made = bench(inhibits("metric_name=node_down", "metric_name=cpu", "team"))
    source(made)
    assert made.fire("empty", metric="cpu", labels={"team": ""}) == []
    assert made.fire("named", metric="cpu", labels={"team": "a"}) != []


def test_the_end_of_one_source_does_not_unmute_while_another_fires() -> None:
    made = bench()
    source(made, "one")
    source(made, "two")
    assert target(made) == []
    assert [one.resolved for one in made.resolve("one")] == [["one"]]
    assert ["t"] in [one.firing for one in made.resolve("two")]


def test_a_target_that_resolved_meanwhile_is_not_told() -> None:
    made = bench()
    source(made)
    target(made)
    assert made.resolve("t") == []
    assert [one.resolved for one in made.resolve("down")] == [["down"]]
    assert skipped(made) == [Reason.INHIBITED, Reason.RESOLVED]


def test_whoever_was_told_before_hears_the_end_although_it_is_inhibited() -> None:
    made = bench()
    target(made)
    source(made)
    assert [one.resolved for one in made.resolve("t")] == [["t"]]


def test_source_and_target_in_one_step_in_either_order() -> None:
    """What fires together with its cause is not told."""
    for order in (0, 1):
        made = bench()
        facts = [fired("down", "critical", "node_down", cluster_id="x"), fired("t", cluster_id="x")]
        sent = made.step(*(facts if order == 0 else reversed(facts)))
        assert [one.firing for one in sent] == [["down"]]
        assert skipped(made)[-1] is Reason.INHIBITED


def test_source_ends_and_target_fires_in_one_step() -> None:
    made = bench()
    source(made)
    sent = made.step(AlertResolved("down"), fired("t", cluster_id="x"))
    assert sorted(name for one in sent for name in one.firing) == ["t"]


def test_an_alert_on_both_sides_does_not_inhibit_itself_nor_its_like() -> None:
    made = bench(inhibits("team=~a|b", "team=~b|c"))
    assert made.fire("b1", labels={"team": "b"}) != []
    assert made.fire("b2", labels={"team": "b"}) != []
    assert made.fire("c", labels={"team": "c"}) == []
    assert made.fire("a", labels={"team": "a"}) != []
    assert made.fire("b3", labels={"team": "b"}) == []


def test_a_change_of_severity_moves_an_alert_to_the_other_side() -> None:
    """A critical alert inhibits warnings of its team; when it falls to a warning it is a target, and no source."""
    made = bench(inhibits("severity=critical", "severity=warning", "team"))
    made.fire("a", "critical", labels={"team": "x"})
    assert made.fire("b", "warning", labels={"team": "x"}) == []
    sent = made.fire("a", "warning", labels={"team": "x"})
    assert [one.firing for one in sent] == [["b"]]
    made.resolve("b")
    assert made.fire("c", "critical", labels={"team": "x"}) != []
    made.wake(400)
    assert [one.firing for one in made.on("dev")].count(["a"]) == 1
    assert [one.resolved for one in made.resolve("c")] == [["c"]]


def test_a_target_that_rises_above_what_is_inhibited_is_told() -> None:
    made = bench()
    source(made)
    target(made)
    assert [one.severity_of("t") for one in target(made, severity="critical")] == ["critical"]


def test_a_target_whose_labels_change_leaves_its_group() -> None:
    made = bench()
    source(made, cluster="x")
    assert target(made, cluster="x") == []
    assert [one.firing for one in target(made, cluster="y")] == [["t"]]


@pytest.mark.parametrize("how", ["silence", "ack", "snooze"])
def test_a_source_that_nobody_hears_of_inhibits_all_the_same(how: str) -> None:
    """As in Alertmanager: whoever silenced the cause does not want its consequences."""
    made = bench()
    if how == "silence":
        made.silence("s", until=1000, alert_id="down")
    source(made)
    if how == "ack":
        made.step(Acknowledged("down", "bob"))
    if how == "snooze":
        made.snooze("down", 1000)
    assert target(made) == []


def test_silence_is_named_before_inhibition() -> None:
    made = bench()
    source(made)
    made.silence("s", until=100, alert_id="t")
    target(made)
    assert skipped(made) == [Reason.SILENCED]
    made.wake(100)
    assert skipped(made) == [Reason.SILENCED, Reason.INHIBITED]


def test_what_waits_in_a_fold_is_left_out_at_its_release() -> None:
    made = bench(aggregator="window")
    for name in ("first", "t", "u"):
        target(made, name)
    source(made)
    made.step(fired("u", "critical", "cpu", cluster_id="x"))
    made.wake(300)
    assert [one.firing for one in made.on("dev") if one.at >= 0] == [["first"], ["down"], ["u"]]
    assert skipped(made)[-1] is Reason.INHIBITED


def test_a_retry_of_what_is_inhibited_meanwhile_is_cancelled_and_told_later() -> None:
    made = bench(answer=None)
    (sent,) = target(made)
    made.outcome(sent, Outcome.unavailable("down"))
    (down,) = source(made)
    made.deliver(down)
    assert made.wake(1000) == []
    assert made.changes(sent.name)[-1] is NotificationState.CANCELLED
    again, end = made.resolve("down")
    assert (again.firing, end.resolved) == (["t"], ["down"])
    assert again.name != sent.name


def test_repeats_leave_out_what_is_inhibited() -> None:
    made = bench(settings={"repeat_interval_seconds": 100})
    target(made)
    source(made)
    sent = [one.firing for one in made.wake(150)]
    assert sent == [["down"]]
    assert [one.firing for one in made.resolve("down") if one.firing] == [["t"]]  # the repeat that was left out


def test_a_level_does_not_name_what_is_inhibited_and_is_told_when_that_ends() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    rules = [rule("cpu", "dev", policy="p", metric_name=["cpu"]), rule("down", "dev", metric_name=["node_down"])]
    config = configuration("dev", "boss", rules=rules, policies=[policy], aggregator="none", inhibition_rules=[DOWN])
    made = Bench(config, answer=DELIVERED)
    target(made)
    source(made)
    made.wake(1000)
    assert made.on("boss") == []
    assert [round(e.at - ORIGIN) for e in made.events if isinstance(e, LevelReached)] == [300]
    assert [(one.channel_id, one.kind) for one in made.resolve("down")] == [("dev", "resolved"), ("boss", "escalation")]


def test_records_that_are_read_back_inhibit_as_before() -> None:
    made = bench()
    source(made, "one")
    source(made, "two")
    target(made)
    made.restart(10)
    made.resolve("one")
    assert "t" not in [name for one in made.on("dev") for name in one.firing]
    assert ["t"] in [one.firing for one in made.resolve("two")]


@pytest.mark.parametrize("after", [(), (inhibits("metric_name=disk", "metric_name=cpu"),)])
def test_a_reload_without_the_rule_tells_what_it_kept_back(after: tuple[InhibitionRule, ...]) -> None:
    made = bench()
    source(made)
    target(made)
    sent = made.reload(configuration("dev", inhibition_rules=after, aggregator="none"))
    assert [one.firing for one in sent] == [["t"]]


def test_a_reload_with_a_rule_inhibits_from_then_on() -> None:
    made = loaded(configuration("dev", aggregator="none"), answer=DELIVERED)
    source(made)
    target(made, "told")
    made.reload(configuration("dev", aggregator="none", inhibition_rules=[DOWN]))
    assert target(made, "new") == []
    assert [one.resolved for one in made.resolve("told")] == [["told"]]
    assert ["new"] in [one.firing for one in made.resolve("down")]


def test_channels_below_the_severity_say_that_first() -> None:
    made = Bench(
        configuration(channel("dev", min_severity="critical"), inhibition_rules=[DOWN], aggregator="none"),
        answer=DELIVERED,
    )
    source(made)
    target(made)
    assert skipped(made) == [Reason.BELOW_MIN_SEVERITY]


def test_explain_says_inhibited() -> None:
    made = bench()
    source(made)
    (found,) = made.explain("t", metric="cpu", cluster_id="x").channels
    assert (found.action.value, found.reason) == ("skip", Reason.INHIBITED)
