"""Lists in pages: a limit, and a cursor that says after which item the next page begins."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import attrs
from starlette.requests import Request

from tocsin_server.api.operation import Parameter
from tocsin_server.web.refusal import Refused

__all__ = ["PAGING", "Page"]

_MOST: Final = 1000
_USUAL: Final = 100

PAGING: Final = (
    Parameter(
        "limit", "How many items at most.", {"type": "integer", "minimum": 1, "maximum": _MOST, "default": _USUAL}
    ),
    Parameter("cursor", "What `next` of the page before said.", {"type": "string"}),
)

Key = tuple[Any, ...]
T = TypeVar("T")


@attrs.frozen(slots=True)
class Page:
    """What of a list is wanted: ``limit`` items whose keys come after the key ``after``."""

    limit: int
    after: Key | None

    @classmethod
    def wanted(cls, request: Request, *kinds: type) -> Page:
        """Return the page that a query wants; *kinds* are the types of a key's parts."""
        text = request.query_params.get("limit", str(_USUAL))
        if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= _MOST):
            raise Refused(400, f"limit is a whole number from 1 to {_MOST}, not {text!r:.40}")
        cursor = request.query_params.get("cursor", "")
        return cls(int(text), _key(cursor, kinds) if cursor else None)

    def rest(self, items: Iterable[T], key: Callable[[T], Key]) -> list[T]:
        """Return the items after the cursor, in order of their keys, which are unique."""
        after = self.after
        found = sorted(items, key=key)
        return found if after is None else [item for item in found if key(item) > after]

    def cursor(self, key: Key) -> str:
        """Return the cursor of the page after the item with that key."""
        return base64.urlsafe_b64encode(json.dumps(key).encode("ascii")).decode("ascii")

    def document(self, items: Sequence[T], key: Callable[[T], Key], shown: Callable[[T], Any]) -> dict[str, Any]:
        """Return the document of the page of *items*, which are those that :meth:`rest` left."""
        page = items[: self.limit]
        following = self.cursor(key(page[-1])) if len(items) > self.limit else None
        return {"items": [shown(item) for item in page], "next": following}


def _key(cursor: str, kinds: Sequence[type]) -> Key:
    problem = Refused(400, "cursor is what `next` of the page before said, and this is not")
    try:
        parts = json.loads(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise problem from None
    if not isinstance(parts, list) or len(parts) != len(kinds):
        raise problem
    for part, kind in zip(parts, kinds, strict=True):
        if type(part) is not kind and not (kind is float and type(part) is int):
            raise problem
    return tuple(parts)
