"""Silences and the maintenance of clusters: pending, active, expired; edited with a history; let go in the end."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engine.harness import ORIGIN, Bench, configuration, loaded

from tocsin import (
    AlertFired,
    LabelMatcher,
    Outcome,
    PerformanceAlert,
    Reason,
    Silence,
    SilenceExpired,
    SilenceSet,
    TellingDecided,
)
from tocsin.model.silence import SilenceRecord, SilenceState, create_maintenance

DELIVERED = Outcome.delivered()
DAY = 86_400.0


@pytest.fixture
def made() -> Bench:
    """Everything is told on ``dev`` at once."""
    return Bench(configuration("dev", aggregator="none"), answer=DELIVERED)


def silence(until: float, start: float = 0.0, pattern: str = "a", **fields: Any) -> Silence:
    """Silence the alert of that id, in offsets from the origin."""
    matchers = (LabelMatcher("alert_id", "=~", pattern),)
    return Silence("s", matchers, ORIGIN + start, ORIGIN + until, **fields)


def work(until: float, start: float = 0.0, cluster: str = "x") -> Silence:
    """Work on a cluster."""
    return create_maintenance("m", cluster, ORIGIN + start, ORIGIN + until, "ann", "new disks")


def record(bench: Bench, silence_id: str = "s") -> SilenceRecord:
    return bench.engine.state.silences[silence_id]


def state(bench: Bench, silence_id: str = "s") -> SilenceState:
    return record(bench, silence_id).state(ORIGIN + bench.at + bench.wall_ahead)


def reasons(bench: Bench, alert_id: str = "a") -> list[Reason]:
    decided = (e for e in bench.events if isinstance(e, TellingDecided) and e.alert_id == alert_id)
    return [e.reason for e in decided if e.action.value == "skip"]


# --- maintenance


def test_maintenance_keeps_everything_of_its_cluster_quiet_and_says_so(made: Bench) -> None:
    made.step(SilenceSet(work(100)))
    assert made.fire("a", cluster_id="x") == []
    assert made.fire("b", cluster_id="y") != []
    assert reasons(made) == [Reason.MAINTENANCE]


def test_what_still_fires_when_the_work_is_done_is_told_and_what_resolved_is_not(made: Bench) -> None:
    made.step(SilenceSet(work(100)))
    made.fire("a", cluster_id="x")
    made.fire("b", cluster_id="x")
    made.resolve("b")
    assert [(one.at, one.firing) for one in made.wake(100)] == [(100, ["a"])]
    made.wake(1000)
    assert made.told("dev") == [(100, "firing", ["a"], [])]


def test_an_end_during_the_work_is_told_to_whoever_was_told(made: Bench) -> None:
    made.fire("a", cluster_id="x")
    made.step(SilenceSet(work(100)))
    assert [one.resolved for one in made.resolve("a")] == [["a"]]


def test_of_a_silence_and_a_maintenance_the_first_by_id_gives_the_reason(made: Bench) -> None:
    made.step(SilenceSet(silence(200)), SilenceSet(work(100)))
    made.fire("a", cluster_id="x")
    assert reasons(made) == [Reason.MAINTENANCE]
    assert made.wake(100) == []
    assert reasons(made)[-1] is Reason.SILENCED
    assert [one.firing for one in made.wake(200)] == [["a"]]


# --- states and both edges


def test_it_is_pending_then_active_then_expired(made: Bench) -> None:
    made.step(SilenceSet(silence(20, start=10)))
    states = []
    for at in (0, 9.5, 10, 19.5, 20, 100):
        made.wake(at)
        states.append(state(made).value)
    assert states == ["pending", "pending", "active", "active", "expired", "expired"]


def test_what_fires_when_it_begins_is_not_repeated_and_is_not_told_again_when_it_ends(made: Bench) -> None:
    made.step(SilenceSet(silence(20, start=10)))
    made.fire("a")
    assert made.wake(1000) == []


def test_at_its_start_what_waits_is_left_out_and_at_its_end_it_is_told() -> None:
    bench = Bench(configuration("dev"), answer=DELIVERED)
    for name in ("first", "a", "b"):
        bench.fire(name)
    bench.step(SilenceSet(silence(500, start=10)))
    bench.wake(2000)
    assert bench.told("dev") == [(0, "firing", ["first"], []), (300, "more", ["b"], []), (500, "more", ["a"], [])]


def test_a_silence_in_the_past_does_nothing_and_is_kept_for_a_while(made: Bench) -> None:
    made.wake(100)
    made.step(SilenceSet(silence(50)))
    assert made.answers == (True,)
    assert state(made) is SilenceState.EXPIRED
    assert made.fire("a") != []


# --- edits


def test_an_edit_keeps_the_earlier_forms_oldest_first(made: Bench) -> None:
    first, second, third = silence(20), silence(30, comment="longer"), silence(40, created_by="ann")
    for one in (first, second, third):
        made.step(SilenceSet(one))
    assert record(made) == SilenceRecord(third, (first, second), updated_at=record(made).updated_at)


def test_one_that_changes_nothing_is_not_taken_in(made: Bench) -> None:
    made.step(SilenceSet(silence(20)))
    made.step(SilenceSet(silence(20)))
    assert made.answers == (False,)
    assert record(made).history == ()


def test_an_edit_that_shortens_it_tells_at_the_new_end(made: Bench) -> None:
    made.step(SilenceSet(silence(1000)))
    made.fire("a")
    made.step(SilenceSet(silence(50)))
    assert [(one.at, one.firing) for one in made.wake(2000)] == [(50, ["a"])]


def test_an_edit_that_lengthens_it_keeps_quiet_until_the_new_end(made: Bench) -> None:
    made.step(SilenceSet(silence(50)))
    made.fire("a")
    made.wake(10)
    made.step(SilenceSet(silence(100)))
    assert [(one.at, one.firing) for one in made.wake(2000)] == [(100, ["a"])]


def test_an_edit_of_the_matchers_tells_whom_it_matches_no_longer(made: Bench) -> None:
    made.step(SilenceSet(silence(1000)))
    made.fire("a")
    assert made.step(SilenceSet(silence(1000, pattern="b")))[0].firing == ["a"]
    assert made.fire("b") == []


def test_an_edit_that_moves_the_start_into_the_future_tells_until_then(made: Bench) -> None:
    made.step(SilenceSet(silence(1000)))
    made.fire("a")
    assert made.step(SilenceSet(silence(1000, start=500)))[0].firing == ["a"]
    made.wake(500)
    assert made.fire("a", "critical") == []


def test_an_edit_of_one_that_expired_makes_it_anew(made: Bench) -> None:
    made.step(SilenceSet(silence(1000)))
    made.step(SilenceExpired("s", "ann"))
    made.step(SilenceSet(silence(1000)))
    assert made.answers == (True,)
    assert (record(made).expired_at, record(made).history) == (None, (silence(1000),))
    assert made.fire("a") == []


def test_only_so_many_earlier_forms_are_kept(made: Bench) -> None:
    for end in range(1, 150):
        made.step(SilenceSet(silence(end)))
    assert [one.ends_at - ORIGIN for one in record(made).history] == list(range(49, 149))


# --- ended before its time


def test_who_ended_it_and_when_is_kept(made: Bench) -> None:
    made.step(SilenceSet(silence(1000)))
    made.fire("a")
    made.wake(10)
    assert [one.firing for one in made.step(SilenceExpired("s", "ann"))] == [["a"]]
    assert (record(made).expired_at, record(made).expired_by) == (ORIGIN + 10, "ann")
    assert state(made) is SilenceState.EXPIRED


def test_a_pending_one_that_is_ended_never_begins(made: Bench) -> None:
    made.step(SilenceSet(silence(1000, start=100)))
    made.step(SilenceExpired("s", "ann"))
    made.wake(200)
    assert made.fire("a") != []
    assert state(made) is SilenceState.EXPIRED


@pytest.mark.parametrize("silence_id", ["unknown", "over", "ended"])
def test_what_is_over_or_unknown_cannot_be_ended(made: Bench, silence_id: str) -> None:
    made.step(SilenceSet(attrs.evolve(silence(5), silence_id="over")))
    made.step(SilenceSet(attrs.evolve(silence(500), silence_id="ended")), SilenceExpired("ended", "ann"))
    made.wake(10)
    made.step(SilenceExpired(silence_id, "bob"))
    assert made.answers == (False,)
    assert record(made, "ended").expired_by == "ann"


# --- kept for a while


@pytest.mark.parametrize("how", ["end", "expired"])
def test_it_is_kept_as_long_as_resolved_alerts_and_then_gone(how: str) -> None:
    made = Bench(configuration("dev", retain_resolved_seconds=600.0))
    made.step(SilenceSet(silence(100)))
    over = 100.0
    if how == "expired":
        made.wake(40)
        made.step(SilenceExpired("s", "ann"))
        over = 40.0
    made.wake(over + 599)
    assert list(made.engine.state.silences) == ["s"]
    made.wake(over + 600)
    assert not made.engine.state.silences
    assert made.engine.next_deadline() is None


def test_a_reload_that_keeps_longer_holds_for_what_is_kept_already() -> None:
    made = loaded(configuration("dev", retain_resolved_seconds=600.0))
    made.step(SilenceSet(silence(100)))
    made.wake(200)
    made.reload(configuration("dev", retain_resolved_seconds=6000.0))
    made.wake(100 + 5999)
    assert list(made.engine.state.silences) == ["s"]
    made.wake(100 + 6000)
    assert not made.engine.state.silences


def test_a_restart_keeps_history_and_state(made: Bench) -> None:
    made.step(SilenceSet(silence(20)))
    made.step(SilenceSet(silence(1000)))
    made.fire("a")
    before = record(made)
    assert made.restart(30) == []
    assert record(made) == before
    assert [one.firing for one in made.wake(1000)] == [["a"]]


# --- the wall clock


def test_it_ends_when_the_wall_clock_jumps_over_its_end_and_comes_back_with_it(made: Bench) -> None:
    """Whether it lasts is read from the wall clock at every decision: nobody ended it."""
    made.step(SilenceSet(silence(1000)))
    made.fire("a")
    assert [one.firing for one in made.jump(2000)] == [["a"]]
    made.jump(-2000)
    assert state(made) is SilenceState.ACTIVE
    assert made.fire("a", "critical") == []
    assert [(one.at, one.severity_of("a")) for one in made.wake(1000)] == [(1000, "critical")]


def test_one_that_somebody_ended_does_not_come_back_when_the_wall_clock_is_set_back(made: Bench) -> None:
    made.wake(500)
    made.step(SilenceSet(silence(10_000)))
    made.step(SilenceExpired("s", "ann"))
    made.jump(-300)
    assert state(made) is SilenceState.EXPIRED
    assert made.fire("a") != []
    made.restart(600)
    assert state(made) is SilenceState.EXPIRED
    assert made.fire("aa") != []
    made.step(SilenceExpired("s", "bob"))
    assert made.answers == (False,)


def test_a_clock_that_was_set_back_makes_it_pending_again(made: Bench) -> None:
    made.step(SilenceSet(silence(20, start=10)))
    made.wake(15)
    assert made.fire("a") == []
    assert [one.firing for one in made.jump(-10)] == [["a"]]
    assert state(made) is SilenceState.PENDING
    assert made.wake(1000) == []


def test_explain_names_silence_and_maintenance(made: Bench) -> None:
    made.step(SilenceSet(silence(100)), SilenceSet(work(100)))
    alert = PerformanceAlert(alert_id="a", cluster_id="y", severity="error", metric_name="cpu")
    assert [c.reason for c in made.explain("a", cluster_id="y").channels] == [Reason.SILENCED]
    assert [c.reason for c in made.explain("b", cluster_id="x").channels] == [Reason.MAINTENANCE]
    assert made.step(AlertFired(alert)) == []


def test_a_clock_that_was_far_ahead_for_a_while_takes_no_silence_away() -> None:
    """How long one that is over is kept is counted on the engine's clock."""
    bench = Bench(configuration("dev", retain_resolved_seconds=3600.0), answer=DELIVERED)
    bench.silence("s", 5000, alert_id="a")
    bench.silence("later", 9000, start=8000, alert_id="a")
    bench.jump(1e6)
    bench.wake(60)
    bench.jump(-1e6)
    bench.fire("a")
    bench.wake(4000)
    assert bench.told("dev") == []
    bench.wake(20_000)
    assert list(bench.engine.state.silences) == []
