"""A route whose parameters may hold any characters, slashes too: it looks at the path as it was sent."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from starlette.routing import Match, Route
from starlette.types import Scope

__all__ = ["ExactRoute"]

_RAW: Final = "raw_path"


class ExactRoute(Route):
    """Takes ``/alerts/a%2Fb/note`` for the note of ``a/b``. What is no UTF-8 becomes a character that nothing has."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route answers a request, and its parameters, decoded."""
        raw = scope.get(_RAW)
        if scope["type"] != "http" or not raw:
            return super().matches(scope)
        sent = {**scope, "path": raw.partition(b"?")[0].decode("latin-1")}
        match, found = super().matches(sent)
        if match is not Match.NONE:
            given = found.get("path_params", {})
            found["path_params"] = {name: unquote(value) for name, value in given.items()}
        return match, found
