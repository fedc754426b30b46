"""The documentation of the command line: it names every command and option, and what it shows can be run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from contract_daemon import ContractDaemon, alert
from server_repository import documentation

from tocsin.cli.application import make_group
from tocsin_server.plugin import CLIENT

REFERENCE = documentation("reference/cli.md").read_text(encoding="utf-8")
HOW_TO = documentation("how-to/operate-from-the-command-line.md").read_text(encoding="utf-8")
COMMON = "Against a daemon that runs"
SHOWN = re.findall(r"^\$ (tocsin .*)$", HOW_TO, re.MULTILINE)


def _section(heading: str) -> str:
    (found,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    return str(found)


def _options(command: click.Command) -> Iterator[str]:
    """Yield the options of a command, and of those beneath it."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, click.Group):
        for one in command.commands.values():
            yield from _options(one)


@pytest.mark.parametrize("name", CLIENT)
def test_the_reference_has_every_command_with_every_option(name: str) -> None:
    group = make_group()
    command = group.get_command(click.Context(group), name)
    assert command is not None
    text = _section(f"tocsin {name}") + _section(COMMON)
    assert [option for option in set(_options(command)) if not re.search(rf"{option}\b", text)] == []
    if isinstance(command, click.Group):
        assert [one for one in command.commands if f"| `{one}" not in text] == []


def test_the_reference_names_every_exit_code() -> None:
    assert re.findall(r"^\| (\d+) \|", _section(COMMON), re.MULTILINE) == ["0", "1", "2", "3", "130"]


@pytest.fixture
def answering(daemon: ContractDaemon) -> ContractDaemon:
    """A daemon that has something to say to every request of the page."""
    changed = {"changed": True}
    page = {"items": [alert()], "next": None}
    delivery = {"notification_id": "n-1", "state": "dead", "channel_id": "pager"}
    daemon.answers("GET", "/alerts", page)
    daemon.answers("GET", "/alerts/disk-full", {"alert": alert(), "timeline": {"past": [], "future": []}})
    daemon.answers("GET", "/health", {"status": "ok", "version": "1"})
    daemon.answers("GET", "/silences", {"items": [{"silence_id": "s-1", "state": "active"}], "next": None})
    daemon.answers("GET", "/deliveries", {"items": [delivery], "next": None})
    daemon.answers("POST", "/alerts", {"accepted": 1, "changed": 1}, status=202)
    daemon.answers("POST", "/silences", {"silence_id": "s-1"}, status=201)
    daemon.answers("POST", "/silences/preview", {"now": [], "count": 0, "past": {"count": 0, "alert_ids": []}})
    for path in ("alerts/disk-full/acknowledge", "alerts/disk-full/resolve", "alerts/replica-lag/snooze"):
        daemon.answers("POST", f"/{path}", changed)
    daemon.answers("POST", "/alerts/backup/resolve", changed)
    daemon.answers("POST", "/deliveries/n-1/redrive", changed)
    daemon.answers("DELETE", "/silences/s-1", changed)
    return daemon


@pytest.mark.parametrize("line", SHOWN)
def test_what_the_page_shows_runs(answering: ContractDaemon, tmp_path: Path, line: str) -> None:
    if "jq" in line and shutil.which("jq") is None:
        pytest.skip("jq is not on this machine")
    (tmp_path / "alerts.json").write_text('[{"alert_id": "a"}]')
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TOCSIN_URL": answering.url}
    command = ["bash", "-o", "pipefail", "-c", line]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert answering.asked


def test_the_page_shows_most_of_the_commands() -> None:
    assert {line.split()[1] for line in SHOWN} >= set(CLIENT) - {"completion", "watch"}
