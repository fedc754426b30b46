"""The tests find their helpers beside this file; every async test runs on asyncio, on uvloop and on trio."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import trustme
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from post_office import PostOffice
from scripted_server import ScriptedServer

settings.register_profile("tocsin", deadline=None, max_examples=25)  # no test depends on speed
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


@attrs.frozen
class Certificates:
    """A private authority, and a server's certificate of it for ``localhost``."""

    ca_file: str
    server: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """What a server on this machine is secured with."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(file)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    return Certificates(str(file), server)


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
