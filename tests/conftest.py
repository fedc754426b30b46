"""Every async test runs on asyncio, on asyncio with uvloop, and on trio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tocsin.testing.http_receiver import HttpReceiver

settings.register_profile("tocsin", deadline=None)  # no test depends on speed
settings.load_profile("tocsin")


@pytest.fixture(
    params=[
        pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
        pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
        pytest.param(("trio", {}), id="trio"),
    ]
)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """The event loop of one run of an async test."""
    backend: tuple[str, dict[str, Any]] = request.param
    return backend


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """A real HTTP receiver on loopback."""
    with HttpReceiver() as running:
        yield running
