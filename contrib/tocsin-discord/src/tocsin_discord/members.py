"""Members of a message as Discord takes them; what is empty is left out, for it refuses the whole message otherwise.

https://discord.com/developers/docs/resources/message#embed-object: a text that is there has at least one character
that is no blank, and blanks at its ends do not count; an address begins with ``http``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from tocsin import wording
from tocsin_discord.markup import fitting

__all__ = ["fit_color", "fit_text", "fit_time", "fit_url"]

Members = dict[str, Any]

_URL: Final = re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?", re.IGNORECASE)
_LONGEST_URL: Final = 2048
_MOST_COLOR: Final = 0xFFFFFF


def fit_text(holder: Members, key: str, limit: int) -> None:
    """Cut the text *key* of *holder* to *limit*, or leave it out where it is empty; a number is written as one."""
    value = holder.get(key)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = wording.number(value)
    if isinstance(value, str):
        holder[key] = fitting(value.strip(), limit)
    _keep(holder, key, lambda text: text is not None and text != "")


def fit_url(holder: Members, key: str) -> None:
    """Leave the address *key* of *holder* out where it is none."""
    _keep(holder, key, lambda url: isinstance(url, str) and len(url) <= _LONGEST_URL and bool(_URL.fullmatch(url)))


def fit_time(holder: Members, key: str) -> None:
    """Leave the time *key* of *holder* out where it is not ISO 8601."""
    _keep(holder, key, _is_time)


def fit_color(holder: Members, key: str) -> None:
    """Leave the colour *key* of *holder* out where it is none."""
    _keep(holder, key, lambda color: type(color) is int and 0 <= color <= _MOST_COLOR)


def _keep(holder: Members, key: str, right: Callable[[Any], bool]) -> None:
    if key in holder and not right(holder[key]):
        del holder[key]


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False
