"""Notifications that ended undelivered are kept, and sent again under their own id when somebody asks."""

from __future__ import annotations

import pytest
from tests.engine.harness import FEW_ATTEMPTS, Bench, Sent, channel, configuration, fired, incident_tool, rule

from tocsin import AlertResolved, NotificationState, Outcome, Reason, Redriven

DOWN = Outcome.unavailable("down")
NO = Outcome.rejected("no")
UNKNOWN = Outcome.unknown("no answer")
LATER = 700_000.0


def rejected(bench: Bench, alert_id: str = "a", severity: str = "error", **fields: str) -> Sent:
    """An alert's notification is refused for good."""
    (sent,) = bench.fire(alert_id, severity, **fields)
    bench.outcome(sent, NO)
    return sent


def exhausted(bench: Bench, outcome: Outcome) -> Sent:
    """Every attempt for ``a`` ends like that, until it is given up; return the last."""
    sent = bench.fire("a")
    while sent:
        bench.outcome(sent, outcome)
        last = sent[0]
        sent = bench.wake(bench.at + FEW_ATTEMPTS.cap_seconds)
    return last


@pytest.fixture
def frail() -> Bench:
    """A channel that gives up after four attempts."""
    return Bench(configuration(channel("dev", "frail")))


@pytest.mark.parametrize(("outcome", "state"), [(DOWN, "dead"), (UNKNOWN, "unknown")])
def test_it_is_sent_again_with_the_same_id_and_the_next_attempt_number(
    frail: Bench, outcome: Outcome, state: str
) -> None:
    last = exhausted(frail, outcome)
    assert last.attempt == 4
    assert frail.ended() == [("dev", state)]
    (again,) = frail.redrive(last)
    assert (again.name, again.attempt, again.firing) == (last.name, 5, ["a"])
    frail.deliver(again)
    assert frail.changes(last.name)[-3:] == ["queued", "sending", "delivered"]
    assert not frail.engine.state.undelivered


def test_it_may_be_tried_as_often_again_as_the_first_time(frail: Bench) -> None:
    last = exhausted(frail, DOWN)
    sent = frail.redrive(last)
    while sent:
        frail.outcome(sent, DOWN)
        last = sent[0]
        sent = frail.wake(frail.at + FEW_ATTEMPTS.cap_seconds)
    assert last.attempt == 8
    assert list(frail.engine.state.undelivered) == [last.name]


def test_its_retries_come_as_soon_as_the_first_time() -> None:
    """What it took before does not count: the longest wait doubles from the first attempt on."""
    for seed in range(20):
        bench = Bench(configuration("dev"), seed=seed)
        sent = bench.fire("a")
        while sent:
            bench.outcome(sent, DOWN)
            last = sent[0]
            sent = bench.wake(bench.at + 3600.0)
        again = bench.redrive(last)
        at, longest = bench.at, 2.0 * bench.plan.channels["dev"].spec.retry.base_seconds
        bench.outcome(again, DOWN)
        assert bench.wake(at + longest) != []


def test_a_rejected_one_can_be_sent_again(bench: Bench) -> None:
    sent = rejected(bench)
    assert [one.name for one in bench.redrive(sent)] == [sent.name]


def test_what_is_not_kept_cannot_be_sent_again(bench: Bench) -> None:
    """One that is under way, one that was delivered, one that nobody knows, one that is sent again already."""
    (sent,) = bench.fire("a")
    assert bench.redrive(sent) == []
    assert bench.answers == (False,)
    bench.deliver(sent)
    bench.redrive(sent)
    assert bench.answers == (False,)
    other = rejected(bench, "b", metric="disk")
    bench.redrive(other)
    bench.redrive(other)
    assert bench.answers == (False,)


@pytest.mark.parametrize("shut", ["resolve", "ack", "silence", "snooze"])
def test_one_with_nothing_worth_telling_is_refused_and_kept(bench: Bench, shut: str) -> None:
    sent = rejected(bench)
    if shut == "resolve":
        bench.resolve("a")
    elif shut == "ack":
        bench.ack("a")
    elif shut == "snooze":
        bench.snooze("a", 1000)
    else:
        bench.silence("s", until=1000, alert_id="a")
    before = list(bench.engine.state.undelivered)
    assert bench.redrive(sent) == []
    assert bench.answers == (False,)
    assert list(bench.engine.state.undelivered) == before == [sent.name]


def test_one_whose_channel_is_gone_or_switched_off_is_refused(bench: Bench) -> None:
    sent = rejected(bench)
    for config in (configuration("ops"), configuration(channel("dev", enabled=False))):
        bench.reload(config)
        assert bench.redrive(sent) == []
        assert bench.answers == (False,)


def test_what_is_not_worth_telling_any_more_is_left_out(bench: Bench) -> None:
    (sent,) = bench.step(fired("a"), fired("b"))
    bench.outcome(sent, NO)
    bench.ack("a")
    (again,) = bench.redrive(sent)
    assert (again.name, again.firing) == (sent.name, ["b"])


def test_it_shows_the_alert_as_it_is_now(bench: Bench) -> None:
    sent = rejected(bench)
    bench.fire("a", message="worse than it was")
    (again,) = bench.redrive(sent)
    assert [listed.alert.message for listed in again.notification.firing] == ["worse than it was"]


def test_one_whose_line_is_busy_goes_next(bench: Bench) -> None:
    sent = rejected(bench)
    (other,) = bench.fire("b", "critical")
    assert bench.redrive(sent) == []
    assert bench.answers == (True,)
    assert [(one.name, one.firing) for one in bench.deliver(other)] == [(sent.name, ["a"])]


def test_what_the_channel_heard_meanwhile_is_not_told_twice(bench: Bench) -> None:
    """The alert grew worse after its notification was refused, and was told: sending the first again says nothing."""
    sent = rejected(bench)
    (worse,) = bench.fire("a", "critical")
    bench.deliver(worse)
    assert bench.redrive(sent) == []
    assert bench.answers == (False,)


def test_what_the_channel_hears_while_it_waits_is_not_told_twice(bench: Bench) -> None:
    sent = rejected(bench)
    (worse,) = bench.fire("a", "critical")
    assert bench.redrive(sent) == []
    assert bench.answers == (True,)
    assert bench.deliver(worse) == []
    last = [change for change in bench.all_changes() if change.notification_id == sent.name][-1]
    assert (last.state, last.reason) == (NotificationState.CANCELLED, Reason.ALREADY_TOLD)
    assert bench.wake(LATER) == []


def test_one_that_may_have_arrived_is_sent_again_although_the_channel_counts_as_told(frail: Bench) -> None:
    last = exhausted(frail, UNKNOWN)
    assert [one.name for one in frail.redrive(last)] == [last.name]


def test_a_resolution_can_be_sent_again(bench: Bench) -> None:
    bench.deliver(*bench.fire("a"))
    (end,) = bench.resolve("a")
    bench.outcome(end, NO)
    (again,) = bench.redrive(end)
    assert (again.name, again.kind, again.resolved) == (end.name, "resolved", ["a"])


@pytest.mark.parametrize("tool", [False, True])
def test_a_resolution_is_refused_once_the_alert_fires_again_in_the_same_incident(tool: bool) -> None:
    """It would look as if what fires now had ended."""
    dev = incident_tool("dev") if tool else "dev"
    bench = Bench(configuration(dev, settings={"window_seconds": 3000, "resolve_seconds": 60}))
    bench.deliver(*bench.step(fired("a"), fired("b")))
    assert bench.resolve("a") == []
    (end,) = bench.wake(60)
    bench.outcome(end, NO)
    assert end.resolved == ["a"]
    (again,) = bench.fire("a", "critical")
    assert again.notification.incident_id == end.notification.incident_id
    bench.deliver(again)
    assert bench.redrive(end) == []
    assert bench.answers == (False,)


def test_after_a_firing_was_sent_again_its_resolution_follows(bench: Bench) -> None:
    sent = rejected(bench)
    bench.deliver(*bench.redrive(sent))
    assert [(one.kind, one.resolved) for one in bench.resolve("a")] == [("resolved", ["a"])]


def test_an_alert_that_resolves_while_it_is_sent_again_is_not_told(bench: Bench) -> None:
    sent = rejected(bench)
    (again,) = bench.redrive(sent)
    bench.resolve("a")
    bench.outcome(again, DOWN)
    assert bench.wake(LATER) == []


def limited_digest() -> tuple[Bench, Sent]:
    """A digest of ``b`` (which fires) and of the end of ``a`` (which was told) is refused."""
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1), aggregator="none"))
    bench.deliver(*bench.fire("a"))
    bench.resolve("a")
    bench.fire("b")
    (digest,) = bench.wake(60)
    assert (digest.kind, digest.firing, digest.resolved) == ("digest", ["b"], ["a"])
    bench.outcome(digest, NO)
    return bench, digest


def test_what_a_digest_listed_is_owed_anew_by_each_of_its_lines() -> None:
    bench, digest = limited_digest()
    bench.redrive(digest)
    assert bench.answers == (True,)
    (again,) = bench.wake(120)
    assert (again.firing, again.resolved) == (["b"], ["a"])
    assert again.name != digest.name


def test_a_digest_of_which_only_an_end_is_left_tells_that() -> None:
    bench, digest = limited_digest()
    bench.resolve("b")
    bench.redrive(digest)
    assert [(one.firing, one.resolved) for one in bench.wake(120)] == [([], ["a"])]


def test_one_that_an_open_circuit_kept_back_until_its_fallback_was_told_can_be_sent_again() -> None:
    dev = channel("dev", "brittle", fallback="ops", fallback_after_seconds=5.0)
    bench = Bench(configuration(dev, "ops", rules=[rule("all", "dev")], aggregator="none"))
    for name in "ab":
        bench.outcome(bench.fire(name), DOWN)
    bench.fire("c")
    bench.wake(5)
    (kept,) = [out for out in bench.engine.state.undelivered.values() if out.attempts == 0]
    assert list(kept.listed) == ["1:c"]
    bench.deliver()
    bench.wake(20)
    bench.deliver()
    bench.step(Redriven(kept.notification_id))
    assert bench.answers == (True,)
    bench.wake(60)
    assert [one.firing for one in bench.on("dev")][-1] == ["c"]


def test_they_are_kept_for_so_long_and_then_gone(bench: Bench) -> None:
    config = configuration("dev", retain_deliveries_seconds=100.0)
    bench.reload(config)
    sent = rejected(bench)
    bench.wake(99)
    assert list(bench.engine.state.undelivered) == [sent.name]
    bench.wake(100)
    assert not bench.engine.state.undelivered
    assert bench.redrive(sent) == []


def test_they_are_kept_over_a_restart(frail: Bench) -> None:
    last = exhausted(frail, DOWN)
    frail.restart(frail.at + 10)
    assert [one.name for one in frail.redrive(last)] == [last.name]


def test_a_restart_while_one_waits_for_its_line_forgets_nothing(bench: Bench) -> None:
    sent = rejected(bench)
    (other,) = bench.fire("b", "critical")
    bench.redrive(sent)
    (resent,) = bench.restart(10)
    assert resent.name == other.name
    assert [one.name for one in bench.deliver(resent)] == [sent.name]


def test_an_incident_that_is_forgotten_leaves_nothing_to_send(bench: Bench) -> None:
    bench.reload(configuration("dev", retain_resolved_seconds=10.0))
    sent = rejected(bench)
    bench.step(AlertResolved("a"))
    bench.wake(20)
    assert not bench.engine.state.episodes
    assert bench.redrive(sent) == []
    assert bench.answers == (False,)
    assert list(bench.engine.state.undelivered) == [sent.name]


def test_an_alert_that_fires_after_it_was_forgotten_is_another_one(bench: Bench) -> None:
    """Its first episode is called as the forgotten one was, and is none of the old notification's."""
    bench.reload(configuration("dev", retain_resolved_seconds=10.0))
    sent = rejected(bench)
    bench.step(AlertResolved("a"))
    bench.wake(20)
    bench.outcome(bench.fire("a"), NO)
    assert list(bench.engine.state.episodes) == ["1:a"]
    assert bench.redrive(sent) == []
    assert bench.answers == (False,)


def test_a_refusal_changes_nothing_that_is_kept() -> None:
    """What is refused is not journaled, so it must not touch the records either."""
    bench = Bench(
        configuration(channel("dev", rate_limit_per_minute=1), aggregator="none", retain_resolved_seconds=10.0)
    )
    bench.fire("a")
    bench.resolve("a")
    bench.outcome(bench.on("dev")[0], UNKNOWN)
    for name in "bc":
        bench.fire(name)
    (digest,) = bench.wake(60)
    bench.outcome(digest, NO)
    bench.resolve("b", "c")
    bench.wake(1000)
    listed = {name: dict(out.listed) for name, out in bench.engine.state.undelivered.items()}
    assert digest.name in listed
    assert bench.redrive(digest) == []
    assert {name: dict(out.listed) for name, out in bench.engine.state.undelivered.items()} == listed


def test_what_it_told_is_not_told_again_at_the_groups_flush() -> None:
    """Its severity rose meanwhile, and the one that was sent again shows that."""
    settings = {"group_wait_seconds": 0, "group_interval_seconds": 10_000}
    frail = Bench(configuration(channel("dev", "frail"), aggregator="grouping", settings=settings))
    last = exhausted(frail, UNKNOWN)
    frail.fire("a", "critical")
    (again,) = frail.redrive(last)
    frail.deliver(again)
    assert again.severity_of("a") == "critical"
    assert frail.wake(10_000) == []
