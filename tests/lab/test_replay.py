"""Replay: what would have been sent, counted."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lab import month
from tests.lab.conftest import CONFIGURATION, Run, as_lines, fired

from tocsin import FederationAlertingService, PerformanceAlert, Registry, SqliteStore, create_console_channel
from tocsin.engine.plan import Plan
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.reading import read_history
from tocsin.lab.model import Model, ModelledPeople, ModelledReceivers
from tocsin.lab.model_file import read_model
from tocsin.lab.replay.report import Report
from tocsin.lab.replay.run import replay
from tocsin.testing.clock import VirtualClock

Write = Callable[[str, str], Path]
HOUR = 3600.0


@pytest.fixture
def replayed(write: Write, plan_of: Callable[[str], Plan], registry: Registry) -> Callable[..., Report]:
    """A function that replays alerts with the usual configuration, and a model of the world."""

    def replayed(
        *alerts: dict[str, object], model: str = "", since: float = float("-inf"), until: float = float("inf")
    ) -> Report:
        world = read_model(write("model.yaml", model)) if model else Model()
        return replay(
            read_history(write("alerts.json", as_lines(alerts)), Labels()),
            registry,
            plan_of(CONFIGURATION),
            receivers=ModelledReceivers(world.receivers),
            people=ModelledPeople(world.people),
            since=since,
            until=until,
        )

    return replayed


def test_every_notification_is_counted(replayed: Callable[..., Report]) -> None:
    """By channel and severity, by hour, with the rules and alerts that make most of them."""
    report = replayed(
        fired("a", HOUR, HOUR + 600.0),
        fired("b", 2 * HOUR, 2 * HOUR + 60.0, severity="warning"),
        fired("c", 2 * HOUR, 2 * HOUR + 60.0, severity="info"),
    )
    assert report.notifications == {
        "pager": {"critical": 2},  # it fires, it has resolved
        "manager": {"critical": 2},  # the first level, and that
        "chat": {"warning": 2},
    }
    assert report.hours == {HOUR: {"pager": 2, "manager": 2}, 2 * HOUR: {"chat": 2}}
    assert (report.episodes, report.unrouted, report.never_told) == (3, 1, 1)
    assert report.rules == {"databases": 4, "everything": 2}
    assert report.levels == {"on-call": {"first": 1}}
    assert report.first_told["max"] == 0.0


def test_only_a_part_is_counted_and_all_before_it_is_played(replayed: Callable[..., Report]) -> None:
    """What fired before goes on firing: its level comes due within the part."""
    alerts = [fired("a", HOUR), fired("b", HOUR + 200.0), fired("c", 3 * HOUR)]
    report = replayed(*alerts, since=HOUR + 250.0, until=HOUR + 400.0)
    assert report.notifications == {"manager": {"critical": 1}}
    assert report.episodes == 0
    assert report.began == HOUR + 250.0
    assert report.ended == HOUR + 400.0


def test_folding_is_what_aggregation_saves(replayed: Callable[..., Report]) -> None:
    """Forty warnings of one metric within a window are two notifications."""
    alerts = [fired(f"a{n}", HOUR + n, severity="warning", cluster_id=f"web-{n}") for n in range(40)]
    report = replayed(*alerts, fired("late", 2 * HOUR, severity="info"))
    assert report.notifications == {"chat": {"warning": 2}}
    assert report.tellings == 40
    assert report.reasons["fold"] == {"folded": 39}
    assert 290 < report.first_told["max"] <= 300


MODEL = """
receivers:
  pager:
    latency_seconds: 3s
    outages: [{{from: 3600, to: "1970-01-01T01:10:00Z", how: {how}}}]
"""


@pytest.mark.parametrize(
    ("how", "outcomes"),
    [("unavailable", {"unavailable", "delivered"}), ("rejected", {"rejected"}), ("hanging", {"unknown", "delivered"})],
)
def test_receivers_fail_as_the_model_says(how: str, outcomes: set[str], replayed: Callable[..., Report]) -> None:
    """And are tried again, where that makes sense."""
    report = replayed(fired("a", HOUR, HOUR + 5000.0), model=MODEL.format(how=how))
    assert report.outcomes["pager"].keys() >= outcomes - {"delivered"}
    assert ("delivered" in report.outcomes["pager"]) is (how != "rejected")
    assert report.attempts > report.sent or how == "rejected"


def test_people_answer_as_the_model_says(replayed: Callable[..., Report]) -> None:
    """Whoever acknowledges within five minutes is spared the manager; a share of none never does."""
    alerts = [fired(f"a{n}", HOUR * (n + 1), HOUR * (n + 1) + 3000.0) for n in range(20)]
    quick = replayed(*alerts, model="people: [{after_seconds: 2m}]")
    assert quick.levels == {}
    slow = replayed(*alerts, model="people: [{after_seconds: 6m}]")
    assert slow.levels == {"on-call": {"first": 20}}
    some = replayed(*alerts, model="people: [{after_seconds: 2m, share: 0.5, channels: [pager]}]")
    assert 2 < some.levels["on-call"]["first"] < 18
    mild = replayed(*alerts, model="people: [{after_seconds: 2m, min_severity: emergency}]")
    assert mild.levels == {"on-call": {"first": 20}}


def test_the_same_replay_is_the_same(replayed: Callable[..., Report]) -> None:
    """There is no chance in it but that of the seed."""
    alerts = [fired(f"a{n}", HOUR + 100.0 * n, HOUR + 100.0 * n + 900.0) for n in range(30)]
    model = "receivers: {pager: {failing_share: 0.4}}"
    first, second = replayed(*alerts, model=model), replayed(*alerts, model=model)
    assert first == second
    assert first.attempts > first.sent


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("receivers: {pager: {failing_share: 2}}", "model.yaml:1:36: receivers.pager.failing_share"),
        ("receivers: {pager: {outages: [{from: 3, to: 2}]}}", "an outage ends after it begins"),
        ("receivers: {pager: {outages: [{from: 3, to: noon}]}}", "expected an instant"),
        ("people: [{share: 0.5}]", "after_seconds: this is required"),
        ("people: [{after_seconds: 5, min_severity: high}]", "no severity is called 'high'"),
        ("people: 3", "model.yaml:1:9: people"),
        ("", "empty"),
    ],
)
def test_a_model_that_makes_no_sense_says_where(model: str, problem: str, write: Write, run: Run) -> None:
    """Exit code 2, and one line with the file's line in it."""
    files = write("alerts.json", as_lines([fired("a", 5.0)])), write("tocsin.yaml", CONFIGURATION)
    code, _, err = run("replay", files[0], "--config", files[1], "--model", write("model.yaml", model))
    assert code == 2
    assert problem in err


async def test_a_store_and_its_export_give_what_was_sent(tmp_path: Path, run: Run, anyio_backend: str) -> None:
    """A service's own file, replayed with the configurations in it."""
    clock = VirtualClock(1_790_000_000.0)
    path = tmp_path / "tocsin.db"
    async with FederationAlertingService(store=SqliteStore(path), clock=clock, catch_all_channel="console") as alerting:
        alerting.add_channel(create_console_channel("console"))
        for n in range(5):
            await alerting.process_alert(PerformanceAlert(f"a{n}", "db-1", "critical", f"m{n}"))
            await clock.advance(60.0)
        alerting.resolve_alert("a0")
        await clock.until(lambda: len(alerting.delivery_history) == 6)
    export = tmp_path / "export.jsonl"
    assert run("store", "export", path, "-o", export)[0] == 0
    for history in (path, export):
        code, out, err = run("replay", "--json", history)
        assert (code, err) == (0, "")
        assert json.loads(out)["sent"] == 6


def test_the_report_as_people_read_it(write: Write, run: Run) -> None:
    """Everything that was counted has its line."""
    alerts = [fired(f"a{n}", 100.0 * n + 100.0, 100.0 * n + 500.0) for n in range(3)]
    code, out, _ = run(
        "replay", write("alerts.json", as_lines(alerts)), "--config", write("tocsin.yaml", CONFIGURATION)
    )
    assert code == 0
    for text in ("3 alerts fired", "pager", "Busiest hours", "Noisiest rules", "databases", "on-call: first", "p50"):
        assert text in out


def test_nothing_in_a_history_is_said(write: Write, run: Run) -> None:
    """An empty list of alerts is no mistake."""
    code, out, _ = run("replay", write("alerts.json", "[]"), "--config", write("tocsin.yaml", CONFIGURATION))
    assert code == 0
    assert "there is nothing in this history" in out


def test_a_list_names_each_notification(write: Write, run: Run) -> None:
    """One a line: when, to whom, why, of what."""
    files = write("alerts.json", as_lines([fired("a", 3600.0, 4500.0)])), write("tocsin.yaml", CONFIGURATION)
    code, out, _ = run("replay", files[0], "--config", files[1], "--list")
    assert code == 0
    assert out.splitlines() == [
        "1970-01-01T01:00:00.000Z  pager  firing  critical  a",
        "1970-01-01T01:05:00.000Z  manager  escalation first  critical  a",
        "1970-01-01T01:15:00.000Z  pager  resolved  critical  a",
        "1970-01-01T01:15:00.000Z  manager  resolved  critical  a",
    ]
    code, out, _ = run("replay", files[0], "--config", files[1], "--list", "--json")
    first = json.loads(out.splitlines()[0])
    assert (first["channel_id"], first["kind"], first["alert_ids"]) == ("pager", "firing", ["a"])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--from", "tomorrow"], "'tomorrow' is no instant"),
        (["--config", "nowhere.yaml"], "cannot be read"),
    ],
)
def test_mistakes_are_said(arguments: list[str], problem: str, write: Write, run: Run) -> None:
    """On standard error, with exit code 2."""
    code, out, err = run("replay", write("alerts.json", as_lines([fired("a", 5.0)])), *arguments)
    assert (code, out) == (2, "")
    assert problem in err


def test_a_month_can_be_replayed_and_measured(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The short form of ``make month``: it runs; how long it takes is not judged here."""
    assert month.main(["400"]) in (0, 1)
    logging.disable(logging.NOTSET)
    assert "400 events" in capsys.readouterr().out
    report, _ = month.run(400, tmp_path)
    assert 50 < report.sent < report.episodes
