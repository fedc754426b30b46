"""Reminders: what comes back when an acknowledgement or a snooze ends is told again, once, in a group at a flush."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import Bench, channel, configuration, fired, loaded

from tocsin import Outcome

DELIVERED = Outcome.delivered()
MANY = 150
"""More than the deadlines that one step meets."""


def bench(**options: Any) -> Bench:
    """A bench whose attempts all end well, with one channel, ``dev``."""
    return loaded(configuration("dev", **options), answer=DELIVERED, checked=False)


def grouped(**settings: Any) -> Bench:
    """The same, with flushes at 30, 330, 630 and so on."""
    settings.setdefault("repeat_interval_seconds", 3600)
    return bench(aggregator="grouping", settings={"group_wait_seconds": 30, "group_interval_seconds": 300, **settings})


def attend(made: Bench, how: str, target: str, seconds: float) -> None:
    """Let somebody take it, or put it off, for so long."""
    if how == "acknowledge":
        made.ack(target, for_seconds=seconds)
    else:
        made.snooze(target, seconds)


def incident_of(made: Bench) -> str:
    """Return the only incident."""
    (incident_id,) = made.engine.state.incidents
    return incident_id


both = pytest.mark.parametrize("how", ["acknowledge", "snooze"])


@pytest.mark.parametrize("aggregator", ["grouping", "window"])
def test_a_reminder_that_comes_due_while_one_is_sent_is_not_sent_beside_it(aggregator: str) -> None:
    """The limit held it for as long as the interval; whoever hears of all that fires needs no other word."""
    times = {"group_wait_seconds": 0, "group_interval_seconds": 10} if aggregator == "grouping" else {}
    settings = {**times, "repeat_interval_seconds": 60}
    made = loaded(configuration("dev", aggregator=aggregator, settings=settings), checked=False)
    made.deliver(*made.fire("a"))
    (reminder,) = made.wake(60)
    made.outcome(reminder, Outcome.unavailable("down", retry_after_seconds=50))
    (again,) = made.wake(110)
    made.wake(125)
    made.outcome(again, DELIVERED)
    made.wake(170)
    assert [(one.at, one.kind, one.attempt) for one in made.sent] == [
        (0, "firing", 1),
        (60, "repeat", 1),
        (110, "repeat", 2),
    ]


@both
def test_an_incident_of_many_comes_back_as_one_reminder(how: str) -> None:
    made = bench()
    made.step(*(fired(f"a{number:03}") for number in range(MANY)))
    attend(made, how, incident_of(made), 600.0)
    made.wake(3600)
    assert [(one.at, one.kind, len(one.firing)) for one in made.sent] == [(0, "firing", MANY), (600, "repeat", MANY)]


@both
def test_of_many_that_were_never_told_each_is_told_once(how: str) -> None:
    """In as many notifications as it takes steps to find out, at most."""
    made = bench()
    made.silence("s", until=50.0, metric_name="cpu")
    made.step(*(fired(f"a{number:03}") for number in range(MANY)))
    attend(made, how, incident_of(made), 600.0)
    made.wake(3600)
    assert [(one.at, one.kind) for one in made.sent] == [(600, "firing"), (600, "more")]
    assert sorted(name for one in made.sent for name in one.firing) == [f"a{number:03}" for number in range(MANY)]


def test_what_was_acknowledged_again_meanwhile_stays_away() -> None:
    made = bench()
    made.step(*(fired(f"a{number}") for number in range(3)))
    made.ack(incident_of(made), for_seconds=600.0)
    made.wake(10)
    made.ack("a1", for_seconds=900.0)
    made.wake(3600)
    assert made.told("dev")[1:] == [(600, "repeat", ["a0", "a2"], []), (910, "repeat", ["a0", "a1", "a2"], [])]


@both
def test_a_group_reminds_at_a_flush(how: str) -> None:
    made = grouped()
    made.fire("a")
    made.wake(40)
    attend(made, how, "a", 100.0)
    made.wake(3000)
    assert made.told("dev") == [(30, "firing", ["a"], []), (330, "repeat", ["a"], [])]


@both
def test_an_end_at_a_flush_is_told_at_that_one(how: str) -> None:
    made = grouped()
    made.fire("a")
    made.wake(40)
    attend(made, how, "a", 590.0)
    made.wake(3000)
    assert made.told("dev") == [(30, "firing", ["a"], []), (630, "repeat", ["a"], [])]


def test_what_is_new_at_that_flush_is_told_beside_it() -> None:
    made = grouped()
    made.fire("a")
    made.wake(40)
    made.ack("a", for_seconds=100.0)
    made.fire("b")
    made.wake(3000)
    assert made.told("dev") == [(30, "firing", ["a"], []), (330, "more", ["a", "b"], [])]


def test_a_repeat_that_an_acknowledgement_kept_back_comes_at_the_flush_after_it() -> None:
    made = grouped()
    made.fire("a")
    made.wake(40)
    made.ack("a", for_seconds=4000.0)
    made.wake(9000)
    assert made.told("dev") == [
        (30, "firing", ["a"], []),
        (4230, "repeat", ["a"], []),
        (7830, "repeat", ["a"], []),
    ]


def test_a_group_that_resolves_before_the_flush_reminds_nobody() -> None:
    made = grouped()
    made.fire("a")
    made.wake(40)
    made.ack("a", for_seconds=100.0)
    made.wake(200)
    made.resolve("a")
    made.wake(9000)
    assert made.told("dev") == [(30, "firing", ["a"], []), (330, "resolved", [], ["a"])]


def test_without_a_repeat_interval_a_group_reminds_all_the_same() -> None:
    made = grouped(repeat_interval_seconds=None)
    made.fire("a")
    made.wake(40)
    made.ack("a", for_seconds=100.0)
    made.wake(90_000)
    assert made.told("dev") == [(30, "firing", ["a"], []), (330, "repeat", ["a"], [])]


@both
@pytest.mark.parametrize("repeat", [None, 3600])
def test_who_came_back_while_another_is_told_is_reminded_of_at_the_next_flush(how: str, repeat: int | None) -> None:
    made = grouped(repeat_interval_seconds=repeat)
    made.fire("a")
    made.wake(40)
    made.answer = None
    attend(made, how, "a", 300.0)  # until 340
    made.fire("b")
    (slow,) = made.wake(330)
    made.wake(345)
    made.deliver(slow)
    made.answer = DELIVERED
    made.wake(700)
    assert [(one.at, one.firing) for one in made.sent[1:]] == [(330, ["b"]), (630, ["a", "b"])]


@both
@pytest.mark.parametrize("repeat", [None, 3600])
def test_who_came_back_and_was_told_beside_what_is_new_is_not_reminded_of(how: str, repeat: int | None) -> None:
    """The limit held that until he was back, and it lists all that fires."""
    settings = {"group_wait_seconds": 30, "group_interval_seconds": 25, "repeat_interval_seconds": repeat}
    limited = channel("dev", rate_limit_per_minute=1)
    made = loaded(configuration(limited, aggregator="grouping", settings=settings), answer=DELIVERED, checked=False)
    made.fire("a")
    made.wake(31)
    attend(made, how, "a", 54.0)  # until 85; the next flushes are at 55, 80 and 105
    made.fire("b")
    made.wake(1000)
    assert [(one.at, one.firing) for one in made.sent] == [(30, ["a"]), (90, ["a", "b"])]
