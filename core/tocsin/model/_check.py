"""Small validators and converters that the model's classes share; every message says what would be right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from tocsin.errors import ConfigurationError

__all__ = ["boolean", "finite", "name", "names", "non_negative", "optional_number", "positive", "string_map"]


def _owner(instance: object) -> str:
    return type(instance).__name__


def name(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A non-empty string."""
    if not isinstance(value, str) or not value:
        raise ConfigurationError(
            f"{_owner(instance)}.{attribute.name} must be a non-empty string, not {value!r}", attribute.name
        )


def text(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Any string."""
    if not isinstance(value, str):
        raise ConfigurationError(
            f"{_owner(instance)}.{attribute.name} must be a string, not {type(value).__name__}", attribute.name
        )


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_double(value: object) -> bool:
    """Whether it is a number, and a double can hold it."""
    if not is_number(value):
        return False
    try:
        float(value)  # type: ignore[arg-type]  # a number
    except OverflowError:
        return False
    return True


def shown(value: object) -> str:
    """Return how a message shows a value, which may be a whole number that Python refuses to write out."""
    try:
        return f"{value!r:.60}"
    except ValueError:
        return "a number of thousands of digits"


def optional_number(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A number that a double can hold, or None."""
    if value is None:
        return
    if not is_double(value):
        raise ConfigurationError(
            f"{_owner(instance)}.{attribute.name} must be a number within a double's range, or None, "
            f"not {shown(value)}",
            attribute.name,
        )


def finite(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A finite number."""
    if not is_double(value) or not math.isfinite(value):  # type: ignore[arg-type]  # it was checked just before
        raise ConfigurationError(
            f"{_owner(instance)}.{attribute.name} must be a finite number, not {shown(value)}", attribute.name
        )


def non_negative(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A finite number of at least zero."""
    finite(instance, attribute, value)
    if value < 0:  # type: ignore[operator]  # finite has checked
        raise ConfigurationError(f"{_owner(instance)}.{attribute.name} must not be negative: {value!r}", attribute.name)


def positive(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A finite number above zero."""
    finite(instance, attribute, value)
    if value <= 0:  # type: ignore[operator]  # finite has checked
        raise ConfigurationError(
            f"{_owner(instance)}.{attribute.name} must be greater than zero, not {value!r}", attribute.name
        )


def boolean(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """True or False, nothing that merely looks like it."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{_owner(instance)}.{attribute.name} is True or False, not {value!r}", attribute.name)


def names(value: object) -> tuple[str, ...]:
    """Convert an iterable of names to a tuple; a bare string is refused, since it would be read letter by letter."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ConfigurationError(f"expected a list of names, not {value!r}")
    result = tuple(value)
    for item in result:
        if not isinstance(item, str) or not item:
            raise ConfigurationError(f"expected a list of non-empty names, found {item!r}")
    return result


def string_map(value: object) -> dict[str, str]:
    """Copy a mapping of strings to strings (labels, annotations); None is the empty mapping."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"expected a mapping of strings to strings, not {value!r:.60}")
    result = dict(value)
    for key, item in result.items():
        if not isinstance(key, str) or not isinstance(item, str):
            raise ConfigurationError(f"expected a mapping of strings to strings, found {key!r}: {item!r:.60}")
    return result
