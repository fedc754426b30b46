"""``tocsin explain``: who would be told of an alert, when and why, and what became of one."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.lab.asking.conftest import START, Lived, Run, critical

from tocsin import Action, FederationAlertingService, LedgerKind, LedgerLine, Reason, SqliteStore
from tocsin.cli.instants import AT, length, local
from tocsin.cli.ledger_text import ledger_lines
from tocsin.cli.words import ACTIONS, REASONS
from tocsin.testing.clock import VirtualClock

PROD = ("--label", "severity=critical", "--label", "cluster=prod-eu-1")


def asked(run: Run, *arguments: str | Path) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    code, out, err = run("explain", *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def actions(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return what happens on each channel, and why."""
    return {one["channel_id"]: (one["action"], one["reason"]) for one in document["channels"]}


# -- from a configuration alone --------------------------------------------------------------------------------------


def test_the_verdict_comes_first_and_no_secret_is_needed(run: Run, config: Path) -> None:
    code, out, err = run("explain", "--config", config, *PROD, "--at", "1700000000")
    assert (code, err) == (0, "")
    first, _, told, later, *_ = out.splitlines()
    assert first == "critical alert hypothetical, cluster prod-eu-1"
    assert told == "told now:    pager, mail"
    assert later.startswith("if nobody answers: boss at ")
    assert "(in 5m)" in later
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_every_part_is_said(run: Run, config: Path) -> None:
    _, out, _ = run("explain", "--config", config, *PROD, "--at", "1700000000")
    said = " ".join(out.split())
    assert "gate channel: the channel is switched off (channel_disabled)" in said
    assert "gate time_interval: the rules that name the channel are silent at this time" in said
    assert "no rule routes it to chat, boss" in said
    assert "it opens the incident inc_" in said
    assert "second" in said
    assert "mail (not usable: spare)" in said
    assert "next deadline: " in said
    assert "everything: 'databases' came before it and does not continue; its route 'db-critical' applies" in said
    assert "databases: its route 'db-critical' applies instead" in said
    assert "gone: it is switched off" in said
    assert "no cluster_id 'prod-eu-1' does not match 'prod-us-.*' (cluster_pattern)" in said
    assert "assumed: alert_id 'hypothetical', metric_name ''" in said


def test_the_nearest_miss_comes_first(run: Run, config: Path) -> None:
    document = asked(run, "--config", config, *PROD)
    order = [rule["rule_id"] for rule in document["rules"]]
    assert order[:2] == ["db-critical", "db-night"]
    assert order.index("everything") < order.index("us") < order.index("dev")
    assert [rule["taken_by"] for rule in document["rules"] if rule["rule_id"] == "everything"] == ["db-critical"]


def test_json_has_the_promised_shape(run: Run, config: Path) -> None:
    document = asked(run, "--config", config, *PROD, "--at", "2023-11-14T22:13:20Z")
    assert document["alert_id"] == "hypothetical"
    assert document["at"] == "2023-11-14T22:13:20.000Z"
    for rule in document["rules"]:
        assert {"rule_id", "matched", "conditions"} <= rule.keys()
        assert all({"condition", "matched", "reason"} <= one.keys() for one in rule["conditions"])
    for channel in document["channels"]:
        assert {"channel_id", "action", "reason", "rule_ids", "gate"} <= channel.keys()
    assert document["escalation"]["policy_id"] == "hurry"
    levels = document["escalation"]["levels"]
    assert [
        (one["level"], one["after_seconds"], one["channels"], one["at"][11:19], one["tells"]) for one in levels
    ] == [
        ("first", 300.0, ["boss"], "22:18:20", ["boss"]),
        ("second", 900.0, ["spare"], "22:28:20", ["mail"]),
        ("final", 3600.0, ["boss", "mail"], "23:13:20", ["boss", "mail"]),
    ]
    assert document["next_deadline"] == "2023-11-14T22:18:20.000Z"
    assert document["assumed"] == {"alert_id": "hypothetical", "metric_name": ""}


def test_an_alert_that_nothing_matches_has_no_escalation(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(
        "channels: {a: {backend: console}}\nrouting_rules: [{conditions: {severity: [info]}, target_channels: [a]}]\n"
    )
    document = asked(run, "--config", path, "--label", "severity=error")
    assert document["escalation"] is None
    assert actions(document) == {"a": ("skip", "unrouted")}
    assert "no rule matches it" in run("explain", "--config", path, "--label", "severity=error")[1]


def test_long_lists_are_cut_with_a_count(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.json"
    rules = [
        {"rule_id": f"r{n}", "conditions": {"metric_name": [f"m{n}"]}, "target_channels": ["a"]} for n in range(99)
    ]
    path.write_text(json.dumps({"channels": {"a": {"backend": "console"}}, "routing_rules": rules}))
    few = run("explain", "--config", path, "--label", "alertname=m7")[1]
    assert "  93 more rules do not apply; --all shows them" in few
    assert few.count("metric_name ") < 10
    whole = run("explain", "--config", path, "--label", "alertname=m7", "--all")[1]
    assert all(f"r{n}: " in whole for n in range(99))


# -- the alert -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alert.json", '{"alert_id": "a", "cluster_id": "prod-1", "severity": "critical", "metric_name": "cpu"}'),
        ("alert.yaml", "alert_id: a\ncluster_id: prod-1\nseverity: CRITICAL\nmetric_name: cpu\n"),
    ],
)
def test_an_alert_comes_from_a_file_or_standard_input(
    run: Run, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    document = asked(run, "--config", config, "--alert", path)
    assert (document["alert_id"], document["assumed"]) == ("a", {})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert asked(run, "--config", config, "--alert", "-")["alert"] == document["alert"]


def test_labels_set_the_alerts_own_fields_and_change_those_of_a_file(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "alert.yaml"
    path.write_text("{alert_id: a, cluster_id: dev-1, severity: info, metric_name: cpu, labels: {team: db}}")
    labels = ("alertname=Up", "cluster=x", "severity=error", "node_id=n1", "team=web")
    given = [part for label in labels for part in ("--label", label)]
    alert = asked(run, "--config", config, "--alert", path, *given)["alert"]
    assert (alert["cluster_id"], alert["metric_name"]) == ("dev-1", "cpu")
    assert (alert["severity"], alert["node_id"]) == ("error", "n1")
    assert alert["labels"] == {"team": "web", "alertname": "Up", "cluster": "x"}
    alone = asked(run, "--config", config, *given)
    assert (alone["alert"]["cluster_id"], alone["alert"]["metric_name"]) == ("x", "Up")
    assert alone["assumed"] == {"alert_id": "hypothetical"}


def test_an_alert_as_alertmanager_has_it_is_read_as_the_daemon_reads_it(run: Run, config: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(config.read_text() + "server: {severity_labels: {loud: emergency}, cluster_labels: [dc]}\n")
    path = tmp_path / "alert.json"
    labels = {"alertname": "Up", "severity": "page", "cluster": "prod-1", "dc": "prod-2", "instance": "n1"}
    posted = {"labels": labels, "annotations": {"summary": "down"}, "startsAt": "2026-01-01T00:00:00Z"}
    path.write_text(json.dumps(posted))
    alert = asked(run, "--config", config, "--alert", path)["alert"]
    assert (alert["cluster_id"], alert["severity"], alert["metric_name"]) == ("prod-1", "critical", "Up")
    assert (alert["node_id"], alert["message"], alert["labels"]) == ("n1", "down", labels)
    path.write_text(json.dumps({"labels": {**labels, "severity": "loud"}}))
    changed = asked(run, "--config", own, "--alert", path, "--label", "node_id=n2")
    assert (changed["alert"]["cluster_id"], changed["alert"]["severity"]) == ("prod-2", "emergency")
    assert (changed["alert"]["node_id"], changed["assumed"]) == ("n2", {})


def test_a_number_that_is_none_is_null_in_json(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "alert.yaml"
    path.write_text("{severity: error, current_value: .nan, threshold_value: .inf}")
    alert = asked(run, "--config", config, "--alert", path)["alert"]
    assert (alert["current_value"], alert["threshold_value"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--label", "severity=critcal"), "did you mean 'critical'?"),
        (("--label", "team"), "'team' is no label, such as team=db"),
        (("--at", "soon", *PROD), "'soon' is no instant, such as"),
        (("--at", "+soon", *PROD), "is no instant"),
        (("--at", "nan", *PROD), "is no instant"),
        ((), "which alert?"),
        (("some-id",), "--state STORE"),
        (("some-id", *PROD), "not both"),
        (("--alert", "nowhere.yaml"), "nowhere.yaml:1:1: the file cannot be read"),
        (("--state", "nowhere.db", *PROD), "nowhere.db"),
    ],
)
def test_mistakes_are_one_clear_line_and_exit_with_2(
    run: Run, config: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = run("explain", "--config", config, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "one alert is a mapping of its fields, not a list"),
        ("{serverity: error}", "did you mean 'severity'?"),
        ("{severity: error, startsAt: x}", "unknown field 'startsAt'"),
        ("{labels: [1]}", "expected a mapping of strings to strings @ labels"),
        ("{labels: {a: 1}}", "expected a mapping of strings to strings @ labels"),
        ("a: b: c", "alert.yaml:1:"),
    ],
)
def test_a_file_that_is_no_alert_is_told(run: Run, config: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "alert.yaml"
    path.write_text(text)
    code, out, err = run("explain", "--config", config, "--alert", path)
    assert (code, out) == (2, "")
    assert said in err


def test_a_wrong_configuration_is_told_as_check_tells_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("chanels: {}\nreceivers: 5\n")
    told = run("check", path)[2]
    assert run("explain", "--config", path, *PROD) == (2, "", told)


@pytest.mark.parametrize(
    "text",
    [
        "channels: {a: {backend: console}}\n"
        "routing_rules: [{conditions: {metric_name: ['${TOCSIN_TEST_NOWHERE}']}, target_channels: [a]}]",
        "channels: {a: {backend: console, rate_limit_per_minute: '${TOCSIN_TEST_NOWHERE}'}}",
        "channels: {a: {backend: '${TOCSIN_TEST_NOWHERE}'}}",
    ],
)
def test_what_decides_has_to_be_there(run: Run, tmp_path: Path, text: str) -> None:
    """A variable that is no secret of a channel is needed."""
    path = tmp_path / "tocsin.yaml"
    path.write_text(text)
    code, _, err = run("explain", "--config", path, *PROD)
    assert code == 2
    assert "the environment variable TOCSIN_TEST_NOWHERE is not set" in err


def test_nothing_in_an_alert_steers_a_terminal(run: Run, config: Path) -> None:
    _, out, _ = run("explain", "--config", config, "--label", "severity=critical", "--label", "alert_id=\x1b[2J\u202e")
    assert "\x1b" not in out
    assert "\\x1b[2J\\u202e" in out


# -- from a store ----------------------------------------------------------------------------------------------------


def test_a_past_alert_is_told_from_the_ledger(run: Run, lived: Lived) -> None:
    code, out, err = run("explain", "--state", lived.path, "--at", str(lived.until), "disk-full")
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    assert said.startswith("what happened to disk-full")
    assert "reported as critical" in said
    assert "routed by db-critical, db-night to pager, mail, spare, night, escalated by hurry" in said
    assert "night is not told: the rules that name the channel are silent at this time" in said
    assert "taken in hand by maria: mine" in said
    assert said.index("taken in hand") < said.index("told before: pager, mail")
    assert "escalation hurry, paused: nobody has to answer now" in said


def test_a_past_alert_in_json_has_its_ledger(run: Run, lived: Lived) -> None:
    document = asked(run, "--state", lived.path, "--at", str(lived.until), "disk-full")
    assert [line["kind"] for line in document["ledger"]][:2] == ["received", "routed"]
    assert document["ledger"][0]["at"] == "2023-11-14T22:13:22.000Z"
    assert actions(document)["pager"] == ("skip", "already_told")
    assert document["escalation"]["paused"] is True
    assert [one["at"] for one in document["escalation"]["levels"]] == [None, None, None]


def test_an_alert_that_is_over_is_explained_as_if_it_fired_again(run: Run, lived: Lived) -> None:
    out = run("explain", "--state", lived.path, "--at", str(lived.until), "over")[1]
    assert "resolved" in out
    assert "it is over; were it to fire again:" in out
    assert "told now:    pager, mail" in out


def test_an_unknown_alert_is_not_there(run: Run, lived: Lived) -> None:
    code, out, err = run("explain", "--state", lived.path, "--at", str(lived.until), "disk-ful")
    assert (code, out) == (1, "")
    assert err == f"tocsin: {lived.path} knows no alert 'disk-ful'; did you mean 'disk-full'?\n"


def test_the_state_decides_what_becomes_of_the_next_alert(run: Run, config: Path, lived: Lived) -> None:
    """It joins the incident that is open, and is folded or told as the engine would have it."""
    labels = ("--label", "severity=critical", "--label", "cluster=prod-us-1", "--label", "metric_name=disk")
    document = asked(run, "--config", config, "--state", lived.path, "--at", str(lived.until), *labels)
    assert document["incident"]["opens"] is False
    assert document["incident"]["firing_count"] == 2
    assert document["state"]["at"] <= document["at"]
    later = asked(run, "--config", config, "--state", lived.path, "--at", str(lived.until + 301), *labels)
    assert later["incident"]["opens"] is True


def test_the_configuration_of_the_file_is_taken_in(run: Run, config: Path, lived: Lived, tmp_path: Path) -> None:
    labels = ("--label", "severity=critical", "--label", "cluster_id=prod-eu-9", "--label", "metric_name=new")
    at = ("--at", str(lived.until))
    assert actions(asked(run, "--state", lived.path, *at, *labels))["pager"] == ("notify", "routed")
    other = tmp_path / "other.yaml"
    other.write_text(config.read_text().replace("min_severity: critical", "min_severity: emergency"))
    changed = asked(run, "--config", other, "--state", lived.path, *at, *labels)
    assert actions(changed)["pager"] == ("skip", "below_min_severity")


def test_a_past_instant_is_asked_as_it_stood_just_before_it(run: Run, lived: Lived) -> None:
    """What happens there itself is decided by the answer, so that the instant of the first report gives its reasons."""
    at = ("--at", "2023-11-14T22:13:22Z")
    document = asked(run, "--state", lived.path, *at, "disk-full")
    told = {name: one for name, one in actions(document).items() if one[1] != "unrouted"}
    then = [line for line in asked(run, "--state", lived.path, "disk-full")["ledger"] if line["kind"] == "decided"]
    assert told == {line["channel_id"]: (line["action"], line["reason"]) for line in then[: len(told)]}
    assert told["pager"] == ("notify", "routed")
    assert document["incident"]["opens"] is True
    assert document["at"] == "2023-11-14T22:13:22.000Z" > document["state"]["at"]
    assert document["escalation"]["levels"][0]["at"] == "2023-11-14T22:18:22.000Z"
    said = run("explain", "--state", lived.path, *at, "disk-full")[1]
    assert "lines later than that; without --at they are shown" in said
    assert "it does not fire yet; were it to fire:" in said


def test_between_two_instants_it_stands_as_it_did_there(run: Run, lived: Lived) -> None:
    """Before maria took it, somebody had to answer."""
    document = asked(run, "--state", lived.path, "--at", "2023-11-14T22:14:00Z", "disk-full")
    assert actions(document)["pager"] == ("skip", "already_told")
    assert document["escalation"]["paused"] is False
    assert document["ledger"][-1]["kind"] != "acknowledged"
    assert asked(run, "--state", lived.path, "disk-full")["escalation"]["paused"] is True


def test_where_the_clock_was_put_back_the_ledger_is_whole(run: Run, tmp_path: Path) -> None:
    """What was written down with a later date than the one that is asked about did happen before."""
    path = tmp_path / "back.db"

    async def live() -> None:
        clock = VirtualClock()
        async with FederationAlertingService(clock=clock, store=SqliteStore(path)) as service:
            await service.process_alert(critical("early"))
            clock.jump_wall(-7200.0)
            await clock.advance(10.0)
            service.acknowledge_alert("early", by="maria")
            await clock.advance(1.0)

    anyio.run(live)
    kinds = [line["kind"] for line in asked(run, "--state", path, "--at", str(START - 7180.0), "early")["ledger"]]
    assert kinds[0] == "received"
    assert kinds[-1] == "acknowledged"


def test_another_configuration_is_asked_as_if_it_had_been_taken_in_then(
    run: Run, config: Path, lived: Lived, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(config.read_text().replace("min_severity: critical", "min_severity: emergency"))
    document = asked(run, "--config", other, "--state", lived.path, "--at", "2023-11-14T22:13:22Z", "disk-full")
    assert actions(document)["pager"] == ("skip", "below_min_severity")


def test_what_lies_before_the_journal_cannot_be_asked(run: Run, config: Path, lived: Lived) -> None:
    code, _, err = run("explain", "--config", config, "--state", lived.path, "--at", str(START - 1.0), *PROD)
    assert code == 2
    assert "cannot explain 2023-11-14T22:13:19.000Z: the journal begins at 2023-11-14T22:13:20.000Z" in err


def test_the_first_entry_s_own_instant_can_be_asked(run: Run, lived: Lived) -> None:
    """Nothing went before it, and the configuration that it was decided under is in force."""
    document = asked(run, "--state", lived.path, "--at", str(START), "over")
    assert actions(document)["pager"] == ("notify", "routed")
    assert document["state"] == {"entry": 0, "at": document["at"], "remarks": []}
    ledger = asked(run, "--state", lived.path, "over")["ledger"]
    assert document["incident"]["incident_id"] == ledger[1]["incident_id"]  # the seed is the recorded one


def test_where_the_journal_begins_later_nothing_is_said_to_be_over(run: Run, lived: Lived, tmp_path: Path) -> None:
    """What fired before its first entry is not known, and that comes first."""

    async def live() -> None:
        clock = VirtualClock(lived.until)
        async with FederationAlertingService(clock=clock, store=SqliteStore(lived.path)) as service:
            for alert_id in ("late", "later"):
                await clock.advance(100.0)
                await service.process_alert(critical(alert_id, metric_name=alert_id))

    anyio.run(live)
    whole, archive = tmp_path / "whole.jsonl", tmp_path / "late.jsonl"
    assert run("store", "export", lived.path, "-o", whole)[0] == 0
    entries = [line for line in map(json.loads, whole.read_text().splitlines()) if line["type"] == "entry"]
    begins = str(next(entry["ordinal"] for entry in entries if "'late'" in str(entry)))
    assert run("store", "export", lived.path, "--from", begins, "-o", archive)[0] == 0
    at = ("--at", str(lived.until + 150.0))
    said = run("explain", "--state", archive, *at, "disk-full")[1]
    assert said.startswith(f"beware: the journal begins with entry {begins}: ")
    assert "whether it fires then is not known; if it does not, were it to fire:" in said
    assert "it is over" not in said
    (remark,) = asked(run, "--state", archive, *at, "disk-full")["state"]["remarks"]
    assert remark.startswith(f"the journal begins with entry {begins}")


def test_who_is_sent_it_is_played_with_channels_that_fail(run: Run, config: Path) -> None:
    """Its fallback is told already; the levels come due, each at its time."""
    given = ("--config", config, *PROD, "--failing", "pager", "--within", "16m")
    sent = [(one["channel_id"], one["after_seconds"], one["delivered"]) for one in asked(run, *given)["told"]]
    assert sent == [
        ("pager", 0.0, False),
        ("mail", 0.0, True),
        ("boss", 300.0, True),
        ("mail", 900.0, True),
    ]
    said = run("explain", *given)[1]
    assert "sent within 16m, if nobody answers and pager fails\n  +0s       pager: firing, in vain" in said
    assert "  +15m      mail: escalation, level second" in said
    nobody = run("explain", *given[:-1], "10s", "--failing", "mail")[1]
    assert nobody.rstrip().splitlines()[-3].strip() == "nobody takes it in that time"


def test_what_is_played_goes_on_from_the_state(run: Run, lived: Lived) -> None:
    """What somebody took does not escalate; and nothing is known of a channel that is not there."""
    at = ("--state", lived.path, "--at", str(lived.until))
    assert asked(run, *at, "--within", "1h", "disk-full")["told"] == []
    code, _, err = run("explain", *at, "--failing", "pagr", "disk-full")
    assert code == 2
    assert "--failing: no channel is called 'pagr'; did you mean 'pager'?" in err


def test_an_archive_is_a_picture_whose_now_is_its_newest_entrys(run: Run, lived: Lived, tmp_path: Path) -> None:
    archive = tmp_path / "archive.jsonl"
    assert run("store", "export", lived.path, "-o", archive)[0] == 0
    document = asked(run, "--state", archive, "disk-full")
    assert document["at"] == document["state"]["at"] == "2023-11-14T22:14:22.000Z"
    same = asked(run, "--state", lived.path, "--at", document["at"], "disk-full")
    assert {**same, "at": 0} == {**document, "at": 0}
    assert asked(run, "--state", archive, "--at", "+5m", "disk-full")["at"] == "2023-11-14T22:19:22.000Z"


def test_a_store_in_use_is_read_beside_its_service(run: Run, lived: Lived) -> None:
    before = lived.path.read_bytes()
    clock = VirtualClock()
    documents: list[dict[str, Any]] = []

    async def live() -> None:
        await clock.advance(100.0)
        async with FederationAlertingService(clock=clock, store=SqliteStore(lived.path)) as service:
            await service.process_alert(critical("another", metric_name="net"))
            documents.append(asked(run, "--state", lived.path, "--at", str(START + 200), "another"))
            assert [alert.alert_id for alert in service.get_active_alerts()] == ["another", "disk-full"]

    anyio.run(live)
    assert [line["kind"] for line in documents[0]["ledger"]][:2] == ["received", "routed"]
    assert before[:16] == b"SQLite format 3\0"


def test_reading_changes_nothing(run: Run, config: Path, lived: Lived) -> None:
    before = lived.path.read_bytes()
    asked(run, "--config", config, "--state", lived.path, "--at", str(lived.until), *PROD)
    assert lived.path.read_bytes() == before
    assert sorted(path.name for path in lived.path.parent.iterdir()) == ["tocsin.db", "tocsin.db-lock", "tocsin.yaml"]


@pytest.mark.parametrize("content", ["", "hello", "{}\n", '{"type": "header"}\n'])
def test_what_is_no_store_is_told(run: Run, config: Path, tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.db"
    path.write_text(content)
    code, out, err = run("explain", "--config", config, "--state", path, *PROD)
    assert (code, out) == (1, "")
    assert err.startswith("tocsin: ")
    assert len(err.splitlines()) == 1


def test_a_new_store_is_as_good_as_none(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    SqliteStore(path).close()
    document = asked(run, "--config", config, "--state", path, *PROD)
    assert document["incident"]["opens"] is True
    assert run("explain", "--state", path, *PROD)[0] == 1


# -- words -----------------------------------------------------------------------------------------------------------


def test_everything_that_can_happen_has_words() -> None:
    assert (set(ACTIONS), set(REASONS)) == (set(Action), set(Reason))
    for kind in LedgerKind:
        day, line = ledger_lines([LedgerLine(START, 1, kind)])
        assert "2023-11-1" in day
        assert len(line.split()) > 1


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (0.4, "0s"),
        (59.6, "1m"),
        (61, "1m1s"),
        (3600, "1h"),
        (3605, "1h"),
        (86_400 * 8, "1w1d"),
        (7_500, "2h5m"),
    ],
)
def test_lengths_are_said_by_their_two_largest_units(seconds: float, shown: str) -> None:
    assert length(seconds) == shown


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("+90s", START + 90),
        ("+1h30m", START + 5400),
        ("+1.5h", START + 5400),
        ("1700000007.5", START + 7.5),
        ("2023-11-14T22:13:21Z", START + 1),
        ("2023-11-14T23:13:21+01:00", START + 1),
    ],
)
def test_an_instant_is_written_in_three_ways(text: str, instant: float) -> None:
    assert AT.convert(text, None, None).after(START) == instant


def test_an_instant_outside_the_calendar_is_a_number() -> None:
    assert local(1e300, "%H") == "1e+300"


def test_an_instant_before_all_time_is_refused(run: Run, config: Path) -> None:
    code, out, err = run("explain", "--config", config, *PROD, "--at", "-600000h")
    assert (code, out) == (2, "")
    assert "before 1970" in err
