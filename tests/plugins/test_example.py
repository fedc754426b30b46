"""The example of a plugin keeps all contracts, as a project of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/plugin"


def test_the_example_keeps_the_contracts(pytester: pytest.Pytester) -> None:
    """On asyncio and trio, with warnings as errors, as its reader runs it."""
    for file in EXAMPLE.glob("*.py"):
        (pytester.path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    result = pytester.runpytest_inprocess("-q", "-W", "error", "-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    assert set(outcomes) <= {"passed", "skipped", "seconds"}, outcomes
    assert outcomes["passed"] > 120
