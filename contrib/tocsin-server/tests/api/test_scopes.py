"""Every request needs a token, and one that may do this."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_world import SCOPES, World, world

from tocsin_server.api.operation import PREFIX, Operation

pytestmark = pytest.mark.anyio

_NEEDED = {
    ("POST", "/alerts"): "ingest",
    ("PUT", "/heartbeats/{name}"): "ingest",
    ("DELETE", "/heartbeats/{name}"): "ingest",
    ("POST", "/v2/enqueue"): "ingest",
}


def _url(operation: Operation) -> str:
    return operation.path.replace("{", "").replace("}", "")


def _needed(operation: Operation) -> str:
    usual = "read" if operation.method == "GET" else "operate"
    return _NEEDED.get((operation.method, operation.path.removeprefix(PREFIX)), usual)


async def _operations(folder: Path) -> list[Operation]:
    async with world(folder) as here:
        return here.api.operations()


async def _status(here: World, operation: Operation, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await here.client.request(operation.method, _url(operation), headers=headers)
    return answer.status_code


async def test_without_a_token_nothing_is_answered(tmp_path: Path) -> None:
    async with world(tmp_path, tokens=True) as here:
        for operation in here.api.operations():
            assert await _status(here, operation, "") == 401, operation.name
            assert await _status(here, operation, "nobody's") == 401, operation.name


async def test_with_a_token_of_another_scope_it_is_forbidden(tmp_path: Path) -> None:
    async with world(tmp_path, tokens=True) as here:
        for operation in here.api.operations():
            for scope in sorted({*SCOPES} - {"admin", _needed(operation)}):
                assert await _status(here, operation, scope) == 403, (operation.name, scope)


async def test_with_one_of_its_scope_or_of_admin_it_is_answered(tmp_path: Path) -> None:
    """Or refused for another reason."""
    async with world(tmp_path, tokens=True) as here:
        for operation in here.api.operations():
            if operation.name == "stream_events":
                continue
            for scope in (_needed(operation), "admin"):
                assert await _status(here, operation, scope) not in (401, 403), (operation.name, scope)


async def test_there_are_operations(tmp_path: Path) -> None:
    operations = await _operations(tmp_path)
    assert len({operation.name for operation in operations}) == len(operations) > 20
