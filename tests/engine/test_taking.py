"""Taking: who is told that somebody took an alert, once, and what becomes of that when it holds no more."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import ORIGIN, Bench, channel, configuration, incident_tool, rule

from tocsin import Acknowledged, GapKind, NotificationTemplate, Outcome, Reason, TellingDecided
from tocsin.engine import crowds
from tocsin.engine.codec import dump
from tocsin.engine.loading import load
from tocsin.engine.machine import Engine, Restarted
from tocsin.engine.mending import mend

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
    assert (said.calm, said.over, said.still_firing) == (True, False, 1)
    assert said.incident_id == one.on("pager")[0].notification.incident_id
    assert ("notify", "taken") in decisions(one)
    one.wake(LATER)
    assert len(one.on("pager")) == 2
    one.resolve("a")
    one.wake(LATER * 2)
    assert kinds(one)[2:] == ["resolved"]


def two(**options: Any) -> Bench:
    """Return a bench whose channel was told of two alerts of one incident."""
    one = bench(**options)
    one.fire("a")
    one.fire("b")
    one.wake(400)
    assert kinds(one) == ["firing", "more"]
    one.sent.clear()
    return one


def test_of_an_incident_it_is_said_once_all_that_was_told_is_taken() -> None:
    one = two()
    one.ack("a")
    assert kinds(one) == []
    one.ack("b")
    assert [(sent.kind, sent.firing) for sent in one.on("pager")] == [("acknowledged", ["a", "b"])]


def test_where_the_rest_resolves_all_is_taken_as_well() -> None:
    one = two()
    one.ack("a")
    one.resolve("b")
    one.wake(LATER)
    assert ("acknowledged", ["a"]) in [(sent.kind, sent.firing) for sent in one.on("pager")]


def test_where_the_rest_falls_to_what_was_taken_all_is_taken_as_well() -> None:
    one = bench()
    one.fire("a", "error")
    one.ack("a")
    one.fire("a", "critical")
    assert kinds(one) == ["firing", "acknowledged", "more"]
    one.fire("a", "error")
    assert kinds(one)[3:] == ["acknowledged"]


def test_a_rise_that_is_told_to_nobody_changes_nothing() -> None:
    one = bench()
    one.fire("a", "error")
    one.ack("a")
    one.silence("s", LATER, alert_id="a")
    one.fire("a", "critical")
    one.fire("a", "error")
    one.wake(LATER)
    assert kinds(one) == ["firing", "acknowledged"]


def test_what_lists_somebody_new_does_not_say_that_all_is_taken() -> None:
    one = bench()
    one.fire("a")
    one.ack("a")
    one.fire("b")
    one.wake(400)
    said = [(sent.kind, sent.notification.reopened) for sent in one.on("pager")]
    assert said == [("firing", 0), ("acknowledged", 0), ("more", 1)]


def test_it_counts_how_often_what_was_taken_is_open_again() -> None:
    """Of a tool's incident that is taken nobody is called again: so often it needs another one."""
    one = bench()
    one.fire("a")
    for reopened in range(3):
        one.ack("a", for_seconds=600)
        one.restart()
        one.wake(one.at + 1000)
        assert [(sent.kind, sent.notification.reopened) for sent in one.on("pager")[-2:]] == [
            ("acknowledged", reopened),
            ("repeat", reopened + 1),
        ]
    one.resolve("a")
    one.wake(one.at + 1000)
    assert (kinds(one)[-1], one.on("pager")[-1].notification.reopened) == ("resolved", 3)


def test_what_fires_again_while_its_end_waits_is_called_for_again() -> None:
    """The aggregator bridges the end: nobody would hear of the episode that nobody took."""
    settings = {"group_by": [], "group_wait_seconds": 0.0, "group_interval_seconds": 300.0}
    one = bench(aggregator="grouping", settings=settings)
    one.fire("a")
    one.ack("a")
    one.wake(10)
    one.resolve("a")
    one.wake(20)
    one.fire("a")
    one.wake(400)
    assert kinds(one) == ["firing", "acknowledged", "repeat"]
    assert one.on("pager")[-1].notification.reopened == 1


def test_an_incident_that_is_taken_as_a_whole_is_told_once() -> None:
    one = bench()
    one.fire("a")
    one.fire("b")
    one.wake(400)
    told = len(one.on("pager"))
    one.ack(one.on("pager")[0].notification.incident_id)
    assert [(sent.kind, sent.firing) for sent in one.on("pager")[told:]] == [("acknowledged", ["a", "b"])]


def takers(one: Bench) -> list[str | None]:
    """Return who was said to have it, in order, by the attempts to say so."""
    said = [sent.notification for sent in one.on("pager") if sent.kind == "acknowledged"]
    return [notification.alerts[0].acknowledged_by for notification in said]


def test_whoever_says_the_same_again_is_not_told_of_twice_but_somebody_else_is() -> None:
    one = bench()
    one.fire("a")
    for by in ("ada", "ada", "bob", "bob"):
        one.step(Acknowledged("a", by=by))
    assert takers(one) == ["ada", "bob"]


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
    one.deliver()
    assert kinds(one) == ["firing", "acknowledged"]


def test_who_renews_it_is_not_told_of_again() -> None:
    one = bench()
    one.fire("a")
    for at in range(0, 3000, 300):
        one.wake(at)
        one.ack("a", for_seconds=600)
    assert kinds(one) == ["firing", "acknowledged"]


def test_who_takes_it_over_before_it_was_said_is_told_of_once() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.step(Acknowledged("a", by="ada"))
    one.outcome(one.on("pager")[-1], DOWN)
    one.step(Acknowledged("a", by="bob"))
    one.wake(60)
    assert takers(one) == ["ada", "bob"]
    one.deliver()
    one.wake(LATER)
    assert takers(one) == ["ada", "bob"]


def test_who_takes_it_over_while_it_is_being_said_is_told_of_after_that() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.step(Acknowledged("a", by="ada"))
    one.step(Acknowledged("a", by="bob"))
    one.deliver()
    one.deliver()
    one.wake(LATER)
    assert takers(one) == ["ada", "bob"]


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


def test_whatever_else_the_line_owes_does_not_wait_for_it_to_be_tried_again() -> None:
    """It is as if it were not there; once the rest is told, it is said, if it holds."""
    retried = bench(channels=(pager(fallback="chat"), "chat"), answer=None)
    retried.fire("a")
    retried.deliver()
    retried.ack("a")
    retried.outcome(retried.on("pager")[-1], DOWN)
    first = retried.on("pager")[-1].name
    retried.sent.clear()
    retried.fire("b", "critical")
    assert [(sent.kind, sent.firing) for sent in retried.on("pager")] == [("more", ["b"])]
    assert [state.value for state in retried.changes(first)][-1] == "merged"
    retried.outcome(retried.on("pager")[-1], DOWN)
    retried.answer = DELIVERED
    retried.wake(2000)
    assert "b" in retried.on("chat")[-1].firing or "b" in retried.on("pager")[-1].firing
    retried.ack("b")
    retried.wake(LATER)
    assert kinds(retried)[-1] == "acknowledged"


def test_a_channel_that_fails_has_what_fires_told_elsewhere_in_time() -> None:
    one = bench(channels=(pager(fallback="spare"), "chat", "spare"), answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a")

    def down(until: float) -> None:
        while (deadline := one.engine.next_deadline()) is not None and deadline - ORIGIN < until:
            one.at = max(one.at, deadline - ORIGIN)
            one.step()
            fail()
        one.at = until

    def fail() -> None:
        for sent in list(one.under_way.values()):
            one.outcome(sent, DOWN if sent.channel_id == "pager" else DELIVERED)

    fail()
    down(1000)
    one.fire("b", "emergency")
    fail()
    down(1310)
    assert [sent.firing for sent in one.on("spare")] == [["b"]]


def test_what_it_gave_way_to_is_called_late_by_itself() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a")
    one.outcome(one.on("pager")[-1], DOWN)
    word = one.engine.state.outgoing[one.on("pager")[-1].name]
    word.late = True
    one.fire("b", "critical")
    more = one.engine.state.outgoing[one.on("pager")[-1].name]
    assert (more.kind.value, more.late) == ("more", False)


def test_one_that_is_redriven_gives_way_as_well() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a")
    word = one.on("pager")[-1]
    one.outcome(word, Outcome.rejected("no"))
    one.fire("b", "critical")
    one.redrive(word)
    assert kinds(one)[-1] == "more"
    one.outcome(one.on("pager")[-1], DOWN)
    one.fire("c", "emergency")
    assert kinds(one)[2:] == ["more"]


def test_one_that_was_given_up_is_not_redriven_once_somebody_else_was_told_of() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.step(Acknowledged("a", by="ada"))
    word = one.on("pager")[-1]
    one.outcome(word, Outcome.rejected("no"))
    one.answer = DELIVERED
    one.step(Acknowledged("a", by="bob"))
    one.redrive(word)
    assert (one.answers, takers(one)) == ((False,), ["ada", "bob"])


def test_one_that_was_refused_is_not_said_again_until_the_channel_is_called_again() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a", for_seconds=600)
    one.outcome(one.on("pager")[-1], Outcome.rejected("no"))
    one.answer = DELIVERED
    one.wake(1000)
    one.ack("a")
    assert kinds(one) == ["firing", "acknowledged", "repeat", "acknowledged"]


def test_a_rise_above_it_is_told_and_the_acknowledgement_is_not() -> None:
    one = bench(answer=None)
    one.fire("a", "error")
    one.ack("a")
    one.fire("a", "critical")
    one.deliver()
    one.deliver()
    one.wake(400)
    assert kinds(one) == ["firing", "more"]


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
    assert [state.value for state in one.changes(again.name)][-1] == "merged"


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


def test_no_limit_merges_it_and_it_goes_after_everything_else() -> None:
    limited = channel("pager", send_acknowledged=True, rate_limit_per_minute=1)
    one = bench(channels=(limited, "chat"), aggregator="none")
    one.fire("a")
    one.ack("a")
    for name in "bcd":
        one.fire(name, "info")
    one.wake(LATER)
    assert kinds(one) == ["firing", "digest", "acknowledged"]


def test_of_a_tool_that_is_limited_what_fires_and_ends_goes_first() -> None:
    one = bench(channels=(pager(rate_limit_per_minute=1), "chat"), aggregator="none", answer=DELIVERED)
    one.fire("z", "critical")
    one.wake(70)
    one.fire("a", "critical")
    one.ack("a")
    one.fire("b", "info")
    one.resolve("z")
    one.wake(LATER)
    assert kinds(one)[:5] == ["firing", "firing", "firing", "resolved", "acknowledged"]


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


def test_a_channel_that_wants_it_no_more_is_not_tried_again() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a")
    word = one.on("pager")[-1]
    one.outcome(word, DOWN)
    one.reload(configuration(pager(send_acknowledged=False), "chat", rules=[rule("all", "pager", "chat")]))
    one.wake(LATER)
    assert len(one.on("pager")) == 2
    ended = [change for change in one.all_changes() if change.notification_id == word.name][-1]
    assert (ended.state.value, ended.reason) == ("cancelled", Reason.LAPSED)


def test_a_member_that_resolved_is_left_out_when_it_is_tried_again() -> None:
    one = two(channels=(pager(send_resolved=False), "chat"))
    one.answer = None
    one.ack("a")
    one.ack("b")
    one.outcome(one.on("pager")[-1], DOWN)
    one.resolve("b")
    one.wake(500)
    assert [sent.firing for sent in one.on("pager")] == [["a", "b"], ["a"]]
    assert ("skip", "lapsed") in decisions(one)


def test_what_is_tried_again_holds_nothing_up_in_what_explain_says() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a")
    one.outcome(one.on("pager")[-1], DOWN)
    (found, _) = one.explain("b", "critical").channels
    assert (found.action.value, found.reason) != ("hold", Reason.BUSY)


@pytest.mark.parametrize("crowd", [1000, 5])
def test_of_a_crowd_it_is_said_once_all_that_was_told_is_taken(crowd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom the channel was never told of has no part in it, but in a crowd; it lists as many as there is room for."""
    monkeypatch.setattr(crowds, "LISTED", 8)
    monkeypatch.setattr(crowds, "CROWD", crowd)
    one = bench(channels=(pager(min_severity="error"), "chat"))
    names = [f"a{number:02}" for number in range(20)]
    for name in names:
        one.fire(name)
        one.fire(f"low {name}", "warning")
    one.wake(1000)
    told = len(one.on("pager"))
    for name in names[1:]:
        one.ack(name)
    assert len(one.on("pager")) == told
    one.ack(names[0])
    if crowd == 5:
        assert len(one.on("pager")) == told
        for name in names:
            one.ack(f"low {name}")
    said = one.on("pager")[told:]
    assert [(sent.kind, len(sent.firing), sent.notification.still_firing) for sent in said] == [("acknowledged", 8, 20)]


def test_records_that_were_mended_say_it_as_well() -> None:
    one = bench(answer=None)
    one.fire("a")
    one.deliver()
    one.ack("a")
    records = dump(one.engine.state)
    lost = {key: plain for key, plain in records.items() if key[0] not in ("outgoing", "agenda")}
    mended = mend(lost, one.config)
    one.engine = Engine(one.plan, state=load(mended.records, one.plan))
    one.under_way.clear()
    one.step(Restarted())
    one.deliver()
    assert kinds(one) == ["firing", "acknowledged", "acknowledged"]


@pytest.mark.parametrize(("body", "templated"), [("{status}: {message}", False), ("{kind} {acknowledged_by}", True)])
def test_a_template_that_does_not_show_the_kind_does_not_tell_it(body: str, templated: bool) -> None:
    templates = {"t": NotificationTemplate("t", "T", "tool", "{status}", body)}
    one = bench(channels=(pager(template_name="t"), "chat"), templates=templates)
    one.fire("a")
    one.ack("a")
    assert (one.on("pager")[-1].start.template is not None) is templated
