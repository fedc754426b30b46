"""An operation: one request of the API, described in the one place that its route and its documentation come from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import attrs
from starlette.requests import Request
from starlette.responses import Response

from tocsin import nearest
from tocsin_server.web.refusal import Refused
from tocsin_server.web.routes import ExactRoute
from tocsin_server.web.scopes import Guard

__all__ = ["LONGEST_ID", "PREFIX", "Answer", "Operation", "Parameter", "route"]

PREFIX: Final = "/api/tocsin/v1"

LONGEST_ID: Final = 2048
"""Characters in an id that is part of a path."""

_LONGEST_VALUE: Final = 8192
_MOST_VALUES: Final = 128


@attrs.frozen(slots=True)
class Parameter:
    """One parameter: ``schema`` is JSON Schema's; ``where`` is ``query``, ``path`` or ``header``."""

    name: str
    text: str
    schema: Mapping[str, Any]
    where: str = "query"
    required: bool = False
    repeated: bool = False


@attrs.frozen(slots=True)
class Answer:
    """What is answered with one status: the name of its schema, and an example."""

    text: str
    schema: str
    example: Any = None
    media_type: str = "application/json"


@attrs.frozen(slots=True)
class Operation:
    """One request.

    :param refusals: the statuses of 4xx that it has beside those that every request has, or every one with a body.
    :param body: the name of its body's schema, and an example; ``body_needed`` says that there has to be one.
    """

    name: str
    method: str
    path: str
    scope: str
    text: str
    answer: Callable[[Request], Awaitable[Response]]
    answers: Mapping[int, Answer]
    parameters: tuple[Parameter, ...] = ()
    refusals: tuple[int, ...] = ()
    body: str | None = None
    body_example: Any = None
    body_needed: bool = True
    authenticates: bool = False

    def check_query(self, request: Request) -> None:
        """Raise :exc:`Refused` for a parameter that the operation does not have, or has once, or that is too long."""
        known = {one.name: one for one in self.parameters if one.where == "query"}
        given = request.query_params
        if len(given.multi_items()) > _MOST_VALUES:
            raise Refused(400, f"more than {_MOST_VALUES} query parameters")
        for name, value in given.multi_items():
            if name not in known:
                raise Refused(400, f"no query parameter is called {name!r:.80}{nearest(name[:80], known)}")
            if len(value) > _LONGEST_VALUE:
                raise Refused(400, f"the query parameter {name!r} has more than {_LONGEST_VALUE} characters")
            if not known[name].repeated and len(given.getlist(name)) > 1:
                raise Refused(400, f"the query parameter {name!r} is given more than once")


def route(operation: Operation, guard: Guard) -> ExactRoute:
    """Return the route of *operation*, for those only who have its scope."""

    async def checked(request: Request) -> Response:
        for name, value in request.path_params.items():
            if not value or len(value) > LONGEST_ID:
                raise Refused(400, f"{name} has from 1 to {LONGEST_ID} characters")
        operation.check_query(request)
        return await operation.answer(request)

    endpoint = checked if operation.authenticates else guard.needs(operation.scope, checked)
    return ExactRoute(operation.path, endpoint, methods=[operation.method], name=operation.name)
