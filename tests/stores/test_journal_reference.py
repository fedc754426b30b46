"""docs/reference/journal.md names every line, input and event with its fields, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest

from tocsin.journal import Entry
from tocsin.journal.entry import Input
from tocsin.model.alert import PerformanceAlert
from tocsin.model.delivery import NotificationDelivery
from tocsin.model.event import Event
from tocsin.model.gap import Gap
from tocsin.model.outcome import Outcome
from tocsin.model.silence import LabelMatcher, Silence
from tocsin.stores import archive_reading

REFERENCE = (Path(__file__).resolve().parents[2] / "docs/reference/journal.md").read_text(encoding="utf-8")
NESTED: set[Any] = {PerformanceAlert, Silence, LabelMatcher, Outcome, NotificationDelivery, Gap}


def _names(kind: type) -> set[str]:
    """Return the fields of a class and of what they hold."""
    found = set()
    for field in attrs.fields(kind):
        found.add(field.name)
        inner = LabelMatcher if field.name == "matchers" else field.type
        if inner in NESTED:
            found |= _names(inner)
    return found


def _table(heading: str) -> dict[str, set[str]]:
    """Return the rows of the table below a heading: what the first column names, and what the others do."""
    section = REFERENCE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", text)) for name, text in rows if name != "type"}


@pytest.mark.parametrize(
    ("heading", "kinds"), [("Inputs", get_args(Input)), ("Events", get_args(Event))], ids=["inputs", "events"]
)
def test_every_kind_has_its_fields(heading: str, kinds: tuple[Any, ...]) -> None:
    """An event's instant is said once for all of them; the fact that is accepted is written as an index."""
    wanted = {kind.__name__: _names(kind) - {"at"} for kind in kinds}
    if "FactAccepted" in wanted:
        wanted["FactAccepted"] = {"input", "inputs"}
    assert _table(heading) == wanted


def test_an_entry_has_its_fields() -> None:
    section = REFERENCE.split("\n### entry\n")[1].split("\n### ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {field.name for field in attrs.fields(Entry)}


@pytest.mark.parametrize("kind", sorted(archive_reading._FIELDS))
def test_every_line_has_its_fields(kind: str) -> None:
    section = REFERENCE.split(f"\n### {kind}\n")[1].split("\n#")[0]
    named = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE))))
    assert named >= set(archive_reading._FIELDS[kind])
