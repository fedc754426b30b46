"""What the simulation once found lost: levels that a silence cut off, ends that a next firing took away."""

from __future__ import annotations

import pytest
from tests.engine.harness import Bench, channel, configuration, fired, rule

from tocsin import AlertResolved, AttemptFinished, EscalationPolicy, GapKind, Outcome

DELIVERED = Outcome.delivered()
UNAVAILABLE = Outcome.unavailable("down")
REJECTED = Outcome.rejected("gone")


def _ladder(*levels: tuple[str, list[str]]) -> EscalationPolicy:
    return EscalationPolicy("p", escalation_levels=dict(levels))


def _answer(bench: Bench, channel_id: str, outcome: Outcome) -> None:
    """End every attempt under way on one channel so, and all others well."""
    for one in list(bench.under_way.values()):
        bench.outcome(one, outcome if one.channel_id == channel_id else DELIVERED)


# --- levels


def test_who_is_muted_when_the_immediate_level_joins_is_told_there_afterwards() -> None:
    bench = Bench(configuration("dev", "mail", policies=[_ladder(("immediate", ["mail"]))]), answer=DELIVERED)
    bench.silence("s", 600, cluster_id="cluster-a")
    bench.step(fired("a"), fired("b"))
    assert [one.firing for one in bench.on("mail")] == [["b"]]
    bench.wake(700)
    assert [one.firing for one in bench.on("mail")] == [["b"], ["a"]]


def _level_cut_off() -> Bench:
    """The level's first attempt on ``one`` failed, and a silence begins before the second."""
    channels = ("dev", channel("one"))
    bench = Bench(configuration(*channels, policies=[_ladder(("first", ["one"]))]))
    bench.fire("a")
    bench.deliver()
    bench.wake(300)
    _answer(bench, "one", UNAVAILABLE)
    bench.silence("s", 4000, cluster_id="cluster-a")
    assert not bench.under_way
    bench.wake(3990)
    assert [one.kind for one in bench.on("one")] == ["escalation"]
    return bench


def test_a_level_whose_attempt_failed_before_a_silence_is_told_after_it() -> None:
    bench = _level_cut_off()
    bench.wake(4100)
    first, again = bench.on("one")
    assert (again.kind, again.firing, again.notification.level) == ("escalation", ["a"], first.notification.level)


def test_a_level_that_was_cut_off_is_not_told_of_what_resolved_meanwhile() -> None:
    bench = _level_cut_off()
    bench.resolve("a")
    bench.wake(9000)
    assert [one.kind for one in bench.on("one")] == ["escalation"]


def test_a_level_in_a_digest_that_a_silence_cut_off_is_told_after_it() -> None:
    """The limit holds the level with a firing of another incident, and both go in one digest."""
    one = channel("one", rate_limit_per_minute=1)
    rules = [rule("a", "dev", "one", policy="p", metric_name="cpu"), rule("b", "one", metric_name="disk")]
    bench = Bench(configuration("dev", one, rules=rules, policies=[_ladder(("first", ["one"]))]))
    bench.fire("a")
    bench.deliver()
    bench.wake(299)
    bench.fire("b", metric="disk", cluster_id="other")
    bench.deliver()
    bench.wake(300)
    bench.fire("c", metric="disk", cluster_id="third")
    bench.resolve("b")
    bench.wake(359)
    (digest,) = [sent for sent in bench.on("one") if sent.kind == "digest"]
    assert "a" in digest.firing
    bench.outcome(digest, UNAVAILABLE)
    bench.silence("s", 4000, cluster_id="cluster-a")
    bench.silence("t", 4000, cluster_id="third")
    bench.answer = DELIVERED
    bench.wake(4100)
    assert any(sent.firing == ["a"] for sent in bench.on("one") if sent.at >= 4000)


def test_a_level_that_died_is_told_by_the_fallback_that_knows_the_alert() -> None:
    one = channel("one", fallback="dev")
    bench = Bench(configuration("dev", one, policies=[_ladder(("first", ["one"]))]))
    bench.fire("a")
    bench.deliver()
    bench.wake(300)
    _answer(bench, "one", REJECTED)
    assert [(sent.kind, sent.firing) for sent in bench.on("dev")] == [("firing", ["a"]), ("escalation", ["a"])]
    assert bench.gaps(GapKind.UNDELIVERED) == []


def test_a_fallback_that_was_told_the_level_itself_is_not_told_it_twice() -> None:
    one = channel("one", fallback="two")
    bench = Bench(configuration("dev", one, "two", policies=[_ladder(("first", ["one", "two"]))]))
    bench.fire("a")
    bench.deliver()
    bench.wake(300)
    _answer(bench, "one", REJECTED)
    bench.deliver()
    assert [sent.kind for sent in bench.on("two")] == ["escalation"]


def test_a_level_that_died_in_a_digest_is_told_by_the_fallback() -> None:
    one = channel("one", rate_limit_per_minute=1, fallback="dev", fallback_after_seconds=3000)
    rules = [rule("a", "dev", policy="p", metric_name="cpu"), rule("b", "one", metric_name="disk")]
    bench = Bench(configuration("dev", one, rules=rules, policies=[_ladder(("first", ["one"]))]))
    bench.fire("a")
    bench.deliver()
    bench.wake(299)
    bench.fire("b", metric="disk")
    bench.deliver()
    bench.wake(300)
    bench.fire("c", metric="disk", cluster_id="third")
    bench.wake(359)
    (digest,) = [sent for sent in bench.on("one") if "a" in sent.firing]
    bench.outcome(digest, REJECTED)
    assert [sent.kind for sent in bench.on("dev") if "a" in sent.firing][-1] == "escalation"


# --- ends


def _end_under_way() -> Bench:
    """The end of ``a`` failed once on the way to ``dev``; ``a`` fires again, in another incident."""
    bench = Bench(configuration("dev"))
    bench.fire("a")
    bench.deliver()
    bench.wake(400)
    bench.resolve("a")
    (end,) = bench.under_way.values()
    assert end.resolved == ["a"]
    bench.outcome(end, UNAVAILABLE)
    bench.fire("a")
    (again,) = bench.under_way.values()
    assert again.firing == ["a"]
    return bench


def _believed(bench: Bench) -> str:
    """What ``dev`` believes of ``a``: the last that was delivered."""
    ends = [event.delivery for event in bench.events if isinstance(event, AttemptFinished)]
    return [end.status for end in ends if end.success][-1]


def test_an_end_waits_while_the_next_firing_is_under_way() -> None:
    """The two could arrive in either order, and the channel would believe that all is well."""
    bench = _end_under_way()
    bench.wake(1000)
    assert [one.firing for one in bench.under_way.values()] == [["a"]]


def test_an_end_is_no_news_once_the_next_firing_is_told() -> None:
    bench = _end_under_way()
    bench.deliver()
    bench.wake(1000)
    assert bench.told("dev")[-1][1:] == ("firing", ["a"], [])


@pytest.mark.parametrize("resolved_first", [True, False])
def test_an_end_is_told_when_the_next_firing_never_was(resolved_first: bool) -> None:
    bench = _end_under_way()
    (again,) = bench.under_way.values()
    bench.wake(1000)
    if resolved_first:
        bench.step(AlertResolved("a"))
        bench.outcome(again, UNAVAILABLE)
    else:
        bench.outcome(again, UNAVAILABLE)
        bench.resolve("a")
    bench.answer = DELIVERED
    bench.deliver()
    bench.wake(5000)
    assert _believed(bench) == "resolved"
