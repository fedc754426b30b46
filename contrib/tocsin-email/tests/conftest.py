"""The tests find their helpers beside this file; every async test runs on asyncio, on uvloop and on trio."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mail_certificates import Certificates, issued
from post_office import PostOffice
from scripted_mail_server import ScriptedServer


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


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """What a server on this machine is secured with."""
    return issued(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """A real mail server on loopback, without TLS."""
    with PostOffice() as running:
        yield running


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """A server on loopback that says what it is told to."""
    with ScriptedServer() as running:
        yield running
