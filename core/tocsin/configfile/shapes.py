"""Holds a value against a type: what is of another kind is told, each thing in its place."""

from __future__ import annotations

import collections.abc
import enum
import functools
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from tocsin.configfile.document import Entry, Items, Node, Scalar, Table, origins
from tocsin.configfile.findings import Findings, Spot
from tocsin.configfile.references import read_as
from tocsin.errors import nearest

__all__ = ["REFUSED", "as_expected", "conform", "inner_types", "settable", "types_of"]

REFUSED: Final = object()
"""Stands for a value that was told already."""

_LISTS: Final = (tuple, list, set, frozenset, collections.abc.Sequence, collections.abc.Iterable)
_PLAIN: Final[Mapping[type, str]] = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


@functools.cache
def types_of(kind: type) -> Mapping[str, Any]:
    """Return the types of an attrs class's fields by name; ``Any`` where they cannot be known."""
    try:
        hints = typing.get_type_hints(kind)
    except Exception:  # noqa: BLE001  a plugin's annotations may name whatever they like; then nothing is known of them
        hints = {}
    return {field.name: hints.get(field.name, Any) for field in attrs.fields(kind)}


def settable(kind: type) -> dict[str, attrs.Attribute[Any]]:
    """Return the fields of an attrs class that can be given, by the names under which they are."""
    return {field.alias or field.name: field for field in attrs.fields(kind) if field.init}


def inner_types(hint: Any) -> tuple[Any, ...]:
    """Return the types that a union is of, without None; of any other type, itself."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(item for item in typing.get_args(hint) if item is not type(None))
    return (hint,)


def as_expected(node: Node, hint: Any) -> Node:
    """Return *node* with what is all of it a ``${NAME}`` read as the kind that *hint* has in its place."""
    options = inner_types(hint)
    if isinstance(node, Scalar):
        return read_as(node, options)
    for option in options:
        origin, arguments = typing.get_origin(option) or option, typing.get_args(option)
        if isinstance(node, Items) and origin in _LISTS and arguments:
            return attrs.evolve(node, items=tuple(as_expected(item, arguments[0]) for item in node.items))
        if isinstance(node, Table) and origin in (dict, collections.abc.Mapping) and len(arguments) == 2:
            return _entries_as_expected(node, dict.fromkeys(node.entries, arguments[1]))
        if isinstance(node, Table) and isinstance(origin, type) and attrs.has(origin):
            hints = types_of(origin)
            return _entries_as_expected(node, {name: hints[field.name] for name, field in settable(origin).items()})
    return node


def _entries_as_expected(table: Table, hints: Mapping[str, Any]) -> Table:
    entries = {
        name: Entry(entry.place, as_expected(entry.node, hints.get(name, Any))) for name, entry in table.entries.items()
    }
    return attrs.evolve(table, entries=entries)


def conform(spot: Spot, hint: Any) -> Any:
    """Return the plain value of *spot* if its kind is that of *hint*; otherwise tell it and return :data:`REFUSED`.

    Only kinds are looked at: a type that says nothing of them takes any value.
    """
    options = inner_types(hint)
    if isinstance(spot.node, Scalar) and spot.node.lost:
        return REFUSED
    if isinstance(spot.node, Scalar) and spot.node.referred:
        spot = attrs.evolve(spot, node=read_as(spot.node, options))
    if isinstance(spot.node, Scalar) and spot.node.value is None and _takes_none(hint):
        return None
    if len(options) == 1:
        return _conform(spot, options[0])
    for option in options:
        value = _conform(attrs.evolve(spot, findings=Findings()), option)
        if value is not REFUSED:
            return value
    names = [_PLAIN[option] for option in options if option in _PLAIN]
    spot.refuse_kind(" or ".join(names) or "something else")
    return REFUSED


def _takes_none(hint: Any) -> bool:
    return hint in (Any, object, type(None)) or type(None) in typing.get_args(hint)


def _conform(spot: Spot, hint: Any) -> Any:
    origin = typing.get_origin(hint) or hint
    arguments = typing.get_args(hint)
    if origin in _PLAIN:
        return _single(spot, origin)
    if origin is typing.Literal and all(isinstance(word, str) for word in arguments):
        return _word(spot, arguments)
    if origin in _LISTS:
        return _several(spot, arguments[0] if arguments else Any)
    if origin in (dict, collections.abc.Mapping):
        return _mapping(spot, arguments[1] if len(arguments) == 2 else Any)
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        words = [member.value for member in origin]
        return _word(spot, words) if all(isinstance(word, str) for word in words) else spot.plain()
    if isinstance(origin, type) and attrs.has(origin):
        return _fields(spot, origin)
    return spot.plain()


def _single(spot: Spot, kind: type) -> Any:
    value = spot.node.value if isinstance(spot.node, Scalar) else None
    right = isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
    if not right:
        spot.refuse_kind(_PLAIN[kind])
        return REFUSED
    return value


def _word(spot: Spot, words: Sequence[str]) -> Any:
    """One of several words, in any case."""
    value = _single(spot, str)
    if value is REFUSED or value in words:
        return value
    if value.lower() in words:
        return value.lower()
    foreign = bool(origins(spot.node))
    shown = "this word" if foreign or spot.hidden else f"{value!r:.60}"
    spot.refuse(f"{shown} means nothing here{nearest('' if foreign else value, words)}")
    return REFUSED


def _several(spot: Spot, hint: Any) -> Any:
    if not isinstance(spot.node, Items):
        if isinstance(spot.node, Scalar) and isinstance(spot.node.value, str):
            spot.refuse("expected a list, not a string; write [ and ] around it")
        else:
            spot.refuse_kind("a list")
        return REFUSED
    items = [conform(item, hint) for item in spot.items()]
    return REFUSED if REFUSED in items else items


def _mapping(spot: Spot, hint: Any) -> Any:
    if not isinstance(spot.node, Table):
        spot.refuse_kind("a mapping")
        return REFUSED
    found = {name: conform(child, hint) for name, child in spot.entries()}
    return REFUSED if any(value is REFUSED for value in found.values()) else found


def _fields(spot: Spot, kind: type) -> Any:
    """Hold a mapping against an attrs class: no other keys, none missing, each of its type."""
    if not isinstance(spot.node, Table):
        spot.refuse_kind("a mapping")
        return REFUSED
    known = settable(kind)
    hints = types_of(kind)
    found: dict[str, Any] = {}
    for name, child in spot.entries():
        if name in known:
            found[name] = conform(child, hints[known[name].name])
        else:
            child.refuse_key(f"there is no such setting{nearest(name, known)}")
            found[name] = REFUSED
    for name, field in known.items():
        if field.default is attrs.NOTHING and name not in found:
            spot.refuse_key("this is required", name)
            found[name] = REFUSED
    return REFUSED if any(value is REFUSED for value in found.values()) else found
