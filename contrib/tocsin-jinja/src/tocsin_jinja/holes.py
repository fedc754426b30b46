"""What tells a template's own text from what alerts say, from the sandbox to the renderer that escapes the latter.

While a template is rendered, a value that is put into its text is there as one character, which no text can hold. So it
goes unharmed, and unescaped, through loops, macros and blocks, and no alert can pass for the template's own text. Here
Markup means: the template's own text, with holes for values. That is what the sandbox does not make holes of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from markupsafe import Markup

from tocsin_jinja.budget import TooMuchError, budget
from tocsin_jinja.values import Value, as_text, as_value

__all__ = ["filling", "flat", "hole", "own_text", "pieces"]

_FIRST: Final = 0xF0000
_MOST: Final = 0xFFFD
_HOLE: Final = re.compile(f"([{chr(_FIRST)}-{chr(_FIRST + _MOST)}])")

_VALUES: ContextVar[list[Value]] = ContextVar("tocsin_jinja_values")


@contextmanager
def filling() -> Iterator[None]:
    """Let whatever is rendered meanwhile have values of its own."""
    token = _VALUES.set([])
    try:
        yield
    finally:
        _VALUES.reset(token)


def own_text(text: str) -> Markup:
    """Return *text* as the template's own: no character of it is taken for a value."""
    return Markup(_HOLE.sub("\ufffd", text))


def hole(value: Any) -> Markup:
    """Return the character that stands for *value*, or true or false.

    :raises TypeError: when it is nothing that can be shown.
    """
    if isinstance(value, bool):  # so it is one of JSON's as well
        return own_text(as_text(value))
    values, shown = _VALUES.get(), as_value(value)
    budget().spend(len(shown) if isinstance(shown, str) else 0)
    if len(values) > _MOST:
        raise TooMuchError(f"it shows more than {_MOST:,} values")
    values.append(shown)
    return Markup(chr(_FIRST + len(values) - 1))


def flat(value: Any) -> Any:
    """Return *value*, and of a text that was put together the text that it would be, all of it a value from now on."""
    if type(value) in (list, tuple) and any(isinstance(one, Markup) for one in value):
        return type(value)(map(flat, value))
    if not isinstance(value, Markup):
        return as_text(value) if getattr(value, "is_missing", False) else value
    values = _VALUES.get()
    shown = _HOLE.sub(lambda found: as_text(values[ord(found[0]) - _FIRST]), str(value))
    budget().spend(len(shown))
    return shown


def pieces(text: str) -> list[Value]:
    """Return *text* as the template's own text and values in turn."""
    values = _VALUES.get()
    cut: list[Value] = list(_HOLE.split(text))
    for index in range(1, len(cut), 2):
        cut[index] = values[ord(str(cut[index])) - _FIRST]
    return cut
