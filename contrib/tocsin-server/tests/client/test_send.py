"""``tocsin send``: alerts from options, files and standard input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from client_runner import Run
from contract_daemon import ContractDaemon

TAKEN = {"accepted": 1, "changed": 1}


@pytest.fixture(autouse=True)
def taken(daemon: ContractDaemon) -> None:
    """The daemon takes whatever is sent."""
    daemon.answers("POST", "/alerts", TAKEN, status=202)


def test_options_make_an_alert(daemon: ContractDaemon, tocsin: Run) -> None:
    done = tocsin(
        *("send", "--id", "backup", "--severity", "ERROR", "--cluster", "eu-1", "--metric", "age", "--value", "9"),
        *("--threshold", "2.5", "--message", "no backup", "--node", "db1", "--label", "job=backup", "--label", "x="),
        *("--annotation", "runbook=https://x/?a=b", "--generator-url", "https://g"),
    )
    assert (done.code, done.out) == (0, "accepted: 1, new or changed: 1\n")
    assert daemon.bodies == [
        [
            {
                "alert_id": "backup",
                "severity": "error",
                "cluster_id": "eu-1",
                "metric_name": "age",
                "current_value": 9,
                "threshold_value": 2.5,
                "message": "no backup",
                "node_id": "db1",
                "labels": {"job": "backup", "x": ""},
                "annotations": {"runbook": "https://x/?a=b"},
                "generator_url": "https://g",
            }
        ]
    ]


def test_a_file_or_standard_input_has_one_alert_or_a_list(daemon: ContractDaemon, tocsin: Run, tmp_path: Path) -> None:
    one = {"alert_id": "a", "message": "\ud800 ä"}
    file = tmp_path / "alerts.json"
    file.write_text("\ufeff" + json.dumps(one), encoding="utf-8")
    for arguments in (["--file", str(file)], ["--file", "-"], []):
        assert tocsin("send", *arguments, stdin=json.dumps([one])).code == 0
    assert daemon.bodies == [[one]] * 3
    assert tocsin("send", "--json", stdin=json.dumps(one)).json == TAKEN


@pytest.mark.parametrize(
    ("stdin", "problem"),
    [
        ("", "standard input is no JSON: Expecting value at line 1, column 1"),
        ("{\n!", "at line 2, column 1"),
        ("3", "standard input is no alert"),
        ('[{"alert_id": "a"}, 3]', "alert 1 of standard input is no alert"),
        ("[]", "there is no alert in standard input"),
        ('{"current_value": NaN}', "NaN is no number in JSON"),
        (b"\xff", "the input is not UTF-8: byte 0 is 0xff"),
        ("[" * 100_000, "too many lists and objects"),
        ('{"current_value": ' + "9" * 5000 + "}", "cannot be sent"),
    ],
)
def test_what_is_no_alert_is_2_and_nothing_is_sent(
    daemon: ContractDaemon, tocsin: Run, stdin: str | bytes, problem: str
) -> None:
    done = tocsin("send", stdin=stdin)
    assert done.code == 2
    assert problem in done.err
    assert daemon.asked == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--id", "a"], "an alert needs --severity, --cluster, --metric as well"),
        (["--message", "x", "--resolve"], "an alert needs --id as well"),
        (["--id", "a", "--file", "x"], "exclude each other"),
        (["--id", "a", "--label", "nonsense"], "'nonsense' is no name=value"),
        (["--id", "a", "--label", "=x"], "'=x' is no name=value"),
        (["--id", "a", "--label", "x=1", "--label", "x=2"], "'x' is given twice"),
        (["--id", "a", "--value", "nan"], "'nan' is no number"),
        (["--id", "a", "--value", "x"], "'x' is no number"),
        (["--id", "a", "--severity", "bad"], "'bad' is not one of"),
        (["--file", "/no/such/file"], "/no/such/file cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_call_is_2_and_nothing_is_sent(
    daemon: ContractDaemon, tocsin: Run, arguments: list[str], problem: str
) -> None:
    done = tocsin("send", *arguments)
    assert done.code == 2
    assert problem in done.err
    assert daemon.asked == []


def test_an_alert_is_over_by_its_id_alone(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/alerts/a/resolve", {"changed": True})
    assert tocsin("send", "--id", "a", "--resolve").out == "a: resolved\n"
    done = tocsin("send", "--resolve", stdin='[{"alert_id": "a", "severity": "error"}, {"alert_id": "b"}]')
    assert done.code == 1
    assert done.out == "a: resolved\n"
    assert daemon.paths == ["/alerts/a/resolve", "/alerts/a/resolve", "/alerts/b/resolve"]


@pytest.mark.parametrize(
    "stdin", ['{"alert_id": 3}', '[{"alert_id": "a"}, {}]', '{"alert_id": ""}', '{"alert_id": "-"}']
)
def test_the_end_of_something_without_a_name_is_2(daemon: ContractDaemon, tocsin: Run, stdin: str) -> None:
    assert tocsin("send", "--resolve", stdin=stdin).code == 2
    assert daemon.asked == []
