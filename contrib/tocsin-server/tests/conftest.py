"""The tests find their helpers beside this file; every async test runs on asyncio and on trio."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from conversions import amtool, convert, receiver, refused_by_amtool, registry

__all__ = ["amtool", "convert", "receiver", "refused_by_amtool", "registry"]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The event loop of one run of an async test."""
    backend: str = request.param
    return backend
