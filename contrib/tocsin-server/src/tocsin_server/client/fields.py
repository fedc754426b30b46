"""Reading fields of what a daemon sent: a field that is missing, or of another kind, is empty and never an error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["count", "flag", "number", "record", "records", "text", "texts"]


def text(source: Mapping[str, Any], name: str) -> str:
    """Return a string."""
    found = source.get(name)
    return found if isinstance(found, str) else ""


def texts(source: Mapping[str, Any], name: str) -> list[str]:
    """Return the strings of a list."""
    found = source.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def count(source: Mapping[str, Any], name: str) -> int:
    """Return a whole number."""
    found = source.get(name)
    return found if isinstance(found, int) else 0


def number(source: Mapping[str, Any], name: str) -> float | None:
    """Return a finite number."""
    found = source.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    try:
        return float(found) if math.isfinite(found) else None
    except OverflowError:
        return None


def flag(source: Mapping[str, Any], name: str) -> bool:
    """Return whether it is true."""
    return source.get(name) is True


def record(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object."""
    found = source.get(name)
    return found if isinstance(found, dict) else {}


def records(source: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    found = source.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
