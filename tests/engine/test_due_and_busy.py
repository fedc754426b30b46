"""What waits for a notification of its incident to end has deadlines of its own: the fallback's, the watchdog's."""

from __future__ import annotations

from typing import Any

from tests.engine.harness import Bench, channel, configuration, loaded, rule

from tocsin import EscalationPolicy, GapKind, InhibitionRule, LabelMatcher, MatchOperator, Outcome
from tocsin.model.event import TellingDecided
from tocsin.model.watchdog import Watchdog

DELIVERED = Outcome.delivered()
DOWN = Outcome.unavailable("down")
BACKED = channel("dev", fallback="spare", fallback_after_seconds=300.0)


def later(seconds: float) -> Outcome:
    """The receiver wants to be left alone for so long."""
    return Outcome.throttled("later", retry_after_seconds=seconds)


def bench(*channels: Any, **options: Any) -> Bench:
    """A bench with a watchdog that allows 300 seconds."""
    return loaded(configuration(*(channels or ("dev",)), watchdog=Watchdog(within_seconds=300.0), **options))


def waiting() -> Bench:
    """The same, where ``b`` waits since 10 s for what tells of ``a``, which is tried again at 3000 s."""
    made = bench()
    made.outcome(made.fire("a", "critical"), later(3000.0))
    made.wake(10)
    made.fire("b", "emergency")
    return made


def late(made: Bench) -> int:
    """Return how often the watchdog missed something."""
    return sum(gap.count for gap in made.engine.state.gaps.values() if gap.kind is GapKind.LATE)


def decisions(made: Bench, alert_id: str) -> list[tuple[str, str]]:
    """Return what was decided about an alert."""
    told = [event for event in made.events if isinstance(event, TellingDecided) and event.alert_id == alert_id]
    return [(event.action.value, event.reason.value) for event in told]


# --- the fallback channel's turn


def test_the_fallback_channels_turn_counts_from_when_the_alert_was_due() -> None:
    made = bench(BACKED, "spare")
    made.outcome(made.fire("a", "critical"), later(3000.0))
    made.wake(10)
    assert made.fire("b", "emergency") == []
    made.wake(299)
    made.sent.clear()
    made.wake(300)
    assert [(one.channel_id, one.firing) for one in made.sent] == [("dev", ["b"]), ("spare", ["a"])]
    (tried, told) = made.sent
    made.deliver(told)
    made.outcome(tried, later(3000.0))
    made.wake(309)
    assert made.on("spare") == [told]
    made.wake(310)
    assert [(one.at, one.firing) for one in made.on("spare")] == [(300, ["a"]), (310, ["b"])]


def test_what_was_due_for_too_long_is_tried_once_and_then_told_by_the_fallback_channel() -> None:
    made = bench(BACKED, "spare")
    (hung,) = made.fire("a", "critical")
    made.wake(10)
    made.fire("b", "emergency")
    made.wake(400)
    made.deliver(hung)
    made.finish()
    tried = made.on("dev")[-1]
    assert (tried.at, tried.firing, made.on("spare")) == (400, ["b"], [])
    made.outcome(tried, DOWN)
    assert [(one.at, one.firing) for one in made.on("spare")] == [(400, ["b"])]


def test_a_levels_turn_counts_from_when_it_was_due() -> None:
    pager = channel("pager", fallback="phone", fallback_after_seconds=600.0)
    policy = EscalationPolicy("p", escalation_levels={"first": ["pager"]})
    made = bench(pager, "phone", policies=[policy])
    made.outcome(made.fire("a", "critical"), later(3000.0))
    for one in made.wake(600):
        made.outcome(one, DELIVERED if one.channel_id == "phone" else later(3000.0))
    assert [(one.at, one.kind) for one in made.on("pager")] == [(0, "firing"), (600, "escalation")]
    made.wake(899)
    assert [one.at for one in made.on("phone")] == [600]
    made.wake(900)
    assert [(one.at, one.kind) for one in made.on("phone")] == [(600, "firing"), (900, "escalation")]


def test_a_level_that_could_tell_nobody_meanwhile_is_due_once_it_can() -> None:
    """Its alert was inhibited for an hour: the fallback channel's turn comes after that."""
    crit = LabelMatcher("severity", MatchOperator.EQUAL, "emergency")
    error = LabelMatcher("severity", MatchOperator.EQUAL, "error")
    policy = EscalationPolicy("p", escalation_levels={"first": ["pager"]})
    made = bench(
        "dev",
        channel("pager", fallback="phone", fallback_after_seconds=600.0),
        "phone",
        rules=[rule("cpu", "dev", metric_name=["cpu"], policy="p")],
        policies=[policy],
        inhibition_rules=[InhibitionRule(source_matchers=(crit,), target_matchers=(error,))],
    )
    made.deliver(*made.fire("a"))
    made.wake(100)
    made.fire("source", "emergency", metric="disk")
    made.wake(3600)
    assert made.on("pager") == []
    (level,) = made.resolve("source")
    made.outcome(level, later(3000.0))
    made.wake(4199)
    assert made.on("phone") == []
    made.wake(4200)
    assert [(one.at, one.kind) for one in made.on("phone")] == [(4200, "escalation")]


# --- the watchdog


def test_what_waits_is_late_in_its_own_right() -> None:
    made = waiting()
    made.wake(300)
    assert late(made) == 1
    made.wake(310)
    assert late(made) == 2
    (gap,) = (gap for gap in made.engine.state.gaps.values() if gap.kind is GapKind.LATE)
    assert gap.detail == ("1 notifications are late, the oldest is waiting for one that is retrying after 1 attempts")


def test_it_is_missed_once_also_when_it_is_tried_at_last() -> None:
    made = waiting()
    (retry,) = made.wake(3000)
    (follows,) = made.outcome(retry, DELIVERED)
    assert follows.firing == ["b"]
    made.wake(9000)
    assert late(made) == 2
    made.fire("c", "emergency")
    made.wake(9300)
    assert late(made) == 3


def test_what_waits_for_the_end_of_its_alert_is_late_in_its_own_right() -> None:
    """That end waits in the lane, and is late itself; once it is told, what waited is not missed a second time."""
    made = bench(channel("dev", "single"))
    made.deliver(*made.fire("a"))
    (hangs,) = made.fire("b", metric="disk")
    made.wake(10)
    made.resolve("a")
    made.wake(20)
    made.fire("a")
    made.wake(319)
    assert late(made) == 2
    made.wake(320)
    assert late(made) == 3
    (end,) = made.deliver(hangs)
    (again,) = made.deliver(end)
    assert [one.kind for one in (end, again)] == ["resolved", "firing"]
    made.wake(9000)
    assert late(made) == 3


def test_what_waits_no_longer_or_is_silenced_is_not_missed() -> None:
    made = waiting()
    made.fire("c", "emergency")
    made.resolve("c")
    made.silence("s", until=5000.0, alert_id="b")
    made.wake(2999)
    assert late(made) == 1


def test_what_comes_after_something_was_missed_is_missed_again() -> None:
    made = waiting()
    made.wake(400)
    assert late(made) == 2
    made.resolve("b")
    made.fire("c", "emergency")
    made.wake(699)
    assert late(made) == 2
    made.wake(700)
    assert late(made) == 3


def test_what_was_missed_and_then_silenced_is_missed_again_when_it_comes_back() -> None:
    made = waiting()
    made.wake(400)
    assert late(made) == 2
    made.silence("s", until=5000.0, alert_id="b")
    (retry,) = made.wake(3000)
    made.deliver(retry)
    (told,) = made.wake(5000)
    made.outcome(told, later(3000.0))
    made.wake(5299)
    assert late(made) == 2
    made.wake(5300)
    assert late(made) == 3


# --- why nothing happens meanwhile


def test_what_waits_says_so() -> None:
    made = bench()
    (sent,) = made.fire("a", "critical")
    made.fire("b", "emergency")
    assert decisions(made, "b") == [("notify", "routed"), ("hold", "busy")]
    made.deliver(sent)
    assert decisions(made, "b") == [("notify", "routed"), ("hold", "busy")]


def test_so_does_what_was_folded_until_then_and_what_ended() -> None:
    made = bench()
    made.deliver(*made.fire("a", "critical"))
    made.fire("b")
    made.wake(299)
    (sent,) = made.fire("c", "critical")
    made.wake(301)
    assert decisions(made, "b") == [("fold", "folded"), ("hold", "busy")]
    made.resolve("a", "b")
    made.deliver(sent)
    assert decisions(made, "a") == [("notify", "routed"), ("notify", "routed"), ("hold", "busy")]


def test_what_a_gate_has_been_shut_for_meanwhile_does_not_say_that_it_waits() -> None:
    made = bench()
    made.deliver(*made.fire("a", "critical"))
    made.fire("b")
    made.wake(299)
    made.fire("c", "critical")
    made.ack("b")
    made.wake(301)
    assert decisions(made, "b") == [("fold", "folded")]


def test_an_end_that_need_not_wait_any_longer_is_due_then() -> None:
    """Its alert fires again in another incident: the fallback and the watchdog count from there."""
    made = bench(aggregator="window", settings={"window_seconds": 60.0, "resolve_seconds": 1000.0})
    made.fire("a", "critical", metric="cpu")
    made.fire("b", "critical", metric="cpu")
    while made.under_way:
        made.deliver()
    made.wake(70)
    made.resolve("a")
    made.wake(100)
    sent = made.fire("a", "critical", metric="cpu")
    (end,) = [one for one in sent if one.kind == "resolved"]
    made.deliver(*made.outcome(end, later(3000.0)))
    made.wake(399)
    before = late(made)
    made.wake(401)
    assert late(made) == before + 1
