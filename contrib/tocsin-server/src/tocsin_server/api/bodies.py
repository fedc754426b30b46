"""Bodies of requests: objects whose fields are known, of the right type, and not too long."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, Final

import attrs
from starlette.requests import Request

from tocsin import nearest
from tocsin_server.web.json_body import check_declared, decoded, read_body
from tocsin_server.web.refusal import Refused
from tocsin_server.web.times import read_time

__all__ = ["LONGEST_NAME", "LONGEST_SECONDS", "LONGEST_TEXT", "Body", "read_document"]

LONGEST_NAME: Final = 1024
LONGEST_TEXT: Final = 16_384
LONGEST_SECONDS: Final = 10 * 366 * 86_400.0
"""Ten years."""


async def read_document(request: Request, largest: int, *, needed: bool = True) -> Any:
    """Return the decoded body; an empty object where there is none and none is *needed*.

    :raises Refused: with 400, 413 or 415.
    """
    body = await read_body(request, largest)
    if not body and not needed:
        return {}
    if not body:
        raise Refused(400, "the request has no body; send JSON")
    check_declared(request)
    return await decoded(body)


@attrs.frozen(slots=True)
class Body:
    """A decoded object; each method raises :exc:`Refused` for a field that is not what it has to be."""

    fields: Mapping[str, Any]

    @classmethod
    async def read(cls, request: Request, largest: int, known: Collection[str], *, needed: bool = True) -> Body:
        """Return the body of *request*, whose fields are all among the *known*."""
        document = await read_document(request, largest, needed=needed)
        if not isinstance(document, Mapping):
            raise Refused(400, f"the body is an object, not {_kind(document)}")
        for name in document:
            if name not in known:
                raise Refused(400, f"no field is called {name!r:.80}{nearest(name[:80], known)}")
        return cls(document)

    def text(self, name: str, default: str | None = None, longest: int = LONGEST_NAME) -> str:
        """Return a string; where there is no *default* it has to be there, and not empty."""
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or len(value) > longest or (default is None and not value):
            least = 1 if default is None else 0
            raise Refused(400, f"{name} is a string of {least} to {longest} characters{_given(value)}")
        return value

    def number(self, name: str, least: float, most: float) -> float | None:
        """Return a number in a range, or None where there is none."""
        value = self.fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise Refused(400, f"{name} is a number from {least:g} to {most:g}{_given(value)}")
        if not least <= value <= most:
            raise Refused(400, f"{name} is a number from {least:g} to {most:g}, not {float(value):g}")
        return float(value)

    def boolean(self, name: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.fields.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise Refused(400, f"{name} is true or false{_given(value)}")
        return value

    def instant(self, name: str) -> float | None:
        """Return an instant in seconds since the epoch, or None where there is none."""
        try:
            return read_time(self.fields.get(name), name)
        except ValueError as error:
            raise Refused(400, str(error)) from None

    def strings(self, name: str, most: int, longest: int) -> list[str]:
        """Return a list of at least one string."""
        value = self.fields.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise Refused(400, f"{name} is a list of at least one string{_given(value)}")
        if len(value) > most or any(len(one) > longest for one in value):
            raise Refused(400, f"{name} has at most {most} strings, each of at most {longest} characters")
        return list(value)


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def _given(value: Any) -> str:
    return "" if isinstance(value, str) else f", not {_kind(value)}"
