"""That somebody has it, and what undoes it: whoever was told so is called again, and told again once it holds again."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import Bench, channel, configuration, rule
from tests.engine.test_taking import DELIVERED, DOWN, bench, kinds, pager

from tocsin import Outcome

WINDOW: dict[str, Any] = {}
GROUPING: dict[str, Any] = {
    "aggregator": "grouping",
    "settings": {"group_by": [], "group_wait_seconds": 0.0, "group_interval_seconds": 300.0},
}
SHAPES = pytest.mark.parametrize("options", [WINDOW, GROUPING], ids=["window", "grouping"])


@SHAPES
def test_a_rise_to_what_was_told_before_calls_again(options: dict[str, Any]) -> None:
    """The channel was told of the severity, so that it is no news; but nobody has it, and the tool believes that."""
    one = bench(**options)
    one.fire("a")
    one.wake(1)
    one.ack("a")
    one.wake(400)
    one.fire("a", "critical")
    one.wake(1000)
    one.fire("a", "error")
    one.wake(2000)
    assert kinds(one)[-1] == "acknowledged"
    one.fire("a", "critical")
    one.wake(3000)
    last = one.on("pager")[-1]
    assert (last.firing, last.severity_of("a")) == (["a"], "critical")
    assert last.kind != "acknowledged"


def test_a_rise_in_a_silence_calls_again_after_it() -> None:
    one = bench()
    one.fire("a", "critical")
    one.wake(10)
    one.fire("a", "error")
    one.ack("a")
    one.wake(20)
    assert kinds(one)[-1] == "acknowledged"
    one.silence("s", 500.0, alert_id="a")
    one.fire("a", "critical")
    one.wake(400)
    assert kinds(one)[-1] == "acknowledged"
    one.wake(1000)
    assert (kinds(one)[-1], one.on("pager")[-1].firing) == ("repeat", ["a"])


def _undone_and_done_again(one: Bench, undo: Any, again: Any) -> list[int]:
    """Return the attempts of words, of which the first failed before what it said was undone for a while."""
    one.fire("a")
    one.wake(100)
    one.deliver()
    one.ack("a")
    one.outcome(one.on("pager")[-1], DOWN)
    undo()
    again()
    one.answer = DELIVERED
    one.deliver()
    one.wake(one.at + 5000)
    return [sent.attempt for sent in one.on("pager") if sent.kind == "acknowledged"]


def test_one_that_never_arrived_is_said_again_after_a_rise_in_a_silence() -> None:
    one = bench(answer=None)

    def rise() -> None:
        one.silence("s", 100_000.0, alert_id="a")
        one.fire("a", "critical")

    assert len(_undone_and_done_again(one, rise, lambda: one.fire("a", "error"))) > 1


def test_one_that_never_arrived_is_said_again_after_a_rise_that_waits() -> None:
    one = bench(answer=None, **GROUPING)
    found = _undone_and_done_again(one, lambda: one.fire("a", "critical"), lambda: one.fire("a", "error"))
    assert len(found) > 1


@pytest.mark.parametrize("channels", [(pager(send_acknowledged=False), "chat"), ("chat",)], ids=["deaf", "gone"])
def test_one_that_never_arrived_is_said_again_after_the_channel_wanted_it_again(channels: Any) -> None:
    one = bench(answer=None)
    names = [channel_id for channel_id in ("pager", "chat") if len(channels) > 1 or channel_id == "chat"]
    deaf = configuration(*channels, rules=[rule("all", *names)])
    hears = configuration(pager(), "chat", rules=[rule("all", "pager", "chat")])
    found = _undone_and_done_again(one, lambda: one.reload(deaf), lambda: one.reload(hears))
    assert len(found) > 1


def test_a_call_that_never_arrived_has_had_its_key() -> None:
    """It may have arrived: what is said of it is said under that key, and the next call has another one."""
    one = bench(answer=None, **GROUPING)
    one.fire("a")
    one.deliver()
    one.ack("a")
    one.deliver()
    one.wake(100)
    one.fire("b")
    one.wake(310)
    failed = one.on("pager")[-1]
    assert (failed.kind, failed.notification.reopened) == ("more", 1)
    one.outcome(failed, DOWN)
    one.ack("b")
    one.wake(400)
    assert (kinds(one)[-1], one.on("pager")[-1].notification.reopened) == ("acknowledged", 1)
    one.deliver()
    one.fire("c")
    one.wake(1000)
    called = one.on("pager")[-1]
    assert (called.firing, called.notification.reopened) == (["c"], 2)


def test_a_second_attempt_has_the_key_of_the_first() -> None:
    """Whether the first failed for certain, or may have arrived."""
    for outcome in (DOWN, Outcome.unknown("nobody answered")):
        one = bench(answer=None)
        one.fire("a")
        one.deliver()
        one.ack("a")
        one.deliver()
        one.wake(100)
        one.fire("b")
        one.wake(310)
        first = one.on("pager")[-1]
        assert first.firing == ["b"]
        one.outcome(first, outcome)
        one.wake(400)
        second = one.on("pager")[-1]
        assert (second.attempt, second.notification.reopened) == (2, first.notification.reopened) == (2, 1)


def _emergency_at(*, hears: bool) -> float:
    """Return when an emergency goes out, where the receiver failed until just before."""
    brittle = channel("pager", "brittle", send_acknowledged=hears)
    one = Bench(configuration(brittle, rules=[rule("all", "pager")]), answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a")
    for at in range(1, 40):
        for sent in list(one.under_way.values()):
            one.outcome(sent, DOWN)
        one.wake(float(at))
    for sent in list(one.under_way.values()):
        one.outcome(sent, DOWN)
    one.answer = DELIVERED
    one.fire("b", "emergency", metric="disk")
    one.wake(300.0)
    return next(sent.at for sent in one.on("pager") if "b" in sent.firing)


def test_it_opens_no_circuit() -> None:
    assert _emergency_at(hears=True) == _emergency_at(hears=False)
