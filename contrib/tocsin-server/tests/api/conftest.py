"""The daemon runs on asyncio; each test has a world of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from api_world import World, world


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the daemon."""
    return "asyncio"


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[World]:
    """A service with its API, in which everybody may do everything."""
    async with world(tmp_path) as made:
        yield made
