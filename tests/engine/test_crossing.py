"""One alert in two incidents: a channel gets the end first, and never has two attempts about the alert on the way."""

from __future__ import annotations

from tests.engine.harness import Bench, configuration, fired, incident_tool, rule

from tocsin import Outcome
from tocsin.model.event import TellingDecided
from tocsin.model.reason import Action, Reason

DELIVERED = Outcome.delivered()
LATER = 7200.0


def listed(made: Bench, alert_id: str) -> list[tuple[int, str]]:
    """Return what ``dev`` was told of an alert, one attempt after the other."""
    return [(n, status) for sent in made.on("dev") for name, n, status in sent.episodes() if name == alert_id]


def test_a_first_attempt_waits_while_the_end_of_the_same_alert_is_tried_again() -> None:
    made = Bench(configuration("dev", settings={"window_seconds": 60.0}))
    made.deliver(*made.fire("a"))
    made.wake(61)
    made.deliver(*made.fire("b"))
    made.wake(62)
    end = made.resolve("a")
    assert made.fire("a") == []  # folded until 121, in the incident of b
    made.outcome(end, Outcome.unavailable("down", retry_after_seconds=50.0))
    (again,) = made.wake(120)
    assert again.episodes() == [("a", 1, "resolved")]
    assert made.wake(122) == []
    (told,) = made.deliver(again)
    assert told.episodes() == [("a", 2, "firing")]


def test_an_end_that_is_owed_only_since_goes_first_all_the_same() -> None:
    """When the alert fired again, what might have told that it fired was tried again, for something else's sake."""
    made = Bench(configuration(incident_tool("dev", rate_limit_per_minute=1), settings={"window_seconds": 20.0}))
    (both,) = made.step(fired("a"), fired("b", "emergency"))
    made.wake(1)
    made.outcome(both, Outcome.unknown("no answer"))
    made.wake(5)
    made.resolve("a")
    made.wake(30)
    made.fire("a", "critical")  # held by the limit
    (again,) = made.wake(60)
    assert again.episodes() == [("b", 1, "firing")]
    made.outcome(again, Outcome.rejected("no"))  # now the end is owed
    made.answer = DELIVERED
    made.wake(LATER)
    assert listed(made, "a") == [(1, "firing"), (1, "resolved"), (2, "firing")]


def overtaken(made: Bench) -> list[tuple[int, str]]:
    """Return what is told of ``a``, whose end waits for a notification that is tried again, and its new firing not."""
    (both,) = made.step(fired("a"), fired("b", "emergency"))
    made.deliver(both)
    made.wake(10)
    worse = made.fire("c", "emergency")
    made.outcome(worse, Outcome.unavailable("down", retry_after_seconds=60.0))
    made.wake(15)
    made.resolve("a")
    made.wake(30)
    made.answer = DELIVERED
    made.fire("a", "critical")
    made.wake(LATER)
    return listed(made, "a")


def test_an_end_that_was_overtaken_is_no_news() -> None:
    made = Bench(configuration("dev", settings={"window_seconds": 20.0}))
    assert overtaken(made) == [(1, "firing"), (2, "firing")]
    decided = [event for event in made.events if isinstance(event, TellingDecided)]
    skipped = [(one.alert_id, one.episode, one.action) for one in decided if one.reason is Reason.SUPERSEDED]
    assert skipped == [("a", 1, Action.SKIP)]


def test_a_receiver_that_keeps_incidents_of_its_own_is_told_of_it_all_the_same() -> None:
    made = Bench(configuration(incident_tool("dev"), settings={"window_seconds": 20.0}))
    assert overtaken(made) == [(1, "firing"), (2, "firing"), (1, "resolved")]


def test_an_end_is_told_before_the_alert_is_routed_to_the_channel_again() -> None:
    rules = [rule("bad", "dev", severity=["critical"]), rule("rest", "other", severity=["error"])]
    settings = {"window_seconds": 60.0, "resolve_seconds": 3600.0}
    made = Bench(configuration("dev", "other", rules=rules, settings=settings), answer=DELIVERED)
    made.fire("a", "critical")
    made.fire("b", "critical")
    made.wake(70)
    made.resolve("a")  # waits, for b fires
    made.wake(80)
    made.fire("a", "error")  # in another incident, which dev hears nothing of
    made.wake(90)
    made.fire("a", "critical")
    made.wake(LATER)
    assert listed(made, "a") == [(1, "firing"), (1, "resolved"), (2, "firing")]
