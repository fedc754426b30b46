"""What becomes of an attempt that failed: another one, the fallback channel, or a gap that everybody can see."""

from __future__ import annotations

import pytest
from tests.engine.harness import FEW_ATTEMPTS, ORIGIN, Bench, Sent, channel, configuration, fired, rule

from tocsin import GapKind, NotificationState, Outcome, OutcomeStatus

DOWN = Outcome.unavailable("down")
DELIVERED = Outcome.delivered()
LATER = 100_000.0
TO_DEV = [rule("all", "dev")]


def next_attempt(bench: Bench) -> Sent:
    """Let time pass until an attempt starts."""
    while (deadline := bench.engine.next_deadline()) is not None:
        sent = bench.wake(deadline - ORIGIN)
        if sent:
            (one,) = sent
            return one
    raise AssertionError("nothing is tried again")


# --- retries


@pytest.mark.parametrize("seed", range(20))
def test_the_nth_retry_comes_within_the_bounds_of_full_jitter(seed: int) -> None:
    """At most base * 2**n seconds after the n-th attempt, never more than the cap."""
    bench = Bench(configuration("dev"), seed=seed)
    (sent,) = bench.fire("a")
    for n in range(1, 11):
        ended = bench.at
        bench.outcome(sent, DOWN)
        sent = next_attempt(bench)
        assert sent.attempt == n + 1
        assert 0.0 <= sent.at - ended <= min(300.0, 2.0 * 2.0**n) + 1e-6


def test_the_jitter_is_spread_over_its_whole_range_and_depends_on_the_seed_alone() -> None:
    def first_retry(seed: int) -> float:
        bench = Bench(configuration("dev"), seed=seed, checked=False)
        bench.outcome(bench.fire("a"), DOWN)
        return next_attempt(bench).at

    delays = [first_retry(seed) for seed in range(100)]
    assert delays == [first_retry(seed) for seed in range(100)]
    assert min(delays) < 1.0 < 3.0 < max(delays)
    assert 1.5 < sum(delays) / len(delays) < 2.5


@pytest.mark.parametrize("status", [OutcomeStatus.UNAVAILABLE, OutcomeStatus.THROTTLED])
def test_retry_after_is_honoured(status: OutcomeStatus) -> None:
    bench = Bench(configuration("dev"))
    bench.outcome(bench.fire("a"), Outcome(status, "later", 429, 120.0))
    assert next_attempt(bench).at == pytest.approx(120.0, abs=1e-3)


def test_retry_after_never_shortens_the_wait() -> None:
    """Asked to come back at once, the engine still backs off."""
    hasty, plain = (Bench(configuration("dev")), Bench(configuration("dev")))
    hasty.outcome(hasty.fire("a"), Outcome.throttled("now", retry_after_seconds=0.0))
    plain.outcome(plain.fire("a"), DOWN)
    assert next_attempt(hasty).at == next_attempt(plain).at > 0


def test_after_the_last_attempt_it_is_dead_and_a_gap() -> None:
    bench = Bench(configuration(channel("dev", "frail")), answer=DOWN)
    bench.fire("a")
    bench.wake(LATER)
    assert [one.attempt for one in bench.sent] == [1, 2, 3, 4] == list(range(1, FEW_ATTEMPTS.max_attempts + 1))
    assert len({one.name for one in bench.sent}) == 1
    assert bench.ended() == [("dev", "dead")]
    assert bench.gaps(GapKind.UNDELIVERED) == ["dev"]


@pytest.mark.parametrize(("asked", "dead"), [(100.0, False), (100.5, True)])
def test_an_attempt_that_would_come_too_late_is_not_made(asked: float, dead: bool) -> None:
    """The age counts from the first attempt's start."""
    bench = Bench(configuration(channel("dev", "frail")))
    bench.outcome(bench.fire("a"), Outcome.throttled("later", retry_after_seconds=asked))
    assert bench.ended() == ([("dev", "dead")] if dead else [])


def test_a_rejection_is_final() -> None:
    bench = Bench(configuration("dev"), answer=Outcome.rejected("no such room"))
    bench.fire("a")
    assert bench.wake(LATER) == []
    assert bench.ended() == [("dev", "rejected")]
    assert bench.gaps(GapKind.UNDELIVERED) == ["dev"]


def test_an_unknown_outcome_is_tried_again_with_the_same_id() -> None:
    bench = Bench(configuration("dev"))
    (sent,) = bench.fire("a")
    bench.outcome(sent, Outcome.unknown("no answer"))
    again = next_attempt(bench)
    assert (again.name, again.attempt) == (sent.name, 2)
    bench.deliver(again)
    assert bench.changes(sent.name)[-1] is NotificationState.DELIVERED


def test_what_may_have_arrived_is_never_called_dead() -> None:
    bench = Bench(configuration(channel("dev", "frail")))
    bench.outcome(bench.fire("a"), Outcome.unknown("no answer"))
    bench.answer = DOWN
    bench.wake(LATER)
    assert bench.ended() == [("dev", "unknown")]


def test_a_report_on_an_attempt_that_ended_already_is_stale() -> None:
    bench = Bench(configuration("dev"))
    (sent,) = bench.fire("a")
    bench.outcome(sent, DOWN)
    bench.outcome(sent, DELIVERED)
    assert bench.answers == (False,)


# --- fallbacks


def test_what_a_channel_rejects_is_told_through_its_fallback_at_once() -> None:
    bench = Bench(configuration(channel("dev", fallback="spare"), "spare", rules=TO_DEV))
    (handed,) = bench.outcome(bench.fire("a"), Outcome.rejected("no"))
    assert (handed.channel_id, handed.kind, handed.firing) == ("spare", "firing", ["a"])
    assert bench.gaps(GapKind.UNDELIVERED) == []


def test_what_dies_is_told_through_the_fallback() -> None:
    dev = channel("dev", "frail", fallback="spare", fallback_after_seconds=9999.0)
    bench = Bench(configuration(dev, "spare", rules=TO_DEV))
    (sent,) = bench.fire("a")
    for _ in range(3):
        bench.outcome(sent, DOWN)
        sent = next_attempt(bench)
    (handed,) = bench.outcome(sent, DOWN)
    assert (handed.channel_id, handed.firing) == ("spare", ["a"])


def test_what_is_undelivered_after_its_time_is_told_through_the_fallback() -> None:
    dev = channel("dev", fallback="spare", fallback_after_seconds=120.0)
    bench = Bench(configuration(dev, "spare", rules=TO_DEV))
    bench.outcome(bench.fire("a"), Outcome.unavailable("down", retry_after_seconds=1000.0))
    bench.answer = DELIVERED
    bench.wake(LATER)
    assert [(one.at, one.channel_id) for one in bench.sent] == [(0, "dev"), (120, "spare")]
    assert bench.ended() == [("dev", "dead")]


def test_an_attempt_under_way_when_the_time_is_up_is_waited_for() -> None:
    """Only if it fails is the fallback told."""
    for outcome, channels in ((DELIVERED, ["dev"]), (DOWN, ["dev", "spare"])):
        dev = channel("dev", fallback="spare", fallback_after_seconds=5.0)
        bench = Bench(configuration(dev, "spare", rules=TO_DEV))
        (sent,) = bench.fire("a")
        assert bench.wake(50) == []
        bench.outcome(sent, outcome)
        bench.deliver()
        bench.wake(LATER)
        assert [one.channel_id for one in bench.sent] == channels


def test_what_a_limit_holds_is_delayed_and_not_handed_over() -> None:
    dev = channel("dev", fallback="spare", fallback_after_seconds=5.0, rate_limit_per_minute=1)
    bench = Bench(configuration(dev, "spare", rules=TO_DEV), answer=DELIVERED)
    bench.fire("a", metric="m1")
    bench.fire("b", metric="m2")
    bench.wake(LATER)
    assert [(one.at, one.channel_id) for one in bench.sent] == [(0, "dev"), (60, "dev")]


def held_digest(fallback_after: float) -> tuple[Bench, Sent]:
    """Return a bench with the first attempt of a digest of two alerts under way, after one delivery."""
    dev = channel("dev", fallback="spare", fallback_after_seconds=fallback_after, rate_limit_per_minute=1)
    bench = Bench(configuration(dev, "spare", rules=TO_DEV))
    bench.outcome(bench.fire("a", metric="a"), DELIVERED)
    assert bench.fire("b", metric="b") == []
    assert bench.fire("c", metric="c") == []
    (digest,) = bench.wake(60)
    assert digest.kind == "digest"
    return bench, digest


def test_a_digest_that_is_undelivered_after_its_time_is_told_through_the_fallback() -> None:
    """A storm is when it matters most."""
    bench, digest = held_digest(120.0)
    bench.outcome(digest, DOWN)
    told: list[Sent] = []
    while not any(sent.channel_id == "spare" for sent in told):
        told = bench.wake((bench.engine.next_deadline() or 0.0) - ORIGIN)
        for sent in told:
            if sent.channel_id == "dev":
                bench.outcome(sent, DOWN)
    assert bench.at <= 121.0
    assert sorted(one for sent in told for one in sent.firing) == ["b", "c"]


def test_a_digest_of_a_channel_that_vanishes_is_told_through_its_fallback() -> None:
    bench, digest = held_digest(3000.0)
    bench.outcome(digest, DOWN)
    told = bench.reload(configuration("spare", rules=TO_DEV))
    assert sorted(one for sent in told for one in sent.firing) == ["b", "c"]


def test_fallbacks_form_a_chain() -> None:
    chain = [channel("dev", fallback="second"), channel("second", fallback="third"), channel("third")]
    bench = Bench(configuration(*chain, rules=TO_DEV))
    sent = bench.fire("a")
    while sent[0].channel_id != "third":
        sent = bench.outcome(sent, Outcome.rejected("no"))
    assert [one.channel_id for one in bench.sent] == ["dev", "second", "third"]
    assert bench.gaps(GapKind.UNDELIVERED) == []


def test_a_loop_of_fallbacks_ends_in_a_gap() -> None:
    loop = [channel("dev", fallback="other"), channel("other", fallback="dev")]
    bench = Bench(configuration(*loop, rules=TO_DEV), answer=Outcome.rejected("no"))
    bench.fire("a")
    assert [one.channel_id for one in bench.sent] == ["dev", "other"]
    assert bench.gaps(GapKind.UNDELIVERED) == ["other"]
    assert bench.wake(LATER) == []


@pytest.mark.parametrize("spare", [channel("spare", enabled=False), channel("spare", min_severity="critical")])
def test_a_fallback_that_may_not_tell_it_is_a_gap(spare: object) -> None:
    config = configuration(channel("dev", fallback="spare"), spare, rules=TO_DEV)  # type: ignore[arg-type]
    bench = Bench(config, answer=Outcome.rejected("no"))
    assert [one.channel_id for one in bench.fire("a")] == ["dev"]
    assert bench.gaps(GapKind.UNDELIVERED) == ["dev"]


def test_a_channel_that_failed_once_is_tried_again_for_what_comes_later() -> None:
    """``dev`` was stood in for by ``spare``, which is well: of a rise it hears first, and stands in for nobody."""
    bench = Bench(configuration(channel("dev", fallback="spare"), channel("spare", fallback="dev")))
    bench.outcome(bench.fire("a"), Outcome.rejected("gone"))
    bench.deliver()
    rules = [rule("all", "spare")]
    bench.reload(configuration(channel("dev", fallback="spare"), channel("spare", fallback="dev"), rules=rules))
    bench.outcome(bench.fire("a", "critical"), Outcome.rejected("gone"))
    assert bench.told("dev")[-1][1:] == ("firing", ["a"], [])
    bench.deliver()
    assert bench.gaps(GapKind.UNDELIVERED) == []


def test_a_fallback_that_knew_already_can_fail_later_and_be_stood_in_for() -> None:
    """That it was asked to stand in, and had nothing to do, is no failure of the other."""
    made = (channel("dev", fallback="spare"), channel("spare", fallback="dev"))
    bench = Bench(configuration(*made, rules=[rule("all", "dev", "spare")]))
    to_dev, to_spare = sorted(bench.fire("a"), key=lambda one: one.channel_id)
    bench.deliver(to_spare)
    bench.outcome(to_dev, Outcome.rejected("gone"))
    bench.reload(configuration(*made, rules=[rule("all", "spare")]))
    bench.outcome(bench.fire("a", "critical"), Outcome.rejected("gone"))
    assert bench.told("dev")[-1][1:] == ("firing", ["a"], [])


def test_a_fallback_that_knows_already_is_not_told_twice() -> None:
    config = configuration(channel("dev", fallback="spare"), "spare", rules=[rule("all", "spare", "dev")])
    bench = Bench(config)
    spare, dev = bench.fire("a")
    bench.deliver(spare)
    assert bench.outcome(dev, Outcome.rejected("no")) == []
    assert bench.gaps(GapKind.UNDELIVERED) == []


def test_the_resolution_goes_to_the_fallback_that_was_told_and_not_to_the_channel_that_was_not() -> None:
    bench = Bench(configuration(channel("dev", fallback="spare"), "spare", rules=TO_DEV))
    bench.deliver(*bench.outcome(bench.fire("a"), Outcome.rejected("no")))
    assert [(one.channel_id, one.kind) for one in bench.resolve("a")] == [("spare", "resolved")]


def test_a_digest_that_is_rejected_is_handed_over_whole() -> None:
    dev = channel("dev", rate_limit_per_minute=1, fallback="spare")
    bench = Bench(configuration(dev, "spare", rules=TO_DEV))
    bench.deliver(*bench.fire("spent", metric="m0"))
    bench.step(fired("a", metric="m1"), fired("b", metric="m2"))
    (digest,) = bench.wake(60)
    assert digest.kind == "digest"
    handed = bench.outcome(digest, Outcome.rejected("no"))
    assert sorted(name for one in handed for name in one.firing) == ["a", "b"]
    assert {one.channel_id for one in handed} == {"spare"}


def test_the_fallback_is_told_even_after_a_restart() -> None:
    dev = channel("dev", fallback="spare", fallback_after_seconds=120.0)
    bench = Bench(configuration(dev, "spare", rules=TO_DEV))
    bench.outcome(bench.fire("a"), Outcome.unavailable("down", retry_after_seconds=1000.0))
    assert [one.channel_id for one in bench.restart(500)] == ["spare"]


def test_what_waits_behind_attempts_that_hang_is_told_through_the_fallback_in_time() -> None:
    dev = channel("dev", "single", fallback="spare", fallback_after_seconds=120.0)
    bench = Bench(configuration(dev, "spare", rules=TO_DEV, aggregator="none"))
    bench.fire("hangs")
    bench.fire("waits")
    bench.wake(200)
    assert bench.told("spare") == [(120, "firing", ["waits"], [])]


@pytest.mark.parametrize("asleep", [True, False])
def test_what_nobody_could_try_in_time_is_tried_first(asleep: bool) -> None:
    """The process slept, or was down: the channel has not failed."""
    dev = channel("dev", "single", fallback="spare", fallback_after_seconds=120.0)
    bench = Bench(configuration(dev, "spare", rules=TO_DEV, aggregator="none"))
    bench.fire("under way")
    bench.fire("waits")
    if asleep:
        bench.oversleep(5000)
    else:
        bench.restart(5000)
    assert bench.on("spare") == []
    bench.answer = DELIVERED
    bench.deliver()
    bench.wake(6000)
    assert bench.on("spare") == []
    assert "waits" in [name for one in bench.on("dev") for name in one.firing]
