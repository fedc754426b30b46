"""Structures plain settings into a plugin's config class; what cattrs finds wrong becomes one clear error."""

from __future__ import annotations

import collections.abc
import enum
import math
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn

from tocsin.errors import ConfigurationError, nearest
from tocsin.model.severity import AlertSeverity

__all__ = ["structure_settings"]


_MANY: Final[Mapping[Any, Callable[[Iterable[Any]], Any]]] = {
    tuple: tuple,
    list: list,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: tuple,
}
"""The generic types that a list of settings may be declared as, and what is made of it."""

_WRONG: Final = (cattrs.BaseValidationError, cattrs.ForbiddenExtraKeysError, ConfigurationError, KeyError)
"""What cattrs and validators raise for settings that are wrong."""


def _strict(kind: type, name: str) -> Any:
    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ConfigurationError(f"expected {name}, not {type(value).__name__}")
        return value

    return structure


def _number(value: Any, _: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ConfigurationError(f"expected a number, not {type(value).__name__}")
    if not math.isfinite(value):
        raise ConfigurationError(f"expected a finite number, not {value!r}")
    return float(value)


def _of_words(kind: Any) -> bool:
    return typing.get_origin(kind) is typing.Literal


def _word(value: Any, kind: Any) -> Any:
    known = typing.get_args(kind)
    if value not in known:
        raise ConfigurationError(f"unknown value {value!r}{nearest(str(value), map(str, known))}")
    return value


def _enumeration(value: Any, kind: type[enum.Enum]) -> enum.Enum:
    try:
        return kind(value)
    except ValueError:
        known = [str(member.value) for member in kind]
        raise ConfigurationError(f"unknown value {value!r}{nearest(str(value), known)}") from None


def _of_many(kind: Any) -> bool:
    arguments = typing.get_args(kind)
    origin = typing.get_origin(kind)
    return origin in _MANY and bool(arguments) and (origin is not tuple or arguments[1:] == (Ellipsis,))


def _list(kind: Any, converter: cattrs.Converter) -> Any:
    """Take a list and nothing else that can be iterated: a string would become its characters, a mapping its keys."""
    make, element = _MANY[typing.get_origin(kind)], typing.get_args(kind)[0]

    def structured(item: Any, index: int) -> Any:
        try:
            return converter.structure(item, element)
        except _WRONG as error:
            raise _first(error, element).within(f"[{index}]") from None

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise ConfigurationError(f"expected a list, not {type(value).__name__}")
        return make(structured(item, index) for index, item in enumerate(value))

    return structure


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(str, _strict(str, "a string"))
    converter.register_structure_hook(bool, _strict(bool, "true or false"))
    converter.register_structure_hook(int, _strict(int, "a whole number"))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook_func(
        lambda kind: isinstance(kind, type) and issubclass(kind, enum.Enum), _enumeration
    )
    converter.register_structure_hook_func(_of_words, _word)
    converter.register_structure_hook_factory(_of_many, lambda kind: _list(kind, converter))
    converter.register_structure_hook(AlertSeverity, lambda value, _: AlertSeverity.parse(value))
    converter.register_structure_hook_factory(
        attrs.has, lambda kind: make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)
    )
    return converter


_CONVERTER: Final = _converter()


def _note(error: BaseException) -> str:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, cattrs.AttributeValidationNote):
            return note.name
        if isinstance(note, cattrs.IterableValidationNote):
            return f"[{note.index}]"
    return ""


def _first(error: BaseException, kind: type) -> ConfigurationError:
    """Return the first thing that is wrong, with its path; a secret's value is never repeated."""
    if isinstance(error, cattrs.BaseValidationError):
        inner = error.exceptions[0]
        found = _first(inner, kind)
        place = _note(inner)
        return found.within(place) if place else found
    if isinstance(error, ConfigurationError):
        return ConfigurationError(error.problem, error.where)
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        extra = sorted(error.extra_fields)[0]
        known = [field.alias for field in attrs.fields(error.cl) if field.init]
        return ConfigurationError(f"unknown setting {extra!r}{nearest(extra, known)}", extra)
    if isinstance(error, KeyError):
        return ConfigurationError(f"the setting {error.args[0]!r} is required", str(error.args[0]))
    return ConfigurationError(f"expected {getattr(kind, '__name__', kind)}, found something else")


def structure_settings(settings: Mapping[str, Any], config_class: type) -> Any:
    """Return *settings* as an instance of *config_class*, an attrs class.

    :raises ConfigurationError: for an unknown, missing or malformed setting; ``where`` is its path in *settings*.
    """
    try:
        return _CONVERTER.structure(settings, config_class)
    except _WRONG as error:
        raise _without_repetition(_first(error, config_class)) from None


def _without_repetition(error: ConfigurationError) -> ConfigurationError:
    """A validator names its own attribute, and so does cattrs: keep one of two equal neighbours."""
    parts = error.where.split(".")
    kept = [part for index, part in enumerate(parts) if index == 0 or part != parts[index - 1]]
    return ConfigurationError(error.problem, ".".join(kept))
