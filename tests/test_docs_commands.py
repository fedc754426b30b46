"""What README and docs call on the command line runs, each document's commands in its order, and prints what they show.

Commands that ask a daemon are run by contrib/tocsin-server/tests/client/test_reference.py, those of
docs/how-to/write-a-backend.md by tests/authoring, and blocks of the language `shell-session` by tests/lab.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

import attrs
import pytest
from tests.test_docs_blocks import BLOCKS, RUN_WHOLE, SILENCE, Block

from tocsin import FederationAlertingService, NotificationChannel, PerformanceAlert, SqliteStore, cli
from tocsin.testing.clock import VirtualClock

NIGHT: Final = 1_772_507_520.0  # 2026-03-03T03:12:00Z
ELSEWHERE: Final = "/var/lib/tocsin/|/tmp/"
"""Folders of the docs; here they are the test's own."""

CONFIGURATION: Final = """
channels:
  pager: {backend: console, human: true, fallback: mail}
  mail: {backend: console, human: true}
routing_rules:
  - target_channels: [pager, mail]
"""
HOLE: Final = """
channels:
  pager: {backend: console, human: true}
  robot: {backend: console, human: false}
time_intervals:
  weekends: [{weekdays: [saturday, sunday]}]
routing_rules:
  - {conditions: {cluster_pattern: "lab-.*"}, target_channels: [robot]}
  - conditions: {cluster_pattern: "lab-.*"}
    target_channels: [pager]
    continue: false
    mute_time_intervals: [weekends]
  - target_channels: [pager]
"""


def _files(folder: Path) -> None:
    """Furnish a folder with what the docs take for granted."""
    (folder / "data").mkdir()
    (folder / "new.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "old.yaml").write_text(CONFIGURATION.replace("[pager, mail]", "[mail]"), encoding="utf-8")
    (folder / "scenarios").mkdir()
    scenarios = (SILENCE / "storage.scenarios.yaml").read_text(encoding="utf-8")
    (folder / "scenarios/storage.yaml").write_text(scenarios.replace("fixed.yaml", "../fixed.yaml"), encoding="utf-8")
    shutil.copy(SILENCE / "fixed.yaml", folder)
    shutil.copy(SILENCE / "november.jsonl", folder / "history.jsonl")
    series = {"metric": {"alertname": "DiskFull", "severity": "critical", "alertstate": "firing"}}
    result = [{**series, "values": [[NIGHT + 60.0 * n, "1"] for n in range(5)]}]
    plain = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    (folder / "alerts.json").write_text(json.dumps(plain), encoding="utf-8")


async def _stores(folder: Path) -> None:
    """Give the folder the store of a daemon that had a disk full at night, under its names, and an archive."""
    clock = VirtualClock(NIGHT)
    path = folder / "data/tocsin.db"
    async with FederationAlertingService(store=SqliteStore(path), clock=clock, catch_all_channel="mail") as alerting:
        alerting.add_channel(NotificationChannel("mail", "console"))
        await alerting.process_alert(PerformanceAlert("disk-full", "prod-eu-1", "critical", "disk_used"))
        await clock.until(lambda: len(alerting.delivery_history) == 1)
    shutil.copy(path, folder / "tocsin.db")


@attrs.frozen
class Shown:
    """A command, and what a document shows of its output."""

    command: str
    lines: tuple[str, ...] = ()

    def agrees(self, printed: str) -> bool:
        """Whether it printed that; `…` stands for anything on a line, and alone for any lines; more may follow."""
        wanted = [".*" if line == "…" else re.escape(line).replace("…", "[^\n]*") for line in self.lines]
        pattern = "\n".join(wanted).replace("\n.*\n", "\n(?:.*\n)??")
        return re.match(rf"{pattern}\n" if wanted else "", printed, re.DOTALL) is not None


def _shown(block: Block) -> Iterator[Shown]:
    text = block.text.replace("\\\n", " ")
    if not text.startswith("$ "):
        yield from (Shown(line) for line in text.splitlines() if line.strip())
        return
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *lines = part.rstrip().splitlines()
        yield Shown(command, tuple(lines))


def _of(document: str) -> list[Shown]:
    blocks = [block for block in BLOCKS if block.name == document and block.language in {"console", "sh", "text"}]
    found = [shown for block in blocks for shown in _shown(block)]
    return [shown for shown in found if re.match(r"tocsin +(?!serve|convert)\w", shown.command)]


def _first_yaml(document: str) -> str:
    return next(block.text for block in BLOCKS if block.name == document and block.language == "yaml")


DOCUMENTS: Final[dict[str, Callable[[str], str]]] = {
    "README.md": lambda _: CONFIGURATION,
    "docs/how-to/explain-an-alert.md": _first_yaml,
    "docs/how-to/keep-alerts-durable.md": lambda _: CONFIGURATION,
    "docs/how-to/migrate-from-alertmanager.md": lambda _: CONFIGURATION,
    "docs/how-to/migrate-from-grafana-oncall.md": _first_yaml,
    "docs/how-to/prove-that-somebody-is-told.md": lambda _: CONFIGURATION,
    "docs/how-to/try-a-change-on-the-past.md": lambda _: CONFIGURATION,
    "docs/index.md": lambda _: "",
    "docs/reference/configuration.md": lambda _: "",
    "docs/reference/journal.md": lambda _: CONFIGURATION,
}
"""Documents, and the tocsin.yaml that they speak of; where it is empty, they begin without one."""


ASKING: Final = {"docs/how-to/operate-from-the-command-line.md"}
"""They ask a daemon."""


@pytest.fixture
def anyio_backend() -> str:
    """The loop that makes the stores: commands run a loop of their own."""
    return "asyncio"


@pytest.fixture
async def folder(anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """A folder with the files that the docs take for granted, in which commands run, in UTC."""
    _files(tmp_path)
    await _stores(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


def _names(word: str) -> list[str]:
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


def _run(shown: Shown, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run it, as a shell would: a pattern for files is their names, and `>` writes into one."""
    command = re.sub(ELSEWHERE, f"{folder}/", re.split(r" (?:\||&&) ", shown.command)[0])
    words = shlex.split(command, comments=True)
    target = words[words.index(">") + 1] if ">" in words else None
    words = words[: words.index(">")] if target else words
    arguments = [name for word in words[1:] for name in _names(word)]
    code = cli.main(arguments)
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, ""), (shown.command, printed.out)
    if target:
        Path(target).write_text(printed.out, encoding="utf-8")
    return "".join(f"{line.rstrip()}\n" for line in printed.out.splitlines())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_run_and_print_what_is_shown(document: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = _of(document)
    assert commands
    if configuration := DOCUMENTS[document](document):
        (folder / "tocsin.yaml").write_text(configuration, encoding="utf-8")
    for shown in commands:
        printed = _run(shown, folder, capsys)
        assert shown.agrees(printed), (shown, printed)


def test_no_document_with_commands_is_forgotten() -> None:
    found = {block.name for block in BLOCKS if _of(block.name)}
    assert found - ASKING - set(RUN_WHOLE) == set(DOCUMENTS)
    assert found >= ASKING


BETWEEN: Final = re.compile(r"\w+day, \d{4}-\d\d-\d\dT[\d:]+Z")


def test_a_proof_is_shown_as_it_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """But for the time of the day, and what is cut; the one that fails is of a rule that is quiet at weekends."""
    proved, hole = (
        block.text
        for block in BLOCKS
        if block.name == "docs/how-to/prove-that-somebody-is-told.md" and re.match("(not )?proved", block.text)
    )
    assert cli.main(["prove", "--config", "new.yaml"]) == 0
    assert BETWEEN.sub("…", capsys.readouterr().out).startswith(BETWEEN.sub("…", proved))
    (folder / "hole.yaml").write_text(HOLE, encoding="utf-8")
    assert cli.main(["prove", "--config", "hole.yaml", "--from", "2026-01-05T09:00:00Z"]) == 1
    printed = capsys.readouterr().out.replace("hole.yaml", "tocsin.yaml")
    assert Shown("", tuple(hole.splitlines())).agrees(printed), printed
