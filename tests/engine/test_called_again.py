"""Whoever was told that somebody has it is called again once nobody has, until a call arrives."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from tests.engine.harness import ORIGIN, Bench, channel, configuration, incident_tool, loaded, rule
from tests.engine.test_taken_back import GROUPING, SHAPES
from tests.engine.test_taking import DELIVERED, DOWN, kinds, pager

from tocsin import Outcome
from tocsin.engine.agenda import Deadline
from tocsin.engine.codec import dump
from tocsin.engine.loading import load
from tocsin.engine.machine import Engine, Restarted
from tocsin.engine.mending import mend
from tocsin.model.event import HeartbeatSent
from tocsin.model.watchdog import Watchdog

UNKNOWN = Outcome.unknown("nobody answered")
REJECTED = Outcome.rejected("no")


def alone(**options: Any) -> Bench:
    """Return a bench with that channel alone, which answers when it is told to."""
    return Bench(configuration(pager(), rules=[rule("all", "pager")], **options), answer=None)


def fail(one: Bench, outcome: Outcome, until: float) -> None:
    """Let every attempt end like that until then."""
    while one.at < until:
        for sent in list(one.under_way.values()):
            one.outcome(sent, outcome)
        one.wake(one.at + 50)
    for sent in list(one.under_way.values()):
        one.outcome(sent, outcome)


def taken(one: Bench, why: str) -> None:
    """Let the channel be told of an alert and of who has it, and nobody have it any more at the end."""
    one.fire("a", "critical")
    one.deliver()
    one.wake(400)
    one.fire("a", "error")
    one.ack("a", 1000.0 if why == "ends" else None)
    one.wake(700)
    one.deliver()
    assert kinds(one)[-1] == "acknowledged"
    if why == "rise":
        one.fire("a", "critical")


WAYS = pytest.mark.parametrize("why", ["ends", "rise"])


@SHAPES
@WAYS
@pytest.mark.parametrize("first", [DOWN, UNKNOWN], ids=["down", "unknown"])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_call_that_failed_before_a_silence_is_made_after_it(
    options: dict[str, Any], why: str, first: Outcome, restarts: bool
) -> None:
    one = alone(**options)
    taken(one, why)
    one.wake(2105)
    call = one.on("pager")[-1]
    assert call.kind == "repeat"
    one.outcome(call, first)
    one.silence("s", 5000.0, alert_id="a")
    if restarts:
        one.restart()
    one.answer = DELIVERED
    one.wake(9000)
    last = one.on("pager")[-1]
    assert (last.at >= 5000, last.firing, last.notification.reopened) == (True, ["a"], 1)


@SHAPES
@WAYS
@pytest.mark.parametrize("outcome", [DOWN, UNKNOWN, REJECTED], ids=["down", "unknown", "rejected"])
def test_a_call_that_is_given_up_is_made_again_until_it_arrives(
    options: dict[str, Any], why: str, outcome: Outcome
) -> None:
    one = alone(**options)
    taken(one, why)
    fail(one, outcome, 9000)
    given_up = [sent for sent in one.on("pager") if sent.kind == "repeat" and sent.attempt == 1]
    assert len(given_up) > 1
    assert all(later.at - sooner.at >= 300 for sooner, later in pairwise(given_up))
    one.answer = DELIVERED
    one.wake(one.at + 700)
    called = one.on("pager")[-1]
    assert (called.firing, called.notification.reopened) == (["a"], 1)
    told = len(one.on("pager"))
    one.wake(one.at + 3000)
    assert len(one.on("pager")) == told or options == GROUPING, "it has arrived"


def test_what_is_refused_for_itself_puts_no_call_off() -> None:
    """Each refusal of something else would begin the pause anew."""
    one = alone(settings={"window_seconds": 50_000.0})

    def answer() -> None:
        while one.under_way:
            for sent in list(one.under_way.values()):
                one.outcome(sent, DELIVERED if "a" in sent.firing else REJECTED)

    one.fire("a", "critical")
    answer()
    one.fire("a", "error")
    one.ack("a")
    answer()
    one.silence("s", 1000.0, alert_id="a")
    one.fire("a", "critical")  # which the channel was told before
    answer()
    assert kinds(one)[-1] == "acknowledged"
    for number, at in enumerate(range(800, 3000, 250)):
        while (deadline := one.engine.next_deadline()) is not None and deadline - ORIGIN <= at:
            one.wake(max(one.at, deadline - ORIGIN))
            answer()
        one.wake(at)
        one.fire(f"b{number}", "critical")
        answer()
    called = [sent.at for sent in one.on("pager") if sent.kind == "repeat" and sent.firing == ["a"]]
    assert [at < 1400 for at in called] == [True]


@pytest.mark.parametrize("answered", ["acknowledged", "resolved"])
def test_a_call_that_was_given_up_is_not_made_once_somebody_has_it_or_it_is_over(answered: str) -> None:
    one = alone()
    taken(one, "ends")
    fail(one, REJECTED, 2000)
    one.answer = DELIVERED
    told = len(one.on("pager"))
    if answered == "acknowledged":
        one.ack("a")
    else:
        one.resolve("a")
    one.wake(100_000)
    assert kinds(one)[told:] == [answered]


def test_what_was_lost_of_the_records_does_not_end_a_call_that_is_owed() -> None:
    one = alone()
    taken(one, "ends")
    fail(one, REJECTED, 2000)
    records = dump(one.engine.state)
    lost = {key: plain for key, plain in records.items() if key[0] not in ("outgoing", "agenda")}
    mended = mend(lost, one.config)
    one.engine = Engine(one.plan, state=load(mended.records, one.plan))
    one.under_way.clear()
    one.answer = DELIVERED
    told = len(one.on("pager"))
    one.step(Restarted())
    one.wake(3000)
    assert kinds(one)[told:] == ["repeat"]


def test_a_deadline_that_was_lost_does_not_end_a_call_that_is_owed() -> None:
    """Nothing else is lost then, and nothing else asks the line."""
    one = Bench(configuration(pager(), rules=[rule("all", "pager")], **GROUPING), answer=DELIVERED)
    one.fire("a")
    one.fire("b")
    one.wake(400)
    one.ack("a")
    one.ack("b", 100.0)
    assert kinds(one)[-1] == "acknowledged"
    one.wake(510)
    records = dump(one.engine.state)
    lost = {key: plain for key, plain in records.items() if key != ("agenda", f"{int(Deadline.REPEAT)} {line_of(one)}")}
    assert len(lost) == len(records) - 1
    mended = mend(lost, one.config)
    one.engine = Engine(one.plan, state=load(mended.records, one.plan))
    one.step(Restarted())
    one.wake(2000)
    assert (kinds(one)[-1], one.on("pager")[-1].firing) == ("repeat", ["b"])


def line_of(one: Bench) -> str:
    """Return the id of the bench's only line."""
    ((name, incident),) = one.engine.state.incidents.items()
    return f"{name}/{next(iter(incident.lines))}"


def test_a_call_is_handed_to_a_fallback_that_was_told_who_has_it() -> None:
    """It knows of the alert, but no rule leads there any more, and its own tool calls nobody."""
    channels = (pager(fallback="spare"), incident_tool("spare", send_acknowledged=True))
    routed = configuration(*channels, rules=[rule("all", "pager", "spare")])
    one = Bench(routed, answer=DELIVERED)
    one.fire("a")
    one.ack("a", 600.0)
    assert kinds(one, "spare") == ["firing", "acknowledged"]
    one.reload(configuration(*channels, rules=[rule("all", "pager")]))
    one.answer = None
    one.wake(700)
    for _ in range(5):
        for sent in list(one.under_way.values()):
            one.outcome(sent, REJECTED if sent.channel_id == "pager" else DELIVERED)
        one.wake(one.at + 10)
    assert kinds(one, "spare")[2:] == ["repeat"]


@pytest.mark.parametrize("known", [True, False])
def test_a_call_that_waits_on_a_channel_that_vanishes_is_made_elsewhere(known: bool) -> None:
    """Of what it was told before as of what is new there."""
    limited = pager(fallback="spare", rate_limit_per_minute=4)
    one = Bench(configuration(limited, "spare", rules=[rule("all", "pager")]), answer=DELIVERED)
    if known:
        one.fire("a")
        one.ack("a", 50.0)
        assert kinds(one)[-1] == "acknowledged"
    for name in "wxyz":
        one.fire(name, metric=name)
    if not known:
        one.fire("a")
    one.wake(55)
    assert len(one.on("pager")) == 4
    one.reload(configuration("spare", rules=[rule("other", "spare", cluster_pattern="nowhere")]))
    one.wake(100)
    assert "a" in [name for sent in one.on("spare") for name in sent.firing]


def test_what_only_says_that_somebody_has_it_keeps_no_heartbeat_back() -> None:
    """It waits for as long as calls take the half of the limit that is its."""
    limited = pager(rate_limit_per_minute=4)
    watchdog = Watchdog(heartbeat_channel="pager", heartbeat_seconds=50.0)
    one = loaded(configuration(limited, rules=[rule("all", "pager")], aggregator="none", watchdog=watchdog))
    one.answer = DELIVERED
    one.fire("a")
    one.ack("a")
    for number, at in enumerate(range(20, 600, 25)):
        one.wake(float(at))
        one.fire(f"b{number}")
    beats = [event.at for event in one.events if isinstance(event, HeartbeatSent)]
    assert "acknowledged" not in kinds(one)
    assert max(later - earlier for earlier, later in pairwise(beats)) <= 60


@SHAPES
def test_a_call_that_was_taken_though_the_answer_says_otherwise_has_its_own_key(options: dict[str, Any]) -> None:
    """What is said of it afterwards, and its end, are said under that key."""
    one = alone(**options)
    taken(one, "ends")
    one.wake(2105)
    one.outcome(one.on("pager")[-1], DOWN)
    one.answer = DELIVERED
    told = len(one.on("pager"))
    one.ack("a")
    one.wake(4000)
    one.resolve("a")
    one.wake(9000)
    assert [(sent.kind, sent.notification.reopened) for sent in one.on("pager")[told:]] == [
        ("acknowledged", 1),
        ("resolved", 1),
    ]


def _emergency_beside(*, hears: bool, limit: int) -> float:
    """Return when an emergency goes out after as many alerts as the limit has room for were taken."""
    limited = pager(rate_limit_per_minute=limit, send_acknowledged=hears)
    one = Bench(configuration(limited, rules=[rule("all", "pager")]), answer=DELIVERED)
    for number in range(limit):
        one.fire(f"a{number}", metric=f"m{number}")
    one.wake(100)
    for number in range(limit):
        one.ack(f"a{number}")
    one.wake(101)
    one.fire("b", "emergency", metric="disk")
    one.wake(400)
    return next(sent.at for sent in one.on("pager") if "b" in sent.firing)


@pytest.mark.parametrize("limit", [2, 3, 10])
def test_it_leaves_half_of_a_limit_free(limit: int) -> None:
    assert _emergency_beside(hears=True, limit=limit) == _emergency_beside(hears=False, limit=limit) == 101


def test_it_is_said_in_the_end_where_the_limit_is_one() -> None:
    limited = pager(rate_limit_per_minute=1)
    one = Bench(configuration(limited, rules=[rule("all", "pager")]), answer=DELIVERED)
    one.fire("a")
    one.ack("a")
    one.wake(100)
    assert [(sent.kind, sent.at) for sent in one.on("pager")] == [("firing", 0), ("acknowledged", 60)]


def test_as_a_probe_that_fails_it_keeps_nobody_back() -> None:
    """A call that failed often opened the circuit, and is over; it alone is tried again when an emergency comes."""
    tool = incident_tool("pager", send_acknowledged=True)
    one = Bench(configuration(tool, rules=[rule("all", "pager")]), answer=None)
    one.fire("a")
    one.deliver()
    one.fire("x", metric="net")
    while not one.engine.state.lanes["pager"].probe_at:
        fail(one, DOWN, one.at + 1)
    one.resolve("x")
    one.ack("a")
    probes = 0
    while probes < 3:
        one.wake(one.at + 1)
        for sent in list(one.under_way.values()):
            probes += sent.kind == "acknowledged"
            one.outcome(sent, DOWN)
    one.answer = DELIVERED
    one.fire("b", "emergency", metric="disk")
    assert one.on("pager")[-1].firing == ["b"]


def test_a_channel_that_hears_of_none_is_called_no_more_often_than_before() -> None:
    one = Bench(configuration(channel("chat"), rules=[rule("all", "chat")]), answer=DELIVERED)
    one.fire("a")
    one.ack("a", 1000.0)
    one.wake(900)
    assert kinds(one, "chat") == ["firing"]
