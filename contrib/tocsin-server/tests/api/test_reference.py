"""The reference page: it has every request, and its examples give what it shows."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from api_world import PREFIX, World
from server_repository import documentation

pytestmark = pytest.mark.anyio
PAGE: Final = documentation("reference/http-api.md").read_text(encoding="utf-8")
EXAMPLES: Final = [
    (command, shown)
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for command, shown in re.findall(r"^\$ curl ([^\n]*)\n([^$]*)", block, re.MULTILINE)
    if "/events" not in command
]


async def test_the_table_has_every_request_with_its_scope_and_no_other(here: World) -> None:
    rows = re.findall(r"^\| `(\w+) (\S+)`(?: \(from the root\))? \| (\w+) \|", PAGE, re.MULTILINE)
    operations = {(one.method, one.path.removeprefix(PREFIX), one.scope) for one in here.api.operations()}
    assert set(rows) == operations
    assert len(rows) == len(operations)


async def test_every_query_parameter_is_named(here: World) -> None:
    for operation in here.api.operations():
        for parameter in operation.parameters:
            assert f"`{parameter.name}`" in PAGE or parameter.where == "path" or f"{parameter.name}=" in PAGE


async def test_the_examples_give_what_is_shown(here: World) -> None:
    """In order; `…` stands for anything."""
    assert len(EXAMPLES) > 5
    for command, shown in EXAMPLES:
        answer = await _asked(here, command)
        pattern = re.escape(shown.strip()).replace("…", ".*")
        assert re.fullmatch(pattern, answer), (command, answer)


async def _asked(here: World, command: str) -> str:
    words = shlex.split(command)
    method, body = "GET", None
    url = next(word for word in words if word.startswith("localhost"))
    if "-X" in words:
        method = words[words.index("-X") + 1]
    if "--json" in words:
        method, body = "POST", words[words.index("--json") + 1]
    target = urlsplit(f"http://{url}")
    document: Any = None if body is None else json.loads(body)
    path = f"{target.path}?{target.query}" if target.query else target.path
    answer = await here.client.request(method, path, json=document)
    return answer.text
