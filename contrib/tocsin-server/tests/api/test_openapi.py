"""The document describes what there is: every route, every status, every schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from api_world import PREFIX, World
from starlette.routing import Route

from tocsin_server.api.schemas import SCHEMAS

pytestmark = pytest.mark.anyio


async def _document(here: World) -> dict[str, Any]:
    found: dict[str, Any] = await here.ask("GET", "/openapi.json")
    return found


async def test_it_describes_every_route_and_no_other(here: World) -> None:
    document = await _document(here)
    described = {(method.upper(), path) for path, one in document["paths"].items() for method in one}
    routes = {
        (method, route.path)
        for route in here.api.routes()
        if isinstance(route, Route)
        for method in (route.methods or ())
        if method != "HEAD"
    }
    assert described == routes
    assert document["openapi"].startswith("3.1")


async def test_its_references_lead_to_schemas_and_each_schema_is_one_and_is_used(here: World) -> None:
    text = json.dumps(await _document(here))
    for name, schema in SCHEMAS.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert f'"#/components/schemas/{name}"' in text, name
    parts = text.split('"$ref": "#/components/schemas/')[1:]
    assert {part.split('"')[0] for part in parts} == set(SCHEMAS)


async def test_each_operation_has_words_and_a_parameter_for_each_part_of_its_path(here: World) -> None:
    document = await _document(here)
    for path, methods in document["paths"].items():
        wanted = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for method, one in methods.items():
            assert one["description"], (method, path)
            given = {parameter["name"] for parameter in one.get("parameters", ()) if parameter["in"] == "path"}
            assert given == wanted, (method, path)


async def test_the_examples_are_what_the_schemas_say(here: World) -> None:
    document = await _document(here)
    seen = 0
    for methods in document["paths"].values():
        for one in methods.values():
            contents = [answer["content"] for answer in one["responses"].values()]
            contents += [one["requestBody"]["content"]] if "requestBody" in one else []
            for content in contents:
                for media in content.values():
                    if "example" in media:
                        seen += 1
                        schema = {**media["schema"], "components": document["components"]}
                        jsonschema.validate(media["example"], schema, cls=jsonschema.Draft202012Validator)
    assert seen > 10


@pytest.mark.parametrize("path", ["/nothing", "/alerts/a/nothing", "/alerts/", ""])
async def test_what_is_not_there_is_not_found(here: World, path: str) -> None:
    assert "error" in await here.ask("GET", path, status=404)


async def test_another_method_is_not_allowed(here: World) -> None:
    assert "error" in await here.ask("PUT", "/alerts", {}, status=405)
    assert (await here.client.put(f"{PREFIX}/alerts")).headers["allow"]
