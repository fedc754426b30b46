"""The pages of the Python API have every public name once, and those on guarantees name tests that there are."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

from tocsin_site.names import MODULES, offered

ROOT = Path(__file__).resolve().parents[2]
API = ROOT / "docs/reference/api"
GUARANTEES = (ROOT / "docs/explanation/guarantees.md").read_text(encoding="utf-8")
DIRECTIVE = re.compile(r"^```\{public-names\} (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TEST = re.compile(r"`((?:tests|contrib)/[\w./-]+\.py)::(\w+)`")


def _shown() -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for path in sorted(API.glob("*.md")):
        for module, text in DIRECTIVE.findall(path.read_text(encoding="utf-8")):
            names = re.sub(r"^:\w+:.*$", "", text, flags=re.MULTILINE).split() or offered(module)
            found.update((module, name) for name in names)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_on_a_page(module: str) -> None:
    """Itself, or the same object under the name that `tocsin` has for it."""
    shown = _shown()
    objects = {id(getattr(importlib.import_module("tocsin"), name)) for of, name in shown if of == "tocsin"}
    here = importlib.import_module(module)
    absent = [
        name for name in offered(module) if (module, name) not in shown and id(getattr(here, name)) not in objects
    ]
    assert absent == []


def test_no_name_is_there_twice_or_is_gone() -> None:
    shown = _shown()
    assert [name for name, count in shown.items() if count > 1] == []
    assert [(module, name) for module, name in shown if name not in offered(module)] == []


@pytest.mark.parametrize("module", MODULES)
def test_every_class_and_function_says_what_it_is(module: str) -> None:
    here = importlib.import_module(module)
    values = {name: getattr(here, name) for name in offered(module)}
    assert [name for name, value in values.items() if callable(value) and not (value.__doc__ or "").strip()] == []


def test_the_tests_of_the_guarantees_are_there() -> None:
    named = TEST.findall(GUARANTEES)
    assert len(named) > 30
    assert [f"{path}::{test}" for path, test in named if test not in _tests(ROOT / path)] == []


def test_every_promise_names_a_test() -> None:
    tables = re.findall(r"^\| promise \| shown by \|\n.*?\n((?:\|.*\n)+)", GUARANTEES, re.MULTILINE)
    assert len(tables) > 4
    rows = [row for table in tables for row in table.splitlines()]
    assert [row for row in rows if not TEST.search(row)] == []


def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
