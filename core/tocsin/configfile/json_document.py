"""Reads JSON, strictly: a key stands once, and NaN and Infinity are no numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from tocsin.configfile.document import DEEPEST, TOO_DEEP, Entry, Items, Lines, Node, Place, Scalar, Table, joined
from tocsin.configfile.findings import Findings, Unreadable

__all__ = ["read_json"]

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s"\[\]{}:,]+', re.DOTALL)
_NO_NUMBER: Final = frozenset({"NaN", "Infinity", "-Infinity"})


def read_json(text: str, file: str, findings: Findings) -> Node:
    """Return what *text* says; a key that stands twice and a number that JSON does not have are told.

    :raises Unreadable: when *text* is no JSON, or is nested too deeply.
    """
    lines = Lines(file, text)
    _measure(text, lines)
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        said = error.msg.removesuffix(" at")
        raise Unreadable(lines.at(error.pos), f"this is no JSON: {said[:1].lower()}{said[1:]}") from None
    except ValueError:
        raise Unreadable(Place(file), "a number has too many digits to be read") from None
    return _Builder(text, lines, findings).node()


def _measure(text: str, lines: Lines) -> None:
    """Refuse what is nested too deeply before anything follows it down there."""
    depth = 0
    for found in _TOKEN.finditer(text):
        if found[0] in ("[", "{"):
            depth += 1
            if depth > DEEPEST:
                raise Unreadable(lines.at(found.start()), TOO_DEEP)
        elif found[0] in ("]", "}"):
            depth -= 1


class _Builder:
    """Makes nodes of a text that is known to be JSON."""

    def __init__(self, text: str, lines: Lines, findings: Findings) -> None:
        self._lines = lines
        self._findings = findings
        self._tokens: Iterator[re.Match[str]] = _TOKEN.finditer(text)

    def node(self) -> Node:
        """Return what the whole text says."""
        return self._of(next(self._tokens), "")

    def _of(self, token: re.Match[str], path: str) -> Node:
        place = self._lines.at(token.start())
        if token[0] == "{":
            return Table(place, self._entries(path))
        if token[0] == "[":
            items = enumerate(self._until("]"))
            return Items(place, tuple(self._of(item, f"{path}[{index}]") for index, item in items))
        if token[0] in _NO_NUMBER:
            self._findings.add(place, path, f"JSON has no number {token[0]}")
            return Scalar(place, None, lost=True)
        value: Any = json.loads(token[0])
        return Scalar(place, value)

    def _until(self, end: str) -> Iterator[re.Match[str]]:
        for token in self._tokens:
            if token[0] == end:
                return
            if token[0] != ",":
                yield token

    def _entries(self, path: str) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for token in self._until("}"):
            name: str = json.loads(token[0])
            place = self._lines.at(token.start())
            next(self._tokens)  # the colon
            own = joined(path, name)
            entry = Entry(place, self._of(next(self._tokens), own))
            first = entries.setdefault(name, entry)
            if first is not entry:
                problem = f"the key {name!r:.60} stands here twice; the first is in line {first.place.line}"
                self._findings.add(place, own, problem)
        return entries
