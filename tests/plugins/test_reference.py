"""docs/reference/testing.md names everything that tocsin.testing offers, and every test that a contract makes."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

from tocsin.testing import contracts, pytest_plugin

REFERENCE = (Path(__file__).resolve().parents[2] / "docs/reference/testing.md").read_text(encoding="utf-8")
MODULES = ("clock", "contracts", "http_receiver", "receiver", "recording", "samples", "strategies")
CONTRACTS = [name for name in contracts.__all__ if name.endswith("Contract")]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    """Under its module's heading."""
    found = re.search(rf"^## tocsin\.testing\.{name}\n(.*?)(?=^## |\Z)", REFERENCE, re.DOTALL | re.MULTILINE)
    assert found is not None
    public = importlib.import_module(f"tocsin.testing.{name}").__all__
    assert [each for each in public if not re.search(rf"\b{each}\b", found[1])] == []


def test_every_fixture_is_in_the_reference() -> None:
    """In the plugin's table."""
    assert [name for name in pytest_plugin.__all__ if f"| `{name}` |" not in REFERENCE] == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_test_of_a_contract_is_in_the_reference(name: str) -> None:
    """In the contract's table, with what it wants."""
    kind = getattr(contracts, name)
    wanted = {f"| `{test}` | {_said(getattr(kind, test))} |" for test in dir(kind) if test.startswith("test_")}
    section = REFERENCE.partition(f"### {name}\n")[2].partition("\n### ")[0]
    assert set(re.findall(r"^\| `test_.*$", section, re.MULTILINE)) == wanted


def _said(test: object) -> str:
    return " ".join((inspect.getdoc(test) or "").split()).replace("``", "`")
