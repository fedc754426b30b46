"""Every async test runs on asyncio, on asyncio with uvloop, and on trio; or on what TOCSIN_TEST_LOOPS names of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from tests import environments

from tocsin.testing.http_receiver import HttpReceiver

settings.register_profile("tocsin", deadline=None)  # no test depends on speed
settings.load_profile("tocsin")


LOOPS: dict[str, tuple[str, dict[str, Any]]] = {
    "asyncio": ("asyncio", {"use_uvloop": False}),
    "uvloop": ("asyncio", {"use_uvloop": True}),
    "trio": ("trio", {}),
}
NAMES = os.environ.get("TOCSIN_TEST_LOOPS", " ".join(LOOPS)).split()


@pytest.fixture(params=[pytest.param(LOOPS[name], id=name) for name in NAMES])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """The event loop of one run of an async test."""
    backend: tuple[str, dict[str, Any]] = request.param
    return backend


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """A real HTTP receiver on loopback."""
    with HttpReceiver() as running:
        yield running


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    environments.build(environments.ROOT, folder)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    """The wheel, built from the source distribution."""
    (found,) = built.glob("*.whl")
    return found
