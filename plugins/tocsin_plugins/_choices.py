"""What most conditions take: one value, or a list of which any will do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin import ConditionError

__all__ = ["choices", "strings"]


def choices(value: Any, what: str) -> list[tuple[str, Any]]:
    """Return the items of *value*, each with where it stands ('' for a single one, else '[n]').

    :param what: what an item is, for the error.
    :raises ConditionError: for None, a mapping, and an empty list, which no alert could meet.
    """
    if isinstance(value, (list, tuple)):
        items = list(value)
    elif isinstance(value, (set, frozenset)):
        items = sorted(value, key=repr)
    elif value is None or isinstance(value, Mapping):
        raise ConditionError(f"expected {what} or a list of them, not {value!r:.60}")
    else:
        return [("", value)]
    if not items:
        raise ConditionError(f"an empty list matches no alert; give {what}, or leave the condition out")
    return [(f"[{index}]", item) for index, item in enumerate(items)]


def strings(value: Any, what: str) -> frozenset[str]:
    """Return *value*, a string or a list of them, as a set; *what* as above.

    :raises ConditionError: for anything else.
    """
    found = set()
    for where, item in choices(value, what):
        if not isinstance(item, str):
            quoted = f"; write {str(item)!r}" if isinstance(item, (int, float)) else ""
            raise ConditionError(f"expected {what}, a string, not {item!r:.60}{quoted}", where)
        found.add(str(item))
    return frozenset(found)
