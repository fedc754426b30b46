"""An alert that resolves and fires again: no end is told after what is newer, and a group bridges short ends."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import ORIGIN, Bench, configuration, fired

from tocsin import Action, AlertResolved, Outcome, TellingDecided

DELIVERED = Outcome.delivered()
DOWN = Outcome.unavailable("down")
LATER = 7200.0
GROUP = {"group_wait_seconds": 30, "group_interval_seconds": 300, "repeat_interval_seconds": None}


def bench(answer: Outcome | None = DELIVERED, **options: Any) -> Bench:
    """A bench with one channel, ``dev``."""
    return Bench(configuration(options.pop("to", "dev"), **options), answer=answer)


def grouped(answer: Outcome | None = None, **options: Any) -> Bench:
    """The same, and all alerts are one group."""
    return bench(answer, aggregator="grouping", settings=GROUP, **options)


def episodes(made: Bench, alert_id: str) -> list[tuple[str, int, str]]:
    """Return what was listed of an alert, one notification after the other."""
    return [listed for sent in made.on("dev") for listed in sent.episodes() if listed[0] == alert_id]


# --- ends that wait


def test_every_end_that_waits_is_told_before_the_alert_fires_in_another_incident() -> None:
    made = bench()
    made.fire("b", "critical")
    made.wake(1)
    made.fire("a", "critical")
    made.wake(150)
    made.resolve("a")  # waits until 450, for b fires
    made.wake(200)
    made.fire("a")  # folded until 300, and over before: an end that nobody hears of
    made.wake(250)
    made.resolve("a")
    made.wake(310)
    made.fire("a")
    made.wake(LATER)
    assert episodes(made, "a") == [
        ("a", 1, "firing"),
        ("a", 1, "resolved"),
        ("a", 3, "firing"),
    ]


def test_in_a_crowd_that_ended_an_alerts_own_ends_are_found() -> None:
    made = bench(settings={"window_seconds": 100.0, "resolve_seconds": 1000.0})
    made.step(*(fired(f"a{number}", "critical") for number in range(400)))
    made.step(fired("z", "critical"))
    made.wake(50)
    made.resolve(*(f"a{number}" for number in range(400)))
    made.wake(60)
    made.fire("a7")  # folded
    made.wake(70)
    made.resolve("a7")
    made.wake(200)
    made.sent.clear()
    made.fire("a7")
    assert [sent.episodes() for sent in made.sent] == [[("a7", 1, "resolved")], [("a7", 3, "firing")]]


# --- ends of what was never told


def test_what_was_never_told_is_not_resolved_after_its_alerts_newer_firing() -> None:
    made = bench()
    made.fire("b")
    made.wake(10)
    made.fire("q")  # folded
    made.wake(15)
    made.resolve("q")
    made.wake(20)
    made.fire("q", "critical")
    made.wake(25)
    made.fire("r")
    made.wake(LATER)
    assert made.told("dev") == [(0, "firing", ["b"], []), (20, "more", ["q"], []), (300, "more", ["r"], [])]


def test_nor_beside_others_while_its_alert_fires_and_is_muted() -> None:
    made = bench()
    made.fire("b")
    made.fire("q")
    made.resolve("q")
    made.silence("s", until=LATER, alert_id="q")
    made.fire("q")
    made.fire("r")
    made.wake(LATER - 1)
    assert made.told("dev") == [(0, "firing", ["b"], []), (300, "more", ["r"], [])]


def test_a_retry_lists_no_end_of_what_was_never_told_once_the_alert_was_told_elsewhere() -> None:
    made = bench(None)
    (first,) = made.step(fired("a", "critical"), fired("b"))
    made.outcome(first, Outcome.unavailable("down", retry_after_seconds=400.0))
    made.resolve("a")
    made.wake(300)
    made.deliver(*made.fire("a", "critical"))
    (retry,) = made.wake(401)
    assert retry.episodes() == [("b", 1, "firing")]


# --- ends that come while the beginning is under way


def test_an_end_that_comes_while_the_firing_is_sent_is_told_before_the_next_incident() -> None:
    made = bench(None, settings={"window_seconds": 60.0})
    made.deliver(*made.fire("b"))
    made.wake(59)
    (slow,) = made.fire("a", "critical")
    made.wake(61)
    made.resolve("a")
    made.wake(63)
    assert made.fire("a", "critical") == []
    made.wake(65)
    made.deliver(slow)
    made.deliver()
    made.answer = DELIVERED
    made.wake(LATER)
    assert episodes(made, "a") == [
        ("a", 1, "firing"),
        ("a", 1, "resolved"),
        ("a", 2, "firing"),
    ]


def test_so_it_is_where_the_alert_came_and_went_in_an_incident_between_without_a_word() -> None:
    made = bench(None, settings={"window_seconds": 60.0})
    (slow,) = made.fire("a")
    made.wake(61)
    made.deliver(*made.fire("b", "critical"))
    made.resolve("a")
    made.wake(70)
    assert made.fire("a") == []  # folded until 121
    made.wake(80)
    made.resolve("a")
    made.wake(130)
    assert made.fire("a", "critical") == []
    made.deliver(slow)
    made.deliver()
    made.answer = DELIVERED
    made.wake(LATER)
    assert episodes(made, "a") == [
        ("a", 1, "firing"),
        ("a", 1, "resolved"),
        ("a", 3, "firing"),
    ]


# --- groups


def test_a_group_bridges_an_end_that_comes_while_its_firing_is_sent() -> None:
    made = grouped()
    made.fire("a")
    (slow,) = made.wake(30)
    made.wake(32)
    made.resolve("a")
    made.wake(34)
    made.fire("a")
    made.wake(36)
    made.deliver(slow)
    made.answer = DELIVERED
    made.wake(LATER)
    assert made.told("dev") == [(30, "firing", ["a"], [])]
    made.resolve("a")
    made.wake(2 * LATER)
    assert made.told("dev")[1:] == [(7230, "resolved", [], ["a"])]


def test_it_does_so_at_a_flush_that_came_meanwhile() -> None:
    made = grouped()
    made.fire("a")
    (slow,) = made.wake(30)
    made.wake(32)
    made.resolve("a")
    made.fire("a")
    made.wake(331)
    made.deliver(slow)
    made.answer = DELIVERED
    made.wake(LATER)
    assert made.told("dev") == [(30, "firing", ["a"], [])]


def test_what_grew_worse_meanwhile_is_told_at_the_next_flush() -> None:
    made = grouped()
    made.fire("a")
    (slow,) = made.wake(30)
    made.resolve("a")
    made.fire("a", "critical")
    made.wake(36)
    made.deliver(slow)
    made.answer = DELIVERED
    made.wake(LATER)
    assert made.told("dev") == [(30, "firing", ["a"], []), (330, "more", ["a"], [])]
    assert made.sent[-1].severity_of("a") == "critical"


def test_an_attempt_that_failed_told_nobody_and_bridges_nothing() -> None:
    made = grouped()
    made.fire("a")
    (slow,) = made.wake(30)
    made.resolve("a")
    made.fire("a")
    made.wake(36)
    made.outcome(slow, DOWN)
    made.answer = DELIVERED
    made.wake(LATER)
    assert [sent.episodes() for sent in made.on("dev")[1:]] == [[("a", 2, "firing")]]


@pytest.mark.parametrize("again", ["fire", "restart"])
def test_what_may_have_been_told_is_told_with_its_end(again: str) -> None:
    """An unknown outcome is no ground for silence: the alert fires, and perhaps nobody has heard of it."""
    made = grouped()
    made.fire("a")
    (slow,) = made.wake(30)
    made.resolve("a")
    made.fire("a")
    made.wake(36)
    if again == "restart":
        made.restart(40)
    else:
        made.outcome(slow, Outcome.unknown("the connection broke"))
    made.answer = DELIVERED
    made.wake(LATER)
    assert made.on("dev")[-1].episodes() == [("a", 1, "resolved"), ("a", 2, "firing")]


def test_an_end_is_bridged_also_after_the_alert_came_and_went_without_a_word() -> None:
    made = grouped(DELIVERED)
    made.fire("a")
    made.wake(40)
    for _ in range(3):
        made.resolve("a")
        made.fire("a")
    made.wake(LATER)
    assert made.told("dev") == [(30, "firing", ["a"], [])]


def test_an_end_that_waited_is_bridged_by_a_later_episode() -> None:
    """What began while the firing was sent, and ended before the flush, was told to nobody."""
    made = grouped()
    made.fire("a")
    (slow,) = made.wake(30)
    made.resolve("a")
    made.fire("a")
    made.resolve("a")
    made.deliver(slow)
    made.wake(100)
    made.fire("a")
    made.answer = DELIVERED
    made.wake(LATER)
    assert made.told("dev") == [(30, "firing", ["a"], [])]


def test_a_group_whose_end_is_being_told_takes_no_more() -> None:
    made = grouped()
    made.fire("a")
    made.deliver(*made.wake(30))
    made.resolve("a")
    (end,) = made.wake(330)
    made.fire("a")
    made.deliver(end)
    made.answer = DELIVERED
    made.wake(LATER)
    assert made.told("dev") == [(30, "firing", ["a"], []), (330, "resolved", [], ["a"]), (360, "firing", ["a"], [])]


def test_an_end_that_was_bridged_is_not_told_by_a_retry() -> None:
    """It was listed beside what is new, and ended and fired again before the retry: the channel knows that it fires."""
    made = grouped()
    made.fire("a")
    made.deliver(*made.wake(30))
    made.wake(40)
    made.fire("b")
    (slow,) = made.wake(330)
    made.step(AlertResolved("a"), fired("a"))
    made.outcome(slow, DOWN)
    made.answer = DELIVERED
    made.wake(LATER)
    assert [sent.episodes() for sent in made.on("dev")[1:]] == [
        [("a", 1, "firing"), ("b", 1, "firing")],
        [("b", 1, "firing")],
    ]


def test_an_end_that_came_due_while_it_was_told_again_is_due_once() -> None:
    """Its flush had come: it is not said to wait for another one, and told at once all the same."""
    made = bench(None, aggregator="grouping", settings=GROUP | {"repeat_interval_seconds": 300})
    made.fire("a")
    made.deliver(*made.wake(30))
    (again,) = made.wake(330)
    made.resolve("a")
    made.wake(635)
    made.outcome(again, Outcome.unknown("the connection broke"))
    decided = [event for event in made.events if isinstance(event, TellingDecided)]
    assert [(one.action, one.at - ORIGIN) for one in decided[1:]] == [(Action.FOLD, 330), (Action.HOLD, 630)]
    assert (made.sent[-1].at, made.sent[-1].kind) == (635, "resolved")


def test_an_end_that_came_due_while_it_was_told_again_is_bridged_too() -> None:
    made = bench(None, aggregator="grouping", settings=GROUP | {"repeat_interval_seconds": 300})
    made.fire("a")
    made.deliver(*made.wake(30))
    (again,) = made.wake(330)
    made.resolve("a")
    made.wake(635)
    made.fire("a")
    assert made.deliver(again) == []
    assert made.wake(900) == []


def test_it_is_said_what_becomes_of_an_alert_that_takes_an_untold_ones_place() -> None:
    made = grouped()
    made.fire("a")
    (slow,) = made.wake(30)
    made.fire("b")
    made.wake(331)
    made.resolve("b")
    made.fire("b")
    made.deliver(slow)
    decided = [event for event in made.events if isinstance(event, TellingDecided) and event.alert_id == "b"]
    assert [(one.episode, one.action) for one in decided] == [
        (1, Action.FOLD),
        (1, Action.HOLD),
        (2, Action.NOTIFY),
        (2, Action.HOLD),
    ]
    assert made.sent[-1].firing == ["a", "b"]


def test_an_end_that_was_bridged_is_not_told_since_an_attempt_was_cut_off() -> None:
    """The channel knew that it fires again; what may have reached it besides is older."""
    made = bench(None, aggregator="grouping", settings=GROUP | {"repeat_interval_seconds": 300})
    made.fire("a")
    made.deliver(*made.wake(30))
    (again,) = made.wake(330)
    made.step(AlertResolved("a"), fired("a"))
    made.silence("s", until=LATER, metric_name="cpu")
    made.outcome(again, Outcome.unknown("the connection broke"))
    assert made.wake(LATER - 1) == []
