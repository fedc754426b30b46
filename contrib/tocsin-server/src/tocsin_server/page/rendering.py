"""Rendering: templates become pages, with the headers that every page has."""

from __future__ import annotations

from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tocsin import iso_time
from tocsin_server.page.durations import duration

__all__ = ["rendered", "root_of"]

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # With no-referrer, forms would send "Origin: null", and could not be told from those of other sites.
    "Referrer-Policy": "same-origin",
}
_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("tocsin_server.page"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"duration": duration, "instant": iso_time}


def root_of(request: Request) -> str:
    """Return the way from the page that was asked for to the daemon's root: the same behind any prefix of a proxy."""
    sent = bytes(request.scope.get("raw_path") or request.url.path.encode()).partition(b"?")[0]
    return "../" * (sent.count(b"/") - 1) or "./"


def rendered(request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
    """Return the page that *template* makes of *values*; everything in them is escaped."""
    text = _TEMPLATES.get_template(template).render(root=root_of(request), **values)
    body = text.encode("utf-8", "replace")
    return HTMLResponse(body, status_code=status, headers=_HEADERS)
