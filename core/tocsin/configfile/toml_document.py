"""Reads TOML: the values as tomllib has them, their places from a scanner of their own."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from tocsin.configfile.document import DEEPEST, TOO_DEEP, Entry, Items, Lines, Node, Place, Scalar, Table
from tocsin.configfile.findings import Findings, Unreadable
from tocsin.configfile.toml_scanner import Marks, scan

__all__ = ["read_toml"]

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")


def read_toml(text: str, file: str, findings: Findings) -> Node:
    """Return what *text* says.

    :raises Unreadable: when *text* is no TOML, is nested too deeply, or says nothing.
    """
    text = text.replace("\r\n", "\n")
    lines = Lines(file, text)
    try:
        values = tomllib.loads(text)
        marks = scan(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(_place(error, lines, text), f"this is no TOML: {_said(error)}") from None
    except RecursionError:
        raise Unreadable(Place(file), TOO_DEEP) from None
    except (ValueError, IndexError):
        raise Unreadable(Place(file), "a number has too many digits to be read") from None
    if not values:
        raise Unreadable(Place(file), "the file is empty; `tocsin config init` writes one to begin with")
    return _node(values, marks, lines, 1)


def _place(error: tomllib.TOMLDecodeError, lines: Lines, text: str) -> Place:
    found = _WHERE.search(str(error))
    if found is None or found[1] is None:
        return lines.at(len(text))
    return lines.at(lines.offset(int(found[1]), int(found[2])))


def _said(error: tomllib.TOMLDecodeError) -> str:
    said = _WHERE.sub("", str(error))
    return f"{said[:1].lower()}{said[1:]}"


def _node(value: Any, marks: Marks, lines: Lines, depth: int) -> Node:
    place = lines.at(marks.value)
    if depth > DEEPEST:
        raise Unreadable(place, TOO_DEEP)
    if isinstance(value, dict):
        below = marks.below if isinstance(marks.below, dict) else {}
        return Table(
            place,
            {
                name: Entry(lines.at(below.get(name, marks).key), _node(item, below.get(name, marks), lines, depth + 1))
                for name, item in value.items()
            },
        )
    if isinstance(value, list):
        several = marks.below if isinstance(marks.below, list) else []
        padded = [*several, *[marks] * (len(value) - len(several))]
        return Items(
            place, tuple(_node(item, mark, lines, depth + 1) for item, mark in zip(value, padded, strict=False))
        )
    return Scalar(place, value)
