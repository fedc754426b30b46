"""A value that is all of it one ``${NAME}``: read as a number or a boolean where one is expected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import attrs

from tocsin.configfile.document import Scalar

__all__ = ["PATTERN", "read_as"]

PATTERN: Final = r"^\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}$"
"""How such a value is written."""

_LONGEST: Final = 40
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False}


def _boolean(text: str) -> bool | None:
    return _BOOLEANS.get(text.lower())


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _number(text: str) -> int | float | None:
    number = _whole(text) if _WHOLE.fullmatch(text) else float(text) if _NUMBER.fullmatch(text) else None
    return number if number is None or math.isfinite(number) else None


_READERS: Final[Mapping[type, Callable[[str], Any]]] = {bool: _boolean, int: _whole, float: _number}


def read_as(scalar: Scalar, kinds: Collection[Any]) -> Scalar:
    """Return *scalar* with the value that one of *kinds* makes of a variable's text.

    It stays as it is where a string is one of them, where none of them can read it, and where it is no such value.
    """
    text = scalar.value
    if not scalar.referred or not isinstance(text, str) or str in kinds or len(text) > _LONGEST:
        return scalar
    values = (reader(text) for kind, reader in _READERS.items() if kind in kinds)
    value = next((value for value in values if value is not None), None)
    return scalar if value is None else attrs.evolve(scalar, value=value)
