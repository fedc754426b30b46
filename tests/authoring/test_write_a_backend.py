"""docs/how-to/write-a-backend.md: every command of it runs, in its order, and what it shows is what comes of it."""

from __future__ import annotations

import re

from tests.authoring.generated import KINDS
from tests.authoring.reader import PAGE, Reader, blocks, dialogue


def test_it_asks_what_the_page_shows(reader: Reader) -> None:
    """Question by question, with the same choices and defaults."""
    place = 0
    for line in dialogue().splitlines():
        question = line.split("): ")[0].removesuffix("):").strip()
        place = reader.shown.find(question, place)
        assert place >= 0, line


def test_the_generated_tests_types_and_style_pass(reader: Reader) -> None:
    """As the reader sees it."""
    assert re.search(r"\d\d passed, \d skipped", reader.shown)
    assert re.search(r"Success: no issues found in \d source files", reader.shown)
    assert "All checks passed!" in reader.shown


def test_tocsin_plugins_lists_it_as_shown(reader: Reader) -> None:
    """Word by word."""
    (row,) = (text for text in blocks("text") if "loaded" in text)
    assert row.split() in [line.split() for line in reader.shown.splitlines()]


def test_the_message_is_delivered_on_asyncio_and_on_trio(reader: Reader) -> None:
    """Both runs print what the service was sent, as shown."""
    (title,) = (text for text in blocks("text") if text.startswith("[FIRING]"))
    assert reader.shown.splitlines().count(title.strip()) == 2


def test_the_files_that_the_page_names_are_there(reader: Reader) -> None:
    """In the table, and in the sections on the other kinds."""
    rows = re.findall(r"^\| (`.*`) \| ", PAGE, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(named) == 8
    assert [name for name in named if not (reader.folder / "tocsin-bellhop" / name).is_file()] == []
    modules = re.findall(r"`src/(tocsin_\w+)/(\w+\.py)`", PAGE)
    assert {module for _, module in modules} == {"settings.py", *(f"{kind}.py" for kind in KINDS)}
    for package, module in modules:
        assert (reader.folder / package.replace("_", "-") / "src" / package / module).is_file()
