"""Paging: which page of a list an address asks for."""

from __future__ import annotations

from starlette.requests import Request

from tocsin_server.web.refusal import Refused

__all__ = ["page_number"]


def page_number(request: Request) -> int:
    """Return the page, from 1; :exc:`Refused` with 400 for what is none."""
    page = request.query_params.get("page", "1")
    if not (page.isascii() and page.isdecimal() and len(page) < 8 and int(page) > 0):
        raise Refused(400, f"page is a whole number from 1 on, not {page!r:.40}")
    return int(page)
