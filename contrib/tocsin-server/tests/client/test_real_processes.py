"""The command as a process of its own: terminals, pipes that break, Ctrl-C, and help."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from client_runner import run_command
from contract_daemon import ContractDaemon, Reply, alert
from rich.cells import cell_len

TOCSIN = Path(sys.executable).with_name("tocsin")
COMMANDS = [
    *(["ack"], ["alerts"], ["completion"], ["deliveries"], ["redrive"], ["resolve"], ["send"], ["show"], ["silence"]),
    *(["silence", "add"], ["silence", "list"], ["silence", "expire"], ["silence", "preview"], ["snooze"], ["status"]),
    ["watch"],
]


def _environment(daemon: ContractDaemon, **others: str) -> dict[str, str]:
    return {**os.environ, "TOCSIN_URL": daemon.url, "TERM": "xterm-256color", **others}


def _start(daemon: ContractDaemon, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen([TOCSIN, *arguments], env=_environment(daemon), **streams)


@pytest.fixture
def listed(daemon: ContractDaemon) -> ContractDaemon:
    """A daemon with three alerts, of which one would like to steer the terminal."""
    nasty = alert("a\x1b[2J\x9b31mb", message="\x1b]0;title\x07 日本語の長いメッセージ " * 5, severity="warning")
    daemon.answers("GET", "/alerts", {"items": [alert(), nasty, alert("c", message="x" * 300)], "next": None})
    return daemon


def _on_a_terminal(daemon: ContractDaemon, columns: int, *arguments: str, **others: str) -> str:
    """Return what *arguments* show on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = _environment(daemon, **others)
    process = subprocess.Popen([TOCSIN, *arguments], stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    shown = bytearray()
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_on_a_terminal_the_table_fits_has_colours_and_obeys_nothing(listed: ContractDaemon, columns: int) -> None:
    shown = _on_a_terminal(listed, columns, "alerts")
    assert "\x1b[91m" in shown
    bare = re.sub(r"\x1b\[\d+m", "", shown)
    assert [character for character in bare if character != "\n" and not character.isprintable()] == []
    assert max(map(cell_len, bare.splitlines())) <= columns
    assert len(bare.splitlines()) == 4


def test_with_no_color_a_terminal_has_none(listed: ContractDaemon) -> None:
    assert "\x1b" not in _on_a_terminal(listed, 80, "alerts", NO_COLOR="1")


def test_in_a_pipe_nothing_is_cut_or_coloured(listed: ContractDaemon) -> None:
    done = _start(listed, "alerts")
    out, err = done.communicate(timeout=60)
    assert (done.returncode, err) == (0, "")
    assert "x" * 300 in out
    assert "\x1b" not in out


def test_a_stream_that_has_no_unicode_gets_escapes(listed: ContractDaemon) -> None:
    command: list[str | Path] = [TOCSIN, "alerts"]
    environment = _environment(listed, PYTHONIOENCODING="ascii")
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=True)
    assert done.stdout.isascii()
    assert b"\\u65e5" in done.stdout


@pytest.mark.parametrize("arguments", [["alerts"], ["alerts", "--json"], ["show", "x"], ["watch"]])
def test_a_pipe_whose_reader_is_gone_ends_it_quietly(listed: ContractDaemon, arguments: list[str]) -> None:
    listed.answers("GET", "/alerts/x", {"alert": alert("x"), "timeline": {}})
    listed.answers("GET", "/events", Reply(headers={"Content-Type": "text/event-stream"}, chunks=[b"data: 1\n\n"]))
    reader, writer = os.pipe()
    os.close(reader)
    process = _start(listed, *arguments, stdout=writer)
    os.close(writer)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 1


@pytest.mark.parametrize("arguments", [["status"], ["watch"]])
def test_ctrl_c_is_130_and_no_traceback(daemon: ContractDaemon, arguments: list[str]) -> None:
    for path in ("/health", "/events"):
        daemon.answers("GET", path, hang=True)
    # a shell that starts the tests in its background has them ignore the signal, and they hand that on
    process = _start(daemon, *arguments, preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL))
    daemon.next()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == "tocsin: stopped"


def test_a_token_of_the_environment_is_sent_and_shown_nowhere(
    daemon: ContractDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_TOKEN", "s3cr3t")
    daemon.answers("GET", "/health", {"error": "no"}, status=403)
    process = _start(daemon, "status")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert daemon.asked[0].headers["authorization"] == "Bearer s3cr3t"
    assert "s3cr3t" not in out + err
    assert "the token of TOCSIN_TOKEN does not suffice" in err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_examples(command: list[str]) -> None:
    done = run_command(*command, "--help")
    assert done.code == 0
    examples = done.out.partition("Examples:\n")[2].partition("\n\n")[0]
    assert f"tocsin {' '.join(command)}" in examples
    assert "token" not in examples


def test_no_option_takes_a_token() -> None:
    for command in COMMANDS:
        assert re.findall(r"--token\b(?!-file)", run_command(*command, "--help").out) == []
