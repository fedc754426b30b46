"""Aggregation: what is told at once, what is folded, what a storm comes to, and how its end is told."""

from __future__ import annotations

from typing import Any

from tests.engine.harness import Bench, channel, configuration, fired, installed, rule

from tocsin import (
    Aggregator,
    AggregatorRegistrar,
    AlertSeverity,
    EscalationPolicy,
    GapKind,
    Outcome,
    Release,
    Telling,
    hookimpl,
)
from tocsin_plugins.none import NoAggregation, NoneConfig

DELIVERED = Outcome.delivered()
LATER = 100_000.0


def answered(*channels: Any, **options: Any) -> Bench:
    """A bench whose attempts all end well."""
    return Bench(configuration(*(channels or ("dev",)), **options), answer=DELIVERED)


def test_the_first_is_told_at_once_and_one_summary_follows_at_the_close() -> None:
    bench = answered()
    bench.fire("a", cluster_id="c1")
    for at, name in ((1, "b"), (100, "c"), (299.5, "d")):
        bench.wake(at)
        bench.fire(name, cluster_id=f"c-{name}")
    bench.wake(LATER)
    assert bench.told("dev") == [(0, "firing", ["a"], []), (300, "more", ["b", "c", "d"], [])]
    summary = bench.sent[-1].notification
    assert summary.clusters == ("c-b", "c-c", "c-d")
    assert (summary.incidents[0].alert_count, len(summary.incidents[0].affected_clusters)) == (4, 4)


def test_what_comes_after_the_close_is_another_incident_told_at_once() -> None:
    bench = answered()
    (first,) = bench.fire("a")
    bench.wake(300)
    (second,) = bench.fire("b")
    assert (second.at, second.kind, second.firing) == (300, "firing", ["b"])
    assert second.notification.incident_id != first.notification.incident_id


def test_other_metrics_are_other_incidents() -> None:
    bench = answered()
    bench.fire("a", metric="cpu")
    bench.fire("b", metric="disk")
    assert [one[1:3] for one in bench.told("dev")] == [("firing", ["a"]), ("firing", ["b"])]


def test_more_severe_than_anything_told_is_told_at_once() -> None:
    bench = answered()
    bench.fire("a", "info")
    assert [one.firing for one in bench.fire("b", "warning")] == [["b"]]
    assert bench.fire("c", "warning") == []


def test_at_least_fold_below_is_told_at_once_whatever_was_told() -> None:
    bench = answered()
    bench.fire("a", "emergency")
    assert [one.firing for one in bench.fire("b", "critical")] == [["b"]]
    eager = answered(settings={"fold_below": "error"})
    eager.fire("a", "critical")
    assert [one.firing for one in eager.fire("b", "error")] == [["b"]]
    assert eager.fire("c", "warning") == []


def test_folding_is_decided_per_channel() -> None:
    """A channel that was told nothing of the incident is told at once."""
    rules = [rule("all", "dev"), rule("prod", "ops", cluster_pattern="prod.*")]
    bench = answered("dev", "ops", rules=rules)
    bench.fire("a", cluster_id="test-1")
    assert [(one.channel_id, one.firing) for one in bench.fire("b", cluster_id="prod-1")] == [("ops", ["b"])]
    assert [(one.channel_id, one.firing) for one in bench.wake(300)] == [("dev", ["b"])]


def test_what_one_step_has_to_tell_is_one_notification() -> None:
    bench = answered()
    (sent,) = bench.step(*[fired(f"a{i}", "critical") for i in range(200)])
    assert len(sent.notification.alerts) == 200


def test_the_same_alert_again_tells_nobody() -> None:
    bench = answered()
    bench.fire("a")
    for at in range(60, 3600, 60):
        bench.wake(at)
        assert bench.fire("a", current_value=float(at)) == []
    assert len(bench.sent) == 1


# --- storms


def test_two_hundred_critical_clusters_one_by_one_are_a_handful_of_messages_and_one_escalation() -> None:
    """Nobody is left out, and nobody is paged two hundred times."""
    policy = EscalationPolicy("p", escalation_levels={"first": ["pager"]})
    bench = Bench(configuration("dev", "pager", policies=[policy]), answer=DELIVERED, checked=False)
    for index in range(200):
        bench.wake(index * 0.1)
        bench.fire(f"a{index}", "critical", cluster_id=f"cluster-{index}")
    bench.wake(LATER)
    told = bench.told("dev")
    assert len(told) <= 7
    assert sorted(name for _, _, names, _ in told for name in names) == sorted(f"a{i}" for i in range(200))
    ((at, kind, names, _),) = bench.told("pager")
    assert (at, kind, len(names)) == (300, "escalation", 200)


def test_no_more_than_burst_urgent_notifications_within_a_minute() -> None:
    bench = Bench(configuration("dev", settings={"burst": 3}), answer=DELIVERED, checked=False)
    for index in range(150):
        bench.wake(float(index))
        bench.fire(f"a{index}", "critical")
    bench.wake(LATER)
    times = [at for at, *_ in bench.told("dev")]
    assert times[:3] == [0, 1, 2]
    assert all(after - before >= 60 for before, after in zip(times, times[3:], strict=False))
    assert len({name for one in bench.sent for name in one.firing}) == 150


def test_after_a_burst_the_next_notification_carries_what_came_meanwhile() -> None:
    bench = answered(settings={"burst": 2})
    for at, name in ((0, "a"), (10, "b"), (20, "c"), (30, "d")):
        bench.wake(at)
        bench.fire(name, "critical")
    bench.wake(299)
    assert bench.told("dev") == [
        (0, "firing", ["a"], []),
        (10, "more", ["b"], []),
        (60, "more", ["c", "d"], []),
    ]


# --- resolutions


def test_the_resolutions_of_one_incident_are_summarised() -> None:
    bench = answered()
    bench.step(*[fired(name) for name in "abcd"])
    for at, name in ((10, "a"), (200, "b")):
        bench.wake(at)
        bench.resolve(name)
    bench.wake(400)
    bench.resolve("c")
    bench.wake(500)
    bench.resolve("d")
    assert bench.told("dev")[1:] == [(310, "resolved", [], ["a", "b"]), (500, "resolved", [], ["c", "d"])]
    assert bench.wake(LATER) == []


def test_without_a_resolution_window_each_is_told_at_once() -> None:
    bench = answered(settings={"resolve_seconds": 0.0})
    bench.step(fired("a"), fired("b"))
    assert [one.resolved for one in bench.resolve("a")] == [["a"]]


def test_the_last_one_to_resolve_takes_the_waiting_ones_along_at_once() -> None:
    bench = answered()
    bench.step(fired("a"), fired("b"))
    bench.resolve("a")
    bench.wake(5)
    assert [(one.at, one.resolved) for one in bench.resolve("b")] == [(5, ["a", "b"])]


def test_a_resolution_goes_to_no_channel_that_was_not_told() -> None:
    made = (channel("dev"), channel("ops", min_severity="critical"))
    bench = answered(*made, rules=[rule("all", "dev", "ops")])
    bench.fire("a", "error")
    assert [one.channel_id for one in bench.resolve("a")] == ["dev"]


def test_a_channel_that_wants_no_resolutions_gets_none() -> None:
    bench = answered(channel("dev", send_resolved=False))
    bench.fire("a")
    assert bench.resolve("a") == []
    assert bench.wake(LATER) == []


def test_a_notification_of_a_resolution_never_looks_like_a_firing() -> None:
    bench = answered()
    bench.fire("a")
    (sent,) = bench.resolve("a")
    assert (sent.kind, sent.notification.status.value, sent.firing) == ("resolved", "resolved", [])
    assert sent.notification.alerts[0].resolved_at is not None


def test_a_resolution_says_how_much_still_fires_of_what_the_channel_was_told() -> None:
    """What fires in the incident and was not told there, because it is folded or too mild, is none of its business."""
    bench = answered(channel("dev", min_severity="error"), "all", rules=[rule("all", "dev", "all")])
    bench.step(fired("a", "error"), fired("b", "error"), fired("mild", "info"))
    (first,) = [one for one in bench.resolve("a") + bench.wake(LATER) if one.channel_id == "dev"]
    assert (first.resolved, first.notification.still_firing, first.notification.over) == (["a"], 1, False)
    last = [one for one in bench.resolve("b") + bench.wake(2 * LATER) if one.channel_id == "dev"][-1]
    assert (last.resolved, last.notification.still_firing, last.notification.over) == (["b"], 0, True)
    assert last.notification.incidents[0].firing_count == 1
    assert last.notification.incident_id == first.notification.incident_id


def test_a_firing_says_what_was_told_before() -> None:
    bench = answered()
    (first,) = bench.fire("a", "emergency")
    (second,) = bench.fire("b", "critical")
    assert [one.notification.still_firing for one in (first, second)] == [0, 1]
    assert [one.notification.told_severity for one in (first, second)] == [None, AlertSeverity.EMERGENCY]
    assert not any(one.notification.over for one in (first, second))


def test_a_rejected_resolution_is_not_told_elsewhere_as_firing() -> None:
    bench = Bench(configuration(channel("dev", fallback="spare"), "spare", rules=[rule("all", "dev")]))
    bench.deliver(*bench.fire("a"))
    assert bench.outcome(bench.resolve("a"), Outcome.rejected("no")) == []


def test_when_an_alert_fires_again_its_earlier_end_is_not_told_after_it() -> None:
    """Its resolution, which waited for others, goes along with the firing that comes first."""
    bench = answered()
    bench.step(fired("a"), fired("b"))
    bench.resolve("a")
    bench.wake(10)
    (again,) = bench.fire("a", "critical")
    assert again.episodes() == [("a", 1, "resolved"), ("a", 2, "firing")]
    assert bench.wake(LATER) == []


# --- repeats and other aggregators


def test_a_channel_is_reminded_of_what_still_fires() -> None:
    bench = answered(channel("dev", send_resolved=False), settings={"repeat_interval_seconds": 1000.0})
    bench.step(fired("a"), fired("b"))
    bench.wake(1500)
    bench.resolve("b")
    bench.wake(2500)
    bench.resolve("a")
    bench.wake(LATER)
    assert [(at, kind, firing) for at, kind, firing, _ in bench.told("dev")] == [
        (0, "firing", ["a", "b"]),
        (1000, "repeat", ["a", "b"]),
        (2000, "repeat", ["a"]),
    ]


def test_without_aggregation_each_alert_is_an_incident_of_its_own() -> None:
    bench = answered(aggregator="none")
    sent = bench.step(fired("a"), fired("b"))
    assert sorted(one.firing for one in sent) == [["a"], ["b"]]
    assert len({one.notification.incident_id for one in sent}) == 2


class Raising(NoAggregation):
    """An aggregator whose every answer is an exception."""

    def key(self, alert: object, /) -> str | None:
        raise RuntimeError("no idea")

    def release(self, state: object, telling: Telling, /) -> Release:
        raise RuntimeError("no idea")

    @hookimpl
    def tocsin_register_aggregators(self, registrar: AggregatorRegistrar) -> None:
        def factory(config: NoneConfig) -> Aggregator:
            return Raising(config)

        registrar.register("raising", factory, config_class=NoneConfig)


def test_an_aggregator_that_raises_tells_at_once_and_is_a_gap() -> None:
    bench = Bench(
        configuration("dev", aggregator="raising"), answer=DELIVERED, registry=installed(Raising(NoneConfig()))
    )
    assert sorted(one.firing for one in bench.step(fired("a"), fired("b"))) == [["a"], ["b"]]
    assert bench.gaps(GapKind.AGGREGATOR_FAILED) == ["raising"]
