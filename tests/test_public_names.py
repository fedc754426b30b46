"""The public names: each is listed in order, documented, and importable from ``tocsin`` alone."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import tocsin

PLAIN = {"AT_ONCE", "HOOK_API", "TEMPLATE_FIELDS", "Event", "Fact", "hookimpl"}
"""Values and unions: their module documents them, they have no docstring of their own."""


def _rank(name: str) -> tuple[int, str]:
    if name.isupper():
        return 0, name
    return (1, name) if name[0].isupper() else (2, name)


def test_they_are_sorted() -> None:
    """Constants, classes, functions, each in order."""
    assert tocsin.__all__ == sorted(set(tocsin.__all__), key=_rank)


@pytest.mark.parametrize("name", [name for name in tocsin.__all__ if name not in PLAIN])
def test_each_has_a_docstring_of_its_own(name: str) -> None:
    """Written for it, not inherited."""
    found = getattr(tocsin, name)
    assert inspect.isclass(found) or inspect.isfunction(found)
    assert vars(found).get("__doc__") if inspect.isclass(found) else found.__doc__


def test_star_import_gives_them_all() -> None:
    """As the guide does it."""
    namespace: dict[str, object] = {}
    exec("from tocsin import *", namespace)
    assert set(tocsin.__all__) <= set(namespace)


def test_importing_tocsin_imports_no_event_loop() -> None:
    """Neither asyncio nor trio, nor any bundled plugin."""
    code = "import sys, tocsin; print([m for m in ('asyncio', 'trio', 'uvloop', 'tocsin_plugins') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
