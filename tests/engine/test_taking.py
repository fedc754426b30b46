"""Taking: who is told that somebody took an alert, once, and what becomes of that when it holds no more."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import Bench, channel, configuration, incident_tool, rule

from tocsin import Acknowledged, GapKind, NotificationTemplate, Outcome, Reason, TellingDecided

DELIVERED = Outcome.delivered()
DOWN = Outcome.unavailable("down")
LATER = 100_000.0


def pager(**options: Any) -> Any:
    """Return a channel that hears of acknowledgements."""
    return incident_tool("pager", **{"send_acknowledged": True, **options})


def bench(*, answer: Outcome | None = DELIVERED, channels: tuple[Any, ...] = (), **options: Any) -> Bench:
    """Return a bench with that channel, and ``chat``, which hears of none."""
    rules = [rule("all", "pager", "chat")]
    return Bench(configuration(*(channels or (pager(), "chat")), rules=rules, **options), answer=answer)


def kinds(one: Bench, channel_id: str = "pager") -> list[str]:
    """Return what kinds of notifications were started there, in order."""
    return [sent.kind for sent in one.on(channel_id)]


def decisions(one: Bench, channel_id: str = "pager") -> list[tuple[str, str]]:
    """Return what was decided there, with the reasons."""
    told = [event for event in one.events if isinstance(event, TellingDecided) and event.channel_id == channel_id]
    return [(event.action.value, event.reason.value) for event in told]


def test_whoever_was_told_hears_who_has_it() -> None:
    one = bench()
    one.fire("a")
    one.step(Acknowledged("a", by="ada", comment="on it"))
    assert (kinds(one), kinds(one, "chat")) == (["firing", "acknowledged"], ["firing"])
    said = one.on("pager")[-1].notification
    (listed,) = said.alerts
    assert (listed.acknowledged_by, listed.comment, listed.firing) == ("ada", "on it", True)
    assert (said.acknowledged, said.calm, said.over, said.still_firing) == (True, True, False, 1)
    assert said.incident_id == one.on("pager")[0].notification.incident_id
    assert ("notify", "taken") in decisions(one)
    one.wake(LATER)
    assert len(one.on("pager")) == 2
    one.resolve("a")
    one.wake(LATER * 2)
    assert kinds(one)[2:] == ["resolved"]


def test_of_an_incident_it_says_whether_all_of_it_is_taken() -> None:
    one = bench()
    one.fire("a")
    one.fire("b")
    one.wake(400)
    told = len(one.on("pager"))
    one.ack("a")
    one.ack("b")
    said = [sent.notification for sent in one.on("pager")[told:]]
    assert [(notification.kind.value, notification.acknowledged) for notification in said] == [
        ("acknowledged", False),
        ("acknowledged", True),
    ]
    assert [sent.firing for sent in one.on("pager")[told:]] == [["a"], ["b"]]


def test_an_incident_that_is_taken_as_a_whole_is_told_once() -> None:
    one = bench()
    one.fire("a")
    one.fire("b")
    one.wake(400)
    told = len(one.on("pager"))
    one.ack(one.on("pager")[0].notification.incident_id)
    assert [(sent.kind, sent.firing) for sent in one.on("pager")[told:]] == [("acknowledged", ["a", "b"])]


def test_whoever_says_the_same_again_is_not_told_of_twice_but_somebody_else_is() -> None:
    one = bench()
    one.fire("a")
    for by in ("ada", "ada", "bob", "bob"):
        one.step(Acknowledged("a", by=by))
    assert [sent.notification.alerts[0].acknowledged_by for sent in one.on("pager")[1:]] == ["ada", "bob"]


def test_who_was_told_of_nothing_hears_of_nothing() -> None:
    """What the acknowledgement itself keeps back was never told."""
    one = bench(channels=(pager(min_severity="critical"), "chat"))
    one.fire("a")
    one.ack("a")
    one.wake(LATER)
    assert kinds(one) == []


def test_what_is_taken_while_it_is_being_told_is_told_after_that() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.ack("a")
    assert kinds(one) == ["firing"]
    assert decisions(one)[-1] == ("hold", "busy")
    one.deliver()
    assert kinds(one) == ["firing", "acknowledged"]


@pytest.mark.parametrize(("outcome", "follows"), [(DOWN, []), (Outcome.unknown("no answer"), ["acknowledged"])])
def test_whether_it_follows_depends_on_what_may_have_arrived(outcome: Outcome, follows: list[str]) -> None:
    one = bench(answer=None)
    one.fire("a")
    one.ack("a")
    one.outcome(one.on("pager")[0], outcome)
    one.wake(LATER)
    assert kinds(one)[1:] == follows


def test_an_end_takes_the_place_of_what_was_not_told_yet() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.ack("a")
    one.resolve("a")
    one.deliver()
    one.wake(400)
    assert kinds(one) == ["firing", "resolved"]
    assert ("skip", "resolved") in decisions(one)


def test_a_rise_above_it_is_told_and_the_acknowledgement_is_not() -> None:
    one = bench(answer=None)
    one.fire("a", "error")
    one.ack("a")
    one.fire("a", "critical")
    one.deliver()
    one.deliver()
    one.wake(400)
    assert kinds(one) == ["firing", "more"]
    assert ("skip", "lapsed") in decisions(one)


def test_it_is_tried_again_as_long_as_it_holds() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a", for_seconds=600)
    one.outcome(one.on("pager")[-1], DOWN)
    one.wake(60)
    again = one.on("pager")[-1]
    assert (again.kind, again.attempt, again.name) == ("acknowledged", 2, one.on("pager")[-2].name)
    one.outcome(again, DOWN)
    one.resolve("a")
    one.wake(120)
    assert kinds(one)[-1] == "resolved"
    assert [state.value for state in one.changes(again.name)][-1] == "cancelled"


def test_where_it_cannot_be_told_that_is_a_gap_and_nobody_elses_matter() -> None:
    one = bench(channels=(pager(fallback="chat"), "chat"), answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a")
    refused = one.outcome(one.on("pager")[-1], Outcome.rejected("no"))
    assert refused == []
    one.wake(LATER)
    assert kinds(one, "chat") == ["firing"]
    assert len(one.gaps(GapKind.UNDELIVERED)) == 1
    one.redrive(one.on("pager")[-1])
    assert kinds(one)[-2:] == ["acknowledged", "acknowledged"]


def test_no_limit_merges_it_and_no_digest_takes_it_up() -> None:
    one = bench(channels=(channel("pager", send_acknowledged=True, rate_limit_per_minute=1), "chat"))
    one.fire("a")
    one.fire("b", metric="disk")
    one.ack("a")
    one.wake(LATER)
    assert sorted(kinds(one)) == ["acknowledged", "firing", "firing"]


def test_what_the_channel_is_owed_beside_it_does_not_change() -> None:
    """Nor does a reminder: once it ends, the channel is reminded."""
    one = bench()
    one.fire("a")
    one.wake(10)
    one.ack("a", for_seconds=600)
    one.fire("b")
    one.wake(LATER)
    assert kinds(one) == ["firing", "acknowledged", "more", "repeat"]


def test_a_restart_tells_what_was_owed() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.ack("a")
    one.restart()
    one.deliver()
    one.deliver()
    assert kinds(one)[-1] == "acknowledged"


@pytest.mark.parametrize("wanted", [True, False])
def test_a_channel_that_wants_it_no_more_is_not_told(wanted: bool) -> None:
    one = bench(answer=None)
    one.fire("a")
    one.ack("a")
    one.reload(configuration(pager(send_acknowledged=wanted), "chat", rules=[rule("all", "pager", "chat")]))
    one.deliver()
    assert kinds(one)[1:] == (["acknowledged"] if wanted else [])
    assert wanted or ("skip", Reason.LAPSED.value) in decisions(one)


@pytest.mark.parametrize(("body", "templated"), [("{status}: {message}", False), ("{kind} {acknowledged_by}", True)])
def test_a_template_that_does_not_show_the_kind_does_not_tell_it(body: str, templated: bool) -> None:
    templates = {"t": NotificationTemplate("t", "T", "tool", "{status}", body)}
    one = bench(channels=(pager(template_name="t"), "chat"), templates=templates)
    one.fire("a")
    one.ack("a")
    assert (one.on("pager")[-1].start.template is not None) is templated
