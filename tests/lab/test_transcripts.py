"""What the docs show of the command line is what it prints: `shell-session` blocks are run beside the examples.

A line that begins with ``$`` is a command; what follows it is how its output begins, or, if it ends with ``[exit N]``,
all of it.
"""

from __future__ import annotations

import re
import shlex
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from tests.lab.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "silence"
BLOCK = re.compile(r"^```shell-session\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
EXIT = re.compile(r"\[exit (\d+)\]")


@attrs.frozen
class Shown:
    """One command as a document shows it."""

    command: str
    lines: tuple[str, ...]


def _shown(path: Path) -> Iterator[Shown]:
    for block in BLOCK.finditer(path.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, *lines = part.replace("\\\n", " ").splitlines()
            yield Shown(command, tuple(lines))


DOCUMENTS = {path: list(_shown(path)) for path in sorted(ROOT.glob("docs/**/*.md"))}
WITH_COMMANDS = [path for path, shown in DOCUMENTS.items() if shown]


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: path.stem)
def test_commands_print_what_is_shown(path: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the document, in one folder."""
    folder = tmp_path / "silence"
    shutil.copytree(EXAMPLES, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for shown in DOCUMENTS[path]:
        program, *arguments = shlex.split(shown.command)
        assert program == "tocsin", shown.command
        code, out, err = run(*arguments)
        printed = [line.rstrip() for line in (out + err).splitlines()]
        wanted = list(shown.lines)
        ends = EXIT.fullmatch(wanted[-1]) if wanted else None
        if ends is not None:
            assert (printed, code) == (wanted[:-1], int(ends[1])), shown.command
        else:
            assert (printed[: len(wanted)], code) == (wanted, 0), shown.command


def test_there_are_transcripts() -> None:
    """Otherwise nothing is tested here."""
    assert sum(map(len, DOCUMENTS.values())) >= 3
