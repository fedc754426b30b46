"""Refusals as pages, for those who asked for a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from tocsin_server.page.rendering import rendered
from tocsin_server.web.answers import refusal_of, refused

__all__ = ["refused_to_people"]

_PROGRAMS: Final = ("/api/", "/v2/", "/-/", "/metrics", "/static/")

_NOWHERE: Final = HTTPStatus.NOT_FOUND.phrase


def refused_to_people(request: Request, error: Exception) -> Response:
    """Answer a request that ended in *error*: with a page where a browser asked for one, else as ever."""
    if request.url.path.startswith(_PROGRAMS) or "text/html" not in request.headers.get("accept", ""):
        return refused(request, error)
    refusal = refusal_of(error)
    title = HTTPStatus(refusal.status).phrase
    problem = "There is no such page." if refusal.problem == title == _NOWHERE else refusal.problem
    answer = rendered(request, "refused.html", refusal.status, title=title, problem=problem)
    answer.headers.update(refusal.headers)
    return answer
