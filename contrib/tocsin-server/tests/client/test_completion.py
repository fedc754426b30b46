"""``tocsin completion``, and what a shell then completes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from client_runner import Run, run_command
from contract_daemon import ContractDaemon, alert

from tocsin_server.client import completions


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on how fast a daemon answers."""
    monkeypatch.setattr(completions, "_MOMENT", 60.0)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_prints_the_script_of_each_shell(shell: str) -> None:
    done = run_command("completion", shell)
    assert done.code == 0
    assert f"_TOCSIN_COMPLETE={shell}_complete" in done.out


def test_bash_takes_its_script(tmp_path: Path) -> None:
    script = tmp_path / "completion.sh"
    script.write_text(run_command("completion", "bash").out)
    subprocess.run(["bash", "-euc", f"source {script}; complete -p tocsin"], check=True, capture_output=True)


def test_a_shell_that_is_not_known_is_2() -> None:
    assert run_command("completion", "tcsh").code == 2


def _completed(monkeypatch: pytest.MonkeyPatch, line: str) -> list[str]:
    """Return what bash is told for the last word of *line*."""
    words = line.split(" ")
    monkeypatch.setenv("_TOCSIN_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    done = run_command()
    assert (done.code, done.err) == (0, "")
    return [answer.partition(",")[2] for answer in done.out.splitlines() if answer]


def test_commands_and_options_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _completed(monkeypatch, "tocsin sn") == ["snooze"]
    assert _completed(monkeypatch, "tocsin silence ") == ["add", "expire", "list", "preview"]
    assert _completed(monkeypatch, "tocsin send --sev") == ["--severity"]
    assert _completed(monkeypatch, "tocsin send --severity e") == ["error", "emergency"]


def test_a_line_with_an_unknown_command_is_completed_without_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _completed(monkeypatch, "tocsin nonsense sta") == ["status"]


def test_ids_of_alerts_are_asked_of_the_daemon(
    daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = ["disk-full", "disk-slow", "lag", "disk\nx", "disk y", "disk\x1b"]
    daemon.answers("GET", "/alerts", {"items": [alert(name) for name in names], "next": None})
    token = tmp_path / "token"
    token.write_text("t0k3n")
    assert _completed(monkeypatch, f"tocsin ack --token-file {token} disk") == ["disk-full", "disk-slow"]
    assert _completed(monkeypatch, "tocsin ack disk-full disk") == ["disk-slow"]
    assert _completed(monkeypatch, "tocsin show d") == ["disk-full", "disk-slow"]
    assert daemon.asked[0].query == "status=firing&limit=200"
    assert daemon.asked[0].headers["authorization"] == "Bearer t0k3n"


def test_silences_notifications_and_channels_are_completed_too(
    daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.answers("GET", "/silences", {"items": [{"silence_id": "s-1"}], "next": None})
    daemon.answers("GET", "/deliveries", {"items": [{"notification_id": "n-1"}], "next": None})
    daemon.answers("GET", "/channels", [{"channel_id": "pager"}])
    assert _completed(monkeypatch, "tocsin silence expire ") == ["s-1"]
    assert _completed(monkeypatch, "tocsin redrive ") == ["n-1"]
    assert _completed(monkeypatch, "tocsin deliveries --channel ") == ["pager"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "https://127.0.0.1:1"])
def test_a_daemon_that_cannot_be_asked_completes_nothing_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TOCSIN_URL", url)
    assert _completed(monkeypatch, "tocsin ack d") == []


def test_a_daemon_that_refuses_or_is_something_else_completes_nothing(
    daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _completed(monkeypatch, "tocsin ack d") == []
    daemon.answers("GET", "/alerts", b"<html>")
    assert _completed(monkeypatch, "tocsin ack d") == []
    monkeypatch.setenv("TOCSIN_TOKEN_FILE", "/no/such/file")
    assert _completed(monkeypatch, "tocsin ack d") == []


def test_a_daemon_that_hangs_is_not_waited_for(
    daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completions, "_MOMENT", 0.05)
    daemon.answers("GET", "/alerts", hang=True)
    assert _completed(monkeypatch, "tocsin ack d") == []
