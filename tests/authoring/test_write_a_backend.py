"""docs/how-to/write-a-backend.md: every command of it runs, in its order, and what it shows is what comes of it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from tests.environments import ROOT, run

PAGE = (ROOT / "docs/how-to/write-a-backend.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
QUESTION = re.compile(r"^ *(?:\[\d/6\]|Choose from).*\): ?(?P<answer>.*)$", re.MULTILINE)


def _blocks(language: str) -> list[str]:
    return [found["text"] for found in BLOCK.finditer(PAGE) if found["language"] == language]


def _script() -> str:
    """Return the page's commands; what asks questions is given the answers that the page shows."""
    first, *others = _blocks("console")
    answers = "".join(f"{answer}\n" for answer in QUESTION.findall(_dialogue()))
    *before, asked = first.splitlines()
    assert asked == "cookiecutter tocsin/cookiecutter-backend"
    assert not any("\ncookiecutter" in block and "--no-input" not in block for block in others)
    return "\n".join(["set -ex", *before, f"{asked} <<'ANSWERS'\n{answers}ANSWERS", *others])


def _dialogue() -> str:
    (dialogue,) = (text for text in _blocks("text") if "[1/6]" in text)
    return dialogue


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who follows the page: with a checkout of tocsin, and the files that it shows."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "tocsin").symlink_to(ROOT, target_is_directory=True)
    (program,) = _blocks("python")
    (folder / "deliver.py").write_text(program, encoding="utf-8")
    (configuration,) = _blocks("yaml")
    (folder / "tocsin.yaml").write_text(configuration, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """What all commands print, one after another, in a fresh environment."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return run("bash", "-c", _script(), folder=folder, HOME=str(folder), PATH=path, PYTHONUTF8="1", PIP_NO_COMPILE="1")


def test_it_asks_what_the_page_shows(shown: str) -> None:
    """Question by question, with the same choices and defaults."""
    asked = [line.split("): ")[0].rstrip().removesuffix("):") for line in _dialogue().splitlines()]
    place = 0
    for line in asked:
        place = shown.find(line.strip(), place)
        assert place >= 0, line


def test_the_generated_tests_types_and_style_pass(shown: str) -> None:
    """As the reader sees it."""
    assert re.search(r"\d\d passed, \d skipped", shown)
    assert re.search(r"Success: no issues found in \d source files", shown)
    assert "All checks passed!" in shown


def test_tocsin_plugins_lists_it_as_shown(shown: str) -> None:
    """Word by word."""
    (row,) = (text for text in _blocks("text") if "loaded" in text)
    assert row.split() in [line.split() for line in shown.splitlines()]


def test_the_message_is_delivered_on_asyncio_and_on_trio(shown: str) -> None:
    """Both runs print what the service was sent, as shown."""
    (title,) = (text for text in _blocks("text") if text.startswith("[FIRING]"))
    assert shown.splitlines().count(title.strip()) == 2


def test_the_files_that_the_page_names_are_there(shown: str, folder: Path) -> None:
    """In the table, and in the sections on the other kinds."""
    table = re.findall(r"^\| (`.*`) \| what|^\| (`.*`) \|", PAGE, re.MULTILINE)
    own = [name for row in table for cell in row for name in re.findall(r"`([^`]+)`", cell)]
    assert len(own) >= 8
    assert [name for name in own if not (folder / "tocsin-bellhop" / name).is_file()] == []
    for module in re.findall(r"`(src/tocsin_\w+/\w+\.py)`", PAGE):
        distribution = module.split("/")[1].replace("_", "-")
        assert (folder / distribution / module).is_file()
