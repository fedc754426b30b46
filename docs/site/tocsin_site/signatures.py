"""Signatures as their readers need them: the values of defaults, and not where the code has them from."""

from __future__ import annotations

import enum
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

import attrs
from sphinx.application import Sphinx

__all__ = ["readable", "rewrite"]

_BRACKETS: Final = r"\[(?:[^][]|\[(?:[^][]|\[[^][]*\])*\])*\]"
"""A type's arguments, which may have some of their own: commas within are no end of a parameter."""
_OF_ATTRS: Final = re.compile(
    rf"\b(?P<name>\w+)(?P<said>(?:: (?:[^][=,]|{_BRACKETS})+?)? ?)=(?P<gap> ?)(?:attr_dict\['\w+'\]\.default|NOTHING)"
)
_CONSTANT: Final = re.compile(r"(?<==)(?P<gap> ?)(?P<name>_?[A-Z][A-Z0-9_]+)\b(?!\.)")
_LONGEST: Final = 60
_LEFT_OUT: Final = "..."


def readable(kind: object, signature: str) -> str:
    """Return *signature*, of a class or a function, with the values of its defaults.

    A protocol has none: nobody makes one.
    """
    if getattr(kind, "_is_protocol", False):
        return ""
    if isinstance(kind, type) and attrs.has(kind):
        fields = {field.alias: field for field in attrs.fields(kind)}
        signature = _OF_ATTRS.sub(lambda found: _of_attrs(found, fields), signature)
    home = vars(sys.modules[kind.__module__]) if getattr(kind, "__module__", None) in sys.modules else {}
    return _CONSTANT.sub(lambda found: _of_home(found, home), signature)


def _of_attrs(found: re.Match[str], fields: dict[str, Any]) -> str:
    field = fields.get(found["name"])
    if field is None:
        return found[0]
    return f"{found['name']}{found['said']}={found['gap']}{_shown(field.default)}"


def _of_home(found: re.Match[str], home: dict[str, Any]) -> str:
    name = found["name"]
    return f"{found['gap']}{_shown(home[name])}" if name in home else found[0]


def _shown(value: Any) -> str:
    """Return what makes *value*, or an ellipsis where that is long."""
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]  # it is a class, whatever its stub says
        return _LEFT_OUT if value.takes_self else _shown(value.factory())
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, Mapping):
        value = dict(value)
    if attrs.has(type(value)):
        return f"{type(value).__name__}()" if _is_plain(value) else _LEFT_OUT
    shown = repr(value)
    return shown if len(shown) <= _LONGEST and not shown.startswith("<") else _LEFT_OUT


def _is_plain(value: Any) -> bool:
    try:
        return bool(value == type(value)())
    except TypeError:  # it needs arguments
        return False


def rewrite(
    app: Sphinx, what: str, name: str, kind: object, options: object, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    """Answer Sphinx, which asks about each signature."""
    return None if not signature else (readable(kind, signature), returns)
