"""``tocsin prove``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.configfile.files import Files
from tests.lab.prove.asking import CHANNELS

from tocsin import PerformanceAlert, cli

Run = Callable[..., tuple[int, str, str]]

FINE = f"""\
{CHANNELS}
routing_rules: [{{target_channels: [team]}}]
catch_all_channel: boss
watchdog: {{channel_id: robot}}
"""
HOLED = FINE.replace("[team]}", "[robot], conditions: {cluster_pattern: prod-.*}}")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tocsin prove`` with the given arguments; give exit code, standard output and standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.main(["prove", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_it_prints_that_it_is_proved_and_under_which_assumptions(run: Run, files: Files) -> None:
    code, out, err = run("--config", files.write(FINE))
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "proved: every critical alert reaches a person within 15m, under these assumptions:"
    assert re.fullmatch(r"  - it fires between \w+day, [\d\-T:]+Z and \w+day, [\d\-T:]+Z", lines[1])
    assert all(line.startswith("  - ") for line in lines[1:])


def test_it_prints_a_counterexample_and_how_to_see_it(run: Run, files: Files) -> None:
    path = files.write(HOLED)
    code, out, _ = run("--config", path, "--within", "1h30m")
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == "not proved: not every critical alert reaches a person within 1h30m:"
    assert '"cluster_id": "prod-"' in lines[1]
    assert re.fullmatch(r"  if it fires on \w+day, [\d\-T:]+Z", lines[2])
    assert lines[3] == "  told in that time: robot after 0s"
    assert lines[4].startswith("  see: printf %s '{")
    assert f"tocsin explain --config {path} --alert - --at " in lines[4]


def test_it_prints_who_fails(run: Run, files: Files) -> None:
    code, out, _ = run("--config", files.write(FINE), "--tolerate", "1")
    assert code == 1
    assert "  and these fail: team\n" in out


def test_it_prints_why_it_is_undecided(run: Run, files: Files) -> None:
    code, out, _ = run("--config", files.write(FINE), "--within", "5s")
    assert code == 1
    assert out.splitlines() == [
        "undecided: whether every critical alert reaches a person within 5s:",
        "  - the aggregation 'window' may keep an alert waiting for up to 1m while others are told",
    ]


def test_json_is_for_scripts(run: Run, files: Files) -> None:
    code, out, err = run("--config", files.write(FINE), "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["proved"], found["undecided"], found["counterexample"]) == (True, [], None)
    assert len(found["assumptions"]) > 2
    code, out, _ = run("--config", files.write(HOLED), "--json")
    found = json.loads(out)
    assert (code, found["proved"], found["undecided"]) == (1, False, [])
    counterexample = found["counterexample"]
    assert PerformanceAlert.parse(counterexample["alert"]).cluster_id == "prod-"
    assert re.fullmatch(r"[\d\-T:]+Z", counterexample["at"])
    assert counterexample["told"] == [{"channel_id": "robot", "after_seconds": 0.0}]
    assert any("is told to no person" in warning for warning in found["warnings"])
    code, out, _ = run("--config", files.write(FINE), "--json", "--within", "5s")
    assert (code, len(json.loads(out)["undecided"]), json.loads(out)["counterexample"]) == (1, 1, None)


def test_whom_it_reaches_can_be_said(run: Run, files: Files) -> None:
    path = files.write(HOLED)
    code, out, _ = run("--config", path, "--to", "robot", "--to", "human", "--severity", "Info")
    assert code == 0
    assert out.startswith("proved: every info alert reaches robot or a person within 15m")
    assert run("--config", path, "--to", "robot")[0] == 1


def test_warnings_are_told_beside_it(run: Run, files: Files) -> None:
    code, _, err = run("--config", files.write(FINE + "receivers: {r: []}\n"))
    assert code == 0
    assert err.endswith("receivers.r: no rule uses this receiver (warning)\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--to", "tem"], "no channel is called 'tem'; did you mean 'team'?"),
        (["--severity", "critcal"], "unknown severity 'critcal'; did you mean 'critical'?"),
        (["--within", "15"], "'15' has no unit: write 15s, 15m or 15h"),
        (["--within", "soon"], "expected a duration such as 90s, 15m or 1h30m, or seconds, not 'soon'"),
        (["--within", "0s"], "'0s' is not between a millisecond and a week"),
        (["--within", "8d"], "'8d' is not between a millisecond and a week"),
        (["--tolerate", "4"], "'--tolerate'"),
    ],
)
def test_a_mistake_in_the_call_is_said(run: Run, files: Files, arguments: list[str], problem: str) -> None:
    code, out, err = run("--config", files.write(FINE), *arguments)
    assert (code, out) == (2, "")
    assert problem in err


def test_a_file_with_an_error_is_said_as_check_says_it(run: Run, files: Files) -> None:
    path = files.write("chanels: {}\n")
    code, out, err = run("--config", path)
    assert (code, out) == (2, "")
    assert f"{path}:1:1: chanels: there is no such setting" in err
    assert run()[0] == 2
