"""The OpenAPI document, made of the operations that the routes are made of: neither can drift from the other."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from tocsin_server.alertmanager.status import version
from tocsin_server.api.operation import PREFIX, Answer, Operation, Parameter
from tocsin_server.api.schemas import SCHEMAS
from tocsin_server.api.shapes import ref
from tocsin_server.web.answers import Json

__all__ = ["OpenApi", "document"]

_ALWAYS: Final = (401, 403, 408, 421, 503)
_OF_BODIES: Final = (400, 413, 415)
_JSON: Final = "application/json"
_EVENTS: Final = "/v2/enqueue"


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the document that describes the *operations*."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tocsin",
            "version": version(),
            "description": "Who is told about an alert, how, when, and what happens if nobody answers. Instants are "
            "RFC 3339 in UTC, durations are seconds. An answer of 4xx or 5xx says in one sentence what is wrong and "
            "what would be right.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {name: dict(schema) for name, schema in SCHEMAS.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.name.replace("_", " "),
        "description": f"{one.text} Needs the scope `{one.scope}`.",
        "responses": _responses(one),
    }
    if one.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in one.parameters]
    if one.body is not None:
        content = {"schema": ref(one.body), "example": one.body_example}
        described["requestBody"] = {"required": one.body_needed, "content": {_JSON: content}}
    if one.authenticates:
        described["security"] = [{"token": []}, {}]
    return described


def _parameter(one: Parameter) -> dict[str, Any]:
    schema = {"type": "array", "items": dict(one.schema)} if one.repeated else dict(one.schema)
    return {"name": one.name, "in": one.where, "description": one.text, "required": one.required, "schema": schema}


def _responses(one: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, answer in one.answers.items():
        content: dict[str, Any] = {"schema": ref(answer.schema)}
        if answer.example is not None:
            content["example"] = answer.example
        found[str(status)] = {"description": answer.text, "content": {answer.media_type: content}}
    refused = ref("EventRefused" if one.path == _EVENTS else "Error")
    of_body = _OF_BODIES if one.body is not None else ()
    for status in sorted({*one.refusals, *of_body, *_ALWAYS}):
        described = {"description": HTTPStatus(status).phrase, "content": {_JSON: {"schema": refused}}}
        found[str(status)] = described
    return found


class OpenApi:
    """Answers with the document."""

    def __init__(self) -> None:
        self._document: dict[str, Any] = {}

    def describe(self, operations: Iterable[Operation]) -> None:
        """Take what is to be described."""
        self._document = document(operations)

    def operations(self) -> list[Operation]:
        """Return what is answered here."""
        return [
            Operation(
                "get_openapi",
                "GET",
                f"{PREFIX}/openapi.json",
                "read",
                "This document.",
                self._get,
                {200: Answer("The document, OpenAPI 3.1.", "OpenApi")},
                refusals=(400,),
            )
        ]

    async def _get(self, request: Request) -> Response:
        return Json(self._document)
