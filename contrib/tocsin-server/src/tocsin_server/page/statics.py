"""The files of the page: style and modules, which a browser keeps for as long as they are the same."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin_server.web.refusal import Refused

__all__ = ["static_route"]

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def _read() -> dict[str, tuple[bytes, str, str]]:
    """Return by name what the folder holds: content, type, and a tag that changes with the content."""
    found = {}
    for file in resources.files("tocsin_server.page").joinpath("static").iterdir():
        content = file.read_bytes()
        kind = _TYPES[file.name[file.name.rindex(".") :]]
        found[file.name] = content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return found


def static_route() -> Route:
    """Return the route of the files; they hold nothing that is secret, and need no session."""
    files = _read()

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            raise Refused(404, f"no file of the page is called {name!r:.80}")
        content, kind, tag = files[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return Route("/static/{name}", file, methods=["GET"])
