"""JSON as it is sent, so that no alert's text can make it unreadable, and as it comes back, from whoever answers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import httpx

__all__ = ["json_answer", "json_content"]


def json_content(document: Any) -> bytes:
    """Return *document* as JSON in UTF-8 that every parser takes.

    NaN and the infinities, which JSON cannot say, become null; half of a surrogate pair becomes a question mark. Keys
    keep their order.
    """
    text = json.dumps(_sayable(document), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace")


def _sayable(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _sayable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sayable(item) for item in value]
    return value


def json_answer(response: httpx.Response) -> Mapping[str, Any]:
    """Return the JSON object that an answer holds; an empty one where it holds none, whatever it holds instead.

    Nothing in it may be relied on: what an answer's fields are is for the caller to check.
    """
    try:
        document = json.loads(response.content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
