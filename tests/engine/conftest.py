"""Fixtures of the engine's tests."""

from __future__ import annotations

import pytest
from tests.engine.harness import Bench, configuration


@pytest.fixture
def bench() -> Bench:
    """An engine that tells everything on ``dev``; attempts stay under way until a test ends them."""
    return Bench(configuration("dev"))
