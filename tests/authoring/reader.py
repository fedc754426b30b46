"""Somebody who follows docs/how-to/write-a-backend.md, command by command, in a folder of their own."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

import attrs
from tests.environments import ROOT, run

__all__ = ["PAGE", "Reader", "blocks", "dialogue", "follow"]

PAGE: Final = (ROOT / "docs/how-to/write-a-backend.md").read_text(encoding="utf-8")
_ANSWERED: Final = re.compile(r"^ *(?:\[\d/6\]|Choose from).*\): ?(?P<answer>.*)$", re.MULTILINE)


@attrs.frozen
class Reader:
    """Where they work, all that they saw, and the interpreter of the environment that they made."""

    folder: Path
    shown: str

    @property
    def python(self) -> Path:
        """It has tocsin with its command line, pytest, trio, mypy and ruff, and nothing of this checkout."""
        return self.folder / "work/bin/python"


def blocks(language: str, page: str = PAGE) -> list[str]:
    """Return the blocks of *page* that are in *language*."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def dialogue() -> str:
    """Return what the page shows of the questions, with answers."""
    (found,) = (text for text in blocks("text") if "[1/6]" in text)
    return found


def _script() -> str:
    """Return the page's commands; what asks questions is given the answers that the page shows."""
    first, *others = blocks("console")
    *before, asking = first.splitlines()
    assert asking == "cookiecutter tocsin/cookiecutter-backend"
    assert [
        line for block in others for line in block.splitlines() if re.match("cookiecutter(?!.*--no-input)", line)
    ] == []
    answers = "".join(f"{answer}\n" for answer in _ANSWERED.findall(dialogue()))
    return "\n".join(["set -ex", *before, f"{asking} <<'ANSWERS'\n{answers}ANSWERS", *others])


def follow(folder: Path, cache: Path) -> Reader:
    """Run every command of the page in *folder*, which has a checkout of tocsin and the files that the page shows.

    *cache* is mypy's.
    """
    (folder / "tocsin").symlink_to(ROOT, target_is_directory=True)
    (program,), (configuration,) = blocks("python"), blocks("yaml")
    (folder / "deliver.py").write_text(program, encoding="utf-8")
    (folder / "tocsin.yaml").write_text(configuration, encoding="utf-8")
    variables = {
        "HOME": str(folder),
        "MYPY_CACHE_DIR": str(cache),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PIP_NO_COMPILE": "1",
        "PYTHONUTF8": "1",
    }
    return Reader(folder, run("bash", "-c", _script(), folder=folder, **variables))
