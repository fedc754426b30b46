"""The state table of docs/explanation/engine.md, cell by cell: ``test_<row>_<column>`` walks one cell.

A cell with several clauses has further tests, ``test_<row>_<column>__<clause>``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.engine.harness import Bench, Sent, channel, configuration, fired, incident_tool, rule

from tocsin import (
    EscalationPolicy,
    GapKind,
    NotificationState,
    Outcome,
    create_basic_escalation_policy,
)

TABLE = Path(__file__).parents[2] / "docs" / "explanation" / "engine.md"
LATER = 100_000.0


# --- every cell has a test, every test a cell


def _cells() -> set[str]:
    text = TABLE.read_text(encoding="utf-8").split("## The state table", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    columns = [column.replace("-", "").replace(" ", "_") for column in rows[0][1:]]
    cells = set()
    for row in rows[2:]:
        assert len(row) == len(columns) + 1, f"the row {row[0]} has {len(row) - 1} cells for {len(columns)} columns"
        assert all(row), f"the row {row[0]} has an empty cell"
        cells |= {f"test_{row[0].strip('*')}_{column}" for column in columns}
    return cells


def test_table() -> None:
    """Every cell of the table has a test of its name, and every test here a cell."""
    tests = {name.split("__", 1)[0] for name in globals() if re.fullmatch(r"test_[a-z_]+", name)} - {"test_table"}
    cells = _cells()
    assert len(cells) >= 35
    assert sorted(cells - tests) == [], "cells without a test"
    assert sorted(tests - cells) == [], "tests without a cell"


# --- folded: `first` was told, what follows waits for the window's close at 300


@pytest.fixture
def folded(bench: Bench) -> Bench:
    """``first`` is told; ``b`` and ``c``, of the same metric, are folded until 300."""
    bench.deliver(*bench.fire("first"))
    bench.wake(10)
    assert bench.fire("b") == []
    assert bench.fire("c", "warning") == []
    return bench


def only(sent: list[Sent]) -> Sent:
    """Return the one attempt that was started."""
    (one,) = sent
    return one


def test_folded_acknowledge(folded: Bench) -> None:
    """It stays, and is left out when the fold is released."""
    assert folded.ack("b") == []
    summary = only(folded.wake(300))
    assert (summary.at, summary.kind, summary.firing, summary.resolved) == (300, "more", ["c"], [])


def test_folded_acknowledge__nothing_else_left(folded: Bench) -> None:
    """If nothing else is left in the fold, no notification is made."""
    folded.ack("b")
    folded.ack("c")
    assert folded.wake(LATER) == []


def test_folded_resolve(folded: Bench) -> None:
    """It stays as a passenger, and is listed as resolved beside what fires."""
    assert folded.resolve("b") == []
    summary = only(folded.wake(300))
    assert (summary.firing, summary.resolved) == (["c"], ["b"])


def test_folded_resolve__nothing_firing_to_say(folded: Bench) -> None:
    """It is dropped when the summary has nothing firing to say; nobody who was not told hears of its end."""
    folded.resolve("b", "c")
    assert folded.wake(LATER) == []


def test_folded_refire(folded: Bench) -> None:
    """The resolved episode stays a passenger; the new one is decided on its own, here: folded."""
    folded.resolve("b")
    folded.wake(50)
    assert folded.fire("b") == []
    summary = only(folded.wake(300))
    assert summary.episodes() == [("b", 1, "resolved"), ("b", 2, "firing"), ("c", 1, "firing")]


def test_folded_refire__urgent(folded: Bench) -> None:
    """The new episode, being critical, is told at once; the summary has no word of the resolved one after that."""
    folded.resolve("b")
    urgent = only(folded.fire("b", "critical"))
    assert ("b", 2, "firing") in urgent.episodes()
    folded.deliver(urgent)
    summary = only(folded.wake(300))
    assert summary.episodes() == [("c", 1, "firing")]


def test_folded_silence(folded: Bench) -> None:
    """It stays, is left out and blocked at the release, and decided again when the silence ends."""
    folded.silence("s", until=500, alert_id="b")
    summary = only(folded.wake(300))
    assert (summary.firing, summary.resolved) == (["c"], [])
    folded.deliver(summary)
    assert folded.wake(499.999) == []
    late = only(folded.wake(500))
    assert (late.kind, late.firing) == ("more", ["b"])


def test_folded_silence__ends_before_the_release(folded: Bench) -> None:
    """A silence that is over when the fold is released changes nothing."""
    folded.silence("s", until=200, alert_id="b")
    assert only(folded.wake(300)).firing == ["b", "c"]


def test_folded_severity_change(folded: Bench) -> None:
    """A rise that is urgent is told at once."""
    folded.wake(20)
    urgent = only(folded.fire("b", "critical"))
    assert (urgent.at, urgent.firing, urgent.severity_of("b")) == (20, ["b"], "critical")
    folded.deliver(urgent)
    assert only(folded.wake(300)).firing == ["c"]


def test_folded_severity_change__any_other_rise(folded: Bench) -> None:
    """Any other rise is in the summary, with the new severity."""
    assert folded.fire("c", "error") == []
    assert only(folded.wake(300)).severity_of("c") == "error"


def test_folded_severity_change__fall(folded: Bench) -> None:
    """A fall changes what the summary shows."""
    assert folded.fire("b", "info") == []
    summary = only(folded.wake(300))
    assert (summary.severity_of("b"), summary.firing) == ("info", ["b", "c"])


def test_folded_reload(folded: Bench) -> None:
    """What is no longer routed here is left out."""
    assert folded.reload(configuration("dev", rules=[rule("some", "dev", cluster_pattern="cluster-(first|c)")])) == []
    assert only(folded.wake(300)).firing == ["c"]


def test_folded_reload__routed_further(folded: Bench) -> None:
    """What is routed to a further channel is told there, and still folded here."""
    rules = [rule("all", "dev"), rule("some", "ops", cluster_pattern="cluster-b")]
    further = only(folded.reload(configuration("dev", "ops", rules=rules)))
    assert (further.channel_id, further.firing) == ("ops", ["b"])
    folded.deliver(further)
    assert [(one.channel_id, one.firing) for one in folded.wake(300)] == [("dev", ["b", "c"])]


def test_folded_restart(folded: Bench) -> None:
    """It is still folded, and due at the same instant."""
    assert folded.restart(100) == []
    summary = only(folded.wake(300))
    assert (summary.at, summary.firing) == (300, ["b", "c"])


def test_folded_restart__due_meanwhile(folded: Bench) -> None:
    """What came due while the process was down is told at start."""
    summary = only(folded.restart(1000))
    assert (summary.at, summary.firing) == (1000, ["b", "c"])


# --- held: the channel's one attempt of this minute is spent at 0, the next may start at 60


@pytest.fixture
def held() -> Bench:
    """``a`` and ``b``, one incident, are held until 60."""
    bench = Bench(configuration(channel("dev", rate_limit_per_minute=1)))
    bench.deliver(*bench.fire("spent", metric="other"))
    bench.wake(10)
    assert bench.fire("a") == []
    assert bench.fire("b", "warning") == []
    return bench


def test_held_acknowledge(held: Bench) -> None:
    """The notification is cancelled if nothing else is in it."""
    held.ack("b")
    assert held.ended() == []
    held.ack("a")
    assert held.ended() == [("dev", "cancelled")]
    assert held.wake(LATER) == []


def test_held_acknowledge__something_else_in_it(held: Bench) -> None:
    """Otherwise the rest is told when the limit allows."""
    held.ack("a")
    rest = only(held.wake(60))
    assert (rest.at, rest.firing) == (60, ["b"])


def test_held_resolve(held: Bench) -> None:
    """Cancelled before any delivery if nothing else is in it; no resolution, for nobody was told."""
    held.resolve("a", "b")
    assert held.ended() == [("dev", "cancelled")]
    assert held.wake(LATER) == []


def test_held_resolve__something_else_in_it(held: Bench) -> None:
    """Beside what fires it is listed as resolved; it has no resolution of its own later."""
    held.resolve("a")
    rest = only(held.wake(60))
    assert (rest.firing, rest.resolved) == (["b"], ["a"])
    held.deliver(rest)
    assert held.wake(LATER) == []


def test_held_refire(held: Bench) -> None:
    """The resolved episode is a passenger; the new one joins the held notification."""
    held.resolve("a")
    assert held.fire("a") == []
    together = only(held.wake(60))
    assert together.episodes() == [("a", 1, "resolved"), ("a", 2, "firing"), ("b", 1, "firing")]


def test_held_silence(held: Bench) -> None:
    """Cancelled if nothing else is in it; the episodes are blocked, and owed again when the silence ends."""
    held.silence("s", until=200, metric_name="cpu")
    assert held.ended() == [("dev", "cancelled")]
    assert held.wake(199.999) == []
    late = only(held.wake(200))
    assert (late.at, late.firing) == (200, ["a", "b"])


def test_held_silence__something_else_in_it(held: Bench) -> None:
    """Otherwise the rest is told when the limit allows, and the silenced episode when the silence ends."""
    held.silence("s", until=400, alert_id="a")
    rest = only(held.wake(60))
    assert rest.firing == ["b"]
    held.deliver(rest)
    late = only(held.wake(400))
    assert (late.at, late.firing) == (400, ["a"])


def test_held_severity_change() -> None:
    """The notification takes the higher place in the lane's queue, and shows the new severity."""
    bench = Bench(configuration(incident_tool("dev", rate_limit_per_minute=1)), answer=Outcome.delivered())
    bench.fire("spent", metric="other")
    bench.wake(10)
    bench.fire("a", "error", metric="m1")
    bench.wake(11)
    bench.fire("b", "warning", metric="m2")
    bench.fire("b", "critical", metric="m2")
    first = only(bench.wake(60))
    assert (first.at, first.firing, first.severity_of("b")) == (60, ["b"], "critical")
    assert [(one.at, one.firing) for one in bench.wake(LATER)] == [(120, ["a"])]


def test_held_severity_change__fall(held: Bench) -> None:
    """It shows the new severity, lower too."""
    held.fire("a", "info")
    assert only(held.wake(60)).severity_of("a") == "info"


def test_held_reload() -> None:
    """A vanished channel hands it to its fallback."""
    limited = channel("dev", rate_limit_per_minute=1, fallback="spare")
    rules = [rule("all", "dev")]
    bench = Bench(configuration(limited, "spare", rules=rules))
    bench.deliver(*bench.fire("spent", metric="other"))
    bench.fire("a")
    handed = only(bench.reload(configuration("spare", rules=rules)))
    assert (handed.channel_id, handed.firing) == ("spare", ["a"])


def test_held_reload__limit_vanished(held: Bench) -> None:
    """A vanished limit releases it."""
    released = only(held.reload(configuration("dev")))
    assert (released.at, released.firing) == (10, ["a", "b"])


def test_held_restart(held: Bench) -> None:
    """It is still held; the log of starts is kept, so the limit holds across the restart."""
    assert held.restart(30) == []
    assert held.wake(59.999) == []
    released = only(held.wake(60))
    assert (released.at, released.firing) == (60, ["a", "b"])


# --- sending: the first attempt is under way


@pytest.fixture
def sending(bench: Bench) -> Bench:
    """``a``'s first attempt is under way."""
    assert only(bench.fire("a")).firing == ["a"]
    bench.wake(1)
    return bench


def test_sending_acknowledge(sending: Bench) -> None:
    """The attempt cannot be called back: delivered, it is told."""
    assert sending.ack("a") == []
    assert sending.deliver() == []
    assert [(one.kind, one.resolved) for one in sending.resolve("a")] == [("resolved", ["a"])]


def test_sending_acknowledge__failed(sending: Bench) -> None:
    """Failed, it is not tried again."""
    sending.ack("a")
    sending.outcome(sending.sent[0], Outcome.unavailable("down"))
    assert sending.ended() == [("dev", "cancelled")]
    assert sending.wake(LATER) == []


def test_sending_resolve(sending: Bench) -> None:
    """After a delivery the resolution follows, not before."""
    assert sending.resolve("a") == []
    after = only(sending.deliver())
    assert (after.kind, after.firing, after.resolved) == ("resolved", [], ["a"])


def test_sending_resolve__failed(sending: Bench) -> None:
    """After a failure the notification is cancelled and nothing follows."""
    sending.resolve("a")
    assert sending.outcome(sending.sent[0], Outcome.unavailable("down")) == []
    assert sending.ended() == [("dev", "cancelled")]
    assert sending.wake(LATER) == []


def test_sending_resolve__unknown(sending: Bench) -> None:
    """After an unknown outcome the resolution follows."""
    sending.resolve("a")
    after = only(sending.outcome(sending.sent[0], Outcome.unknown("no answer")))
    assert (after.kind, after.resolved) == ("resolved", ["a"])
    assert sending.ended() == [("dev", "unknown")]


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_sending_refire(bench: Bench, order: str) -> None:
    """The first episode's resolution and the second's firing follow in one notification, whatever is beside it."""
    sent = bench.step(*[fired(alert_id) for alert_id in order])
    assert only(sent).firing == ["a", "b"]
    bench.resolve("a")
    assert bench.fire("a") == []
    after = only(bench.deliver())
    assert after.episodes() == [("a", 1, "resolved"), ("a", 2, "firing")]


def test_sending_refire__whole_incident_resolved(sending: Bench) -> None:
    """When the whole incident resolved, the new episode begins a new incident, which lets the earlier one end first."""
    sending.resolve("a")
    assert sending.fire("a") == []
    ended = only(sending.deliver())
    assert (ended.kind, ended.episodes()) == ("resolved", [("a", 1, "resolved")])
    again = only(sending.deliver())
    assert (again.kind, again.episodes()) == ("firing", [("a", 2, "firing")])
    assert again.notification.incident_id != ended.notification.incident_id


def test_sending_silence(sending: Bench) -> None:
    """The attempt cannot be called back: delivered, it is told, and the silence's end adds nothing."""
    assert sending.silence("s", until=600, alert_id="a") == []
    assert sending.deliver() == []
    assert sending.wake(LATER) == []


def test_sending_silence__failed(sending: Bench) -> None:
    """Failed, the retry waits until the silence ends."""
    sending.silence("s", until=600, alert_id="a")
    sending.outcome(sending.sent[0], Outcome.unavailable("down"))
    assert sending.wake(599.999) == []
    late = only(sending.wake(600))
    assert (late.at, late.firing) == (600, ["a"])


def test_sending_severity_change(sending: Bench) -> None:
    """A rise above what was listed follows once the attempt has ended."""
    assert sending.fire("a", "critical") == []
    after = only(sending.deliver())
    assert (after.kind, after.firing, after.severity_of("a")) == ("more", ["a"], "critical")
    assert sending.deliver() == []


def test_sending_severity_change__fall(sending: Bench) -> None:
    """A fall is nothing that anybody is told of."""
    sending.fire("a", "info")
    assert sending.deliver() == []
    assert sending.wake(LATER) == []


def test_sending_reload(sending: Bench) -> None:
    """The attempt goes on; its retry uses the new settings."""
    assert sending.reload(configuration(channel("dev", config={"style": "line"}))) == []
    assert sending.outcome(sending.sent[0], Outcome.unavailable("down")) == []
    retry = only(sending.wake(10))
    assert (retry.name, retry.attempt) == (sending.sent[0].name, 2)
    assert retry.start.channel.channel.config == {"style": "line"}


def _falling_back() -> Bench:
    bench = Bench(configuration(channel("dev", fallback="spare"), "spare", rules=[rule("all", "dev")]))
    assert only(bench.fire("a")).channel_id == "dev"
    return bench


def test_sending_reload__channel_vanished() -> None:
    """Or the fallback, if the channel vanished and the attempt fails."""
    bench = _falling_back()
    assert bench.reload(configuration("spare", rules=[rule("all", "dev")])) == []
    handed = only(bench.outcome(bench.sent[0], Outcome.unavailable("down")))
    assert (handed.channel_id, handed.firing) == ("spare", ["a"])


def test_sending_reload__channel_vanished_after_delivery() -> None:
    """If the attempt ends well, nobody else is told."""
    bench = _falling_back()
    bench.reload(configuration("spare", rules=[rule("all", "dev")]))
    assert bench.deliver() == []
    assert bench.wake(LATER) == []


def test_sending_restart(sending: Bench) -> None:
    """The attempt's outcome is unknown: told, and sent again with the same id."""
    again = only(sending.restart(5))
    assert (again.name, again.attempt, again.firing) == (sending.sent[0].name, 2, ["a"])
    sending.resolve("a")
    after = only(sending.outcome(again, Outcome.unavailable("down")))
    assert (after.kind, after.resolved) == ("resolved", ["a"])


def test_sending_restart__stale_outcome(sending: Bench) -> None:
    """A report on the attempt that the crash cut off is stale, and changes nothing."""
    first = sending.sent[0]
    again = only(sending.restart(5))
    assert sending.outcome(first, Outcome.rejected("no")) == []
    assert sending.answers == (False,)
    sending.deliver(again)
    assert sending.changes(first.name)[-1] is NotificationState.DELIVERED


# --- retrying: the first attempt failed, the next is due at 30


def _retrying(bench: Bench, outcome: Outcome, *alert_ids: str) -> Bench:
    sent = only(bench.step(*[fired(alert_id) for alert_id in alert_ids]))
    assert bench.outcome(sent, outcome) == []
    if outcome.retry_after_seconds is not None:
        assert bench.wake(29.999) == []
    return bench


COME_BACK = Outcome.unavailable("down", retry_after_seconds=30.0)


@pytest.fixture
def retrying(bench: Bench) -> Bench:
    """``a``'s first attempt failed; the second is due at 30."""
    return _retrying(bench, COME_BACK, "a")


@pytest.fixture
def retrying_two(bench: Bench) -> Bench:
    """``a``'s and ``b``'s first attempt failed; the second is due at 30."""
    return _retrying(bench, COME_BACK, "a", "b")


@pytest.fixture
def unsure(bench: Bench) -> Bench:
    """``a``'s first attempt may have arrived."""
    return _retrying(bench, Outcome.unknown("no answer"), "a")


def test_retrying_acknowledge(retrying: Bench) -> None:
    """It is cancelled if nothing else is in it."""
    retrying.ack("a")
    assert retrying.ended() == [("dev", "cancelled")]
    assert retrying.wake(LATER) == []


def test_retrying_acknowledge__unknown(unsure: Bench) -> None:
    """It ends as unknown if an attempt may have arrived."""
    unsure.ack("a")
    assert unsure.ended() == [("dev", "unknown")]
    assert unsure.wake(LATER) == []


def test_retrying_acknowledge__something_else_in_it(retrying_two: Bench) -> None:
    """Otherwise the retry tells the rest."""
    retrying_two.ack("a")
    assert only(retrying_two.wake(30)).firing == ["b"]


def test_retrying_resolve(retrying: Bench) -> None:
    """It is cancelled, and there is no resolution."""
    assert retrying.resolve("a") == []
    assert retrying.ended() == [("dev", "cancelled")]
    assert retrying.wake(LATER) == []


def test_retrying_resolve__unknown(unsure: Bench) -> None:
    """If an attempt may have arrived, the resolution replaces it."""
    after = only(unsure.resolve("a"))
    assert (after.kind, after.firing, after.resolved) == ("resolved", [], ["a"])
    unsure.deliver(after)
    assert unsure.wake(LATER) == []


def test_retrying_refire(retrying_two: Bench) -> None:
    """The retry lists the first episode as resolved beside what else it has; the second follows."""
    retrying_two.resolve("a")
    assert retrying_two.fire("a") == []
    retry = only(retrying_two.wake(30))
    assert retry.name == retrying_two.sent[0].name
    assert retry.episodes() == [("a", 1, "resolved"), ("b", 1, "firing")]
    after = only(retrying_two.deliver())
    assert after.episodes() == [("a", 2, "firing")]


def test_retrying_silence(retrying: Bench) -> None:
    """With nothing else left it is cancelled, and the episode is owed again when the silence ends."""
    retrying.silence("s", until=600, alert_id="a")
    assert retrying.ended() == [("dev", "cancelled")]
    assert retrying.wake(599.999) == []
    late = only(retrying.wake(600))
    assert (late.at, late.firing) == (600, ["a"])


def test_retrying_silence__something_else_in_it(retrying_two: Bench) -> None:
    """It is left out of the retry."""
    retrying_two.silence("s", until=600, alert_id="a")
    retry = only(retrying_two.wake(30))
    assert retry.firing == ["b"]
    retrying_two.deliver(retry)
    assert only(retrying_two.wake(600)).firing == ["a"]


def test_retrying_severity_change(retrying: Bench) -> None:
    """The retry shows the severity as it is; a rise above it needs no second notification."""
    assert retrying.fire("a", "critical") == []
    retry = only(retrying.wake(30))
    assert (retry.attempt, retry.severity_of("a")) == (2, "critical")
    assert retrying.deliver(retry) == []
    assert retrying.wake(LATER) == []


def test_retrying_severity_change__unknown(unsure: Bench) -> None:
    """Neither does one whose first attempt may have arrived."""
    assert unsure.fire("a", "critical") == []
    retry = only(unsure.wake(10))
    assert (retry.attempt, retry.severity_of("a")) == (2, "critical")
    assert unsure.deliver(retry) == []
    assert unsure.wake(LATER) == []


def test_retrying_reload() -> None:
    """A vanished channel hands it to its fallback."""
    bench = _falling_back()
    bench.outcome(bench.sent[0], COME_BACK)
    handed = only(bench.reload(configuration("spare", rules=[rule("all", "dev")])))
    assert (handed.channel_id, handed.firing) == ("spare", ["a"])


def test_retrying_reload__no_fallback(retrying: Bench) -> None:
    """Without one it is dead, and visible as a gap."""
    assert retrying.reload(configuration("other", rules=[rule("all", "dev")])) == []
    assert retrying.ended() == [("dev", "dead")]
    assert retrying.gaps(GapKind.UNDELIVERED) == ["dev"]


def test_retrying_restart(retrying: Bench) -> None:
    """It is tried again at the same instant, with the same id, the attempt count kept."""
    assert retrying.restart() == []
    retry = only(retrying.wake(30))
    assert (retry.at, retry.name, retry.attempt) == (30, retrying.sent[0].name, 2)


# --- told: the channel knows


@pytest.fixture
def told(bench: Bench) -> Bench:
    """``a`` and ``b``, one incident, were told on ``dev``."""
    sent = only(bench.step(fired("a"), fired("b")))
    bench.deliver(sent)
    bench.wake(10)
    return bench


def _policy() -> EscalationPolicy:
    return create_basic_escalation_policy("p", ["dev"], ["dev"])


def test_told_acknowledge() -> None:
    """Nothing is sent: no repeat and no level while it holds."""
    config = configuration("dev", policies=[_policy()], settings={"repeat_interval_seconds": 120.0})
    bench = Bench(config, answer=Outcome.delivered())
    bench.fire("a")
    bench.wake(10)
    assert bench.ack("a") == []
    assert bench.wake(LATER) == []


def test_told_acknowledge__expired() -> None:
    """When it ends, the levels that are left come in their unpaused time, and the repeats again."""
    config = configuration("dev", policies=[_policy()], settings={"repeat_interval_seconds": 7200.0})
    bench = Bench(config, answer=Outcome.delivered())
    bench.fire("a")
    bench.wake(10)
    bench.ack("a", for_seconds=1000)
    bench.wake(1400)
    assert bench.told("dev")[1:] == [(1010, "repeat", ["a"], []), (1300, "escalation", ["a"], [])]


def test_told_resolve(told: Bench) -> None:
    """At once when nothing that was told there still fires: with those that wait already."""
    assert told.resolve("a") == []
    told.wake(20)
    after = only(told.resolve("b"))
    assert (after.at, after.kind, after.resolved) == (20, "resolved", ["a", "b"])


def test_told_resolve__others_fire(told: Bench) -> None:
    """Otherwise with the others that resolve within the window."""
    told.deliver(*told.fire("c", "critical"))
    assert told.resolve("a") == []
    told.wake(100)
    assert told.resolve("b") == []
    assert told.wake(309.999) == []
    after = only(told.wake(310))
    assert (after.kind, after.firing, after.resolved) == ("resolved", [], ["a", "b"])


def test_told_refire(told: Bench) -> None:
    """It is a new episode, decided on its own."""
    told.resolve("a")
    assert told.fire("a") == []
    assert [one for one in told.wake(300) if ("a", 2, "firing") in one.episodes()] != []


def test_told_refire__whole_incident_resolved(told: Bench) -> None:
    """After the whole incident resolved it is a new incident, told at once."""
    told.deliver(*told.resolve("a", "b"))
    again = only(told.fire("a"))
    assert (again.kind, again.episodes()) == ("firing", [("a", 2, "firing")])
    assert again.notification.incident_id != told.sent[0].notification.incident_id


def test_told_silence(told: Bench) -> None:
    """Nothing is sent; the resolution is still sent."""
    assert told.silence("s", until=600, metric_name="cpu") == []
    after = only(told.resolve("a", "b"))
    assert (after.kind, after.resolved) == ("resolved", ["a", "b"])
    told.deliver(after)
    assert told.wake(LATER) == []


def test_told_silence__ended(told: Bench) -> None:
    """Its end tells nobody again."""
    told.silence("s", until=600, metric_name="cpu")
    assert told.wake(LATER) == []


def test_told_severity_change(told: Bench) -> None:
    """A rise is owed again."""
    after = only(told.fire("a", "critical"))
    assert (after.kind, after.firing, after.severity_of("a")) == ("more", ["a"], "critical")
    assert told.deliver(after) == []
    assert told.fire("a", "critical", message="still") == []
    assert told.wake(LATER) == []


def test_told_severity_change__fall() -> None:
    """A fall updates the incident and stops nothing; a rise to what was told already is no news."""
    bench = Bench(configuration("dev", policies=[_policy()]), answer=Outcome.delivered())
    bench.fire("a", "critical")
    assert bench.fire("a", "warning") == []
    assert bench.fire("a", "critical") == []
    assert bench.fire("a", "warning") == []
    level = only(bench.wake(LATER))
    assert (level.at, level.kind, level.severity_of("a")) == (300, "escalation", "warning")
    assert level.notification.incidents[0].severity.value == "warning"


def test_told_reload(told: Bench) -> None:
    """Nobody told is told again."""
    assert told.reload(configuration("dev", "ops", rules=[rule("renamed", "dev")])) == []
    assert told.wake(LATER) == []


def test_told_reload__newly_reached_channel(told: Bench) -> None:
    """A newly reached channel is told once, in one digest."""
    told.deliver(*told.fire("x", metric="disk"), *told.fire("y", metric="net"))
    digest = only(told.reload(configuration("dev", "ops", rules=[rule("all", "dev", "ops")])))
    assert (digest.channel_id, digest.kind, digest.firing) == ("ops", "digest", ["a", "b", "x", "y"])
    told.deliver(digest)
    assert told.reload(configuration("dev", "ops", rules=[rule("both", "ops", "dev")])) == []
    assert told.wake(LATER) == []


def test_told_restart(told: Bench) -> None:
    """Nothing is sent again."""
    assert told.restart(5000) == []
    assert told.wake(LATER) == []
