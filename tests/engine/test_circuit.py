"""A channel whose receiver fails again and again is left alone for a while, then probed with one attempt."""

from __future__ import annotations

import pytest
from tests.engine.harness import ORIGIN, Bench, channel, configuration, installed, rule

from tocsin import GapKind, NotificationChanged, NotificationState, Outcome, Reason
from tocsin.model.event import CircuitChanged
from tocsin.testing.recording import RecordingBackend

DOWN = Outcome.unavailable("down", retry_after_seconds=60.0)
"""The receiver asks for a minute, so that every retry's instant is known."""
NO_ANSWER = Outcome.unknown("no answer")
LATER = 100_000.0
ALL = [rule("all", "dev")]


def changes(bench: Bench) -> list[tuple[float, bool, float | None]]:
    """Return when the circuit opened and closed, and until when it is left alone."""
    return [
        (round(e.at - ORIGIN, 6), e.open, None if e.probe_at is None else round(e.probe_at - ORIGIN, 6))
        for e in bench.events
        if isinstance(e, CircuitChanged)
    ]


def opened(backend: str = "brittle", **options: object) -> Bench:
    """Return a bench whose channel failed for ``a`` and ``b``, at 0, so that its circuit is open until 10."""
    bench = Bench(configuration(channel("dev", backend, **options), rules=ALL, aggregator="none"))
    bench.outcome(bench.fire("a"), DOWN)
    bench.outcome(bench.fire("b"), DOWN)
    return bench


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    bench = Bench(configuration(channel("dev", "brittle"), aggregator="none"))
    bench.outcome(bench.fire("a"), DOWN)
    assert changes(bench) == []
    bench.outcome(bench.fire("b"), NO_ANSWER)
    assert changes(bench) == [(0, True, 10)]
    assert bench.gaps(GapKind.CIRCUIT_OPEN) == ["dev"]


@pytest.mark.parametrize("answer", [Outcome.delivered(), Outcome.rejected("no"), Outcome.throttled("slow")])
def test_any_answer_in_between_means_that_the_receiver_is_there(answer: Outcome) -> None:
    bench = Bench(configuration(channel("dev", "brittle"), aggregator="none"))
    bench.outcome(bench.fire("a"), DOWN)
    bench.outcome(bench.fire("b"), answer)
    bench.outcome(bench.fire("c"), DOWN)
    assert changes(bench) == []


def test_while_it_is_open_what_is_new_is_held_with_the_reason() -> None:
    bench = opened()
    assert bench.fire("c") == []
    last = bench.all_changes()[-1]
    assert (last.state, last.reason) == (NotificationState.HELD, Reason.CIRCUIT_OPEN)


def test_the_probe_is_alone_and_if_it_is_answered_the_rest_follows() -> None:
    bench = opened("tool")  # never merged; its circuit is the default one: five failures, 30 seconds
    for name in "cde":
        bench.outcome(bench.fire(name), DOWN)
    for name in "fgh":
        assert bench.fire(name) == []
    (probe,) = bench.wake(30)
    assert probe.at == 30
    assert bench.wake(40) == []
    rest = bench.deliver(probe)
    assert sorted(name for one in rest for name in one.firing) == ["g", "h"]
    assert changes(bench) == [(0, True, 30), (40, False, None)]


def test_what_was_held_and_never_attempted_goes_into_one_digest_with_the_probe() -> None:
    bench = opened()
    for name in "cde":
        bench.fire(name)
    (probe,) = bench.wake(10)
    assert (probe.kind, probe.firing) == ("digest", ["c", "d", "e"])
    bench.deliver(probe)
    assert changes(bench) == [(0, True, 10), (10, False, None)]
    assert [one.firing for one in bench.wake(60)] == [["a"], ["b"]]


def test_each_probe_that_fails_doubles_the_time_to_the_next_up_to_the_cap() -> None:
    bench = opened("one")
    bench.fire("c")
    instants = []
    for _ in range(4):
        while not (sent := bench.step() or bench.wake((bench.engine.next_deadline() or 0.0) - ORIGIN)):
            pass
        instants.append(round(bench.at, 6))
        bench.outcome(sent, Outcome.unavailable("down"))
    assert instants == [10, 30, 65, 100]  # 10, then 20, then 35 for 40, then 35
    assert [one for one in changes(bench) if one[1]] == [(0, True, 10)]  # told once
    assert bench.gaps(GapKind.CIRCUIT_OPEN) == ["dev"]
    assert bench.engine.state.gaps["circuit_open:dev"].count == 1


def test_attempts_that_were_under_way_when_it_opened_do_not_lengthen_it() -> None:
    """Only a probe that fails says that the receiver needs longer."""
    bench = Bench(configuration(channel("dev", "brittle"), aggregator="none"))
    under_way = [bench.fire(name)[0] for name in "abcde"]
    for one in under_way:
        bench.outcome(one, DOWN)
    assert changes(bench) == [(0, True, 10)]
    bench.fire("f")
    assert [(one.at, one.firing) for one in bench.wake(10)] == [(10, ["f"])]


def test_an_attempt_under_way_that_is_answered_closes_it() -> None:
    bench = Bench(configuration(channel("dev", "brittle"), aggregator="none"))
    a, b, c = (bench.fire(name)[0] for name in "abc")
    bench.outcome(a, DOWN)
    bench.outcome(b, DOWN)
    bench.fire("d")
    assert [one.firing for one in bench.deliver(c)] == [["d"]]


def test_it_is_still_open_after_a_restart() -> None:
    bench = opened()
    bench.fire("c")
    assert bench.restart(5) == []
    assert [(one.at, one.firing) for one in bench.wake(10)] == [(10, ["c"])]


def test_a_failing_channel_keeps_nobody_else_waiting() -> None:
    bench = Bench(configuration(channel("dev", "brittle"), "ops", rules=[rule("all", "dev", "ops")], aggregator="none"))
    for name in "abc":
        for one in bench.fire(name):
            bench.outcome(one, DOWN if one.channel_id == "dev" else Outcome.delivered())
    assert [one.firing for one in bench.on("ops")] == [["a"], ["b"], ["c"]]


def test_what_waits_for_an_open_circuit_goes_to_the_fallback_when_that_ones_turn_comes() -> None:
    dev = channel("dev", "brittle", fallback="ops", fallback_after_seconds=5.0)
    bench = Bench(configuration(dev, "ops", rules=ALL, aggregator="none"))
    bench.outcome(bench.fire("a"), DOWN)
    bench.outcome(bench.fire("b"), DOWN)
    bench.fire("c")
    bench.wake(5)
    assert sorted(bench.told("ops")) == [
        (5, "firing", ["a"], []),
        (5, "firing", ["b"], []),
        (5, "firing", ["c"], []),
    ]


def test_an_alert_that_resolves_while_the_circuit_is_open_is_not_told() -> None:
    bench = opened()
    bench.fire("c")
    bench.resolve("c")
    assert bench.wake(50) == []
    assert [c.reason for c in bench.all_changes() if c.state is NotificationState.CANCELLED] == [Reason.RESOLVED]


def test_a_retry_that_comes_due_meanwhile_waits_for_the_circuit() -> None:
    """And keeps its id and its count of attempts."""
    bench = Bench(configuration(channel("dev", "brittle"), aggregator="none"))
    (a,) = bench.fire("a")
    bench.outcome(a, Outcome.unavailable("down"))
    bench.outcome(bench.fire("b"), DOWN)
    (again,) = bench.wake(10)
    assert (again.name, again.attempt, again.at) == (a.name, 2, 10)


def test_a_limit_and_a_circuit_both_hold() -> None:
    """Here the limit's minute ends later than the circuit's time."""
    bench = opened(rate_limit_per_minute=2)
    bench.fire("c")
    bench.wake(59)
    assert len(bench.sent) == 2
    (digest,) = bench.wake(60)
    assert digest.at == 60


def test_a_backend_without_a_circuit_is_never_left_alone() -> None:
    registry = installed(RecordingBackend("stubborn", circuit=None))
    bench = Bench(configuration(channel("dev", "stubborn"), aggregator="none"), registry=registry)
    for place in range(20):
        bench.outcome(bench.fire(f"a{place}"), DOWN)
    assert changes(bench) == []


def test_explain_names_the_circuit() -> None:
    bench = opened()
    (found,) = bench.explain("c").channels
    assert (found.action.value, found.reason) == ("hold", Reason.CIRCUIT_OPEN)


def test_the_events_read_in_order() -> None:
    """The circuit's event comes with the attempt that opened it, before anything that it holds."""
    bench = opened()
    bench.fire("c")
    kinds = [e for e in bench.events if isinstance(e, CircuitChanged | NotificationChanged)]
    opening = next(place for place, e in enumerate(kinds) if isinstance(e, CircuitChanged))
    held = [place for place, e in enumerate(kinds) if isinstance(e, NotificationChanged) and e.state.value == "held"]
    assert held
    assert opening < min(held)
