"""Finds where the keys and values of a TOML text stand; tomllib, which reads them, does not say."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final, TypeAlias

import attrs

__all__ = ["Marks", "scan"]

_GAP: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK: Final = re.compile(r"[ \t]*")
_KEY_PART: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+')
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_BARE: Final = re.compile(r"[^,\]}#\n]*")

Below: TypeAlias = "dict[str, Marks] | list[Marks]"


@attrs.define(slots=True, eq=False)
class Marks:
    """Offsets of a key and of its value (of a table: its header), and what stands below it."""

    key: int
    value: int
    below: Below | None = None

    def named(self, name: str, offset: int) -> Marks:
        """Return what stands under the key *name*; it begins at *offset* if it is new."""
        if not isinstance(self.below, dict):
            self.below = {}
        return self.below.setdefault(name, Marks(offset, offset))

    def latest(self) -> Marks:
        """Return this table, or, of an array of tables, the newest one."""
        return self.below[-1] if isinstance(self.below, list) else self


def scan(text: str) -> Marks:
    """Return the marks of *text*, which tomllib has read without an error."""
    return _Scanner(text).all()


class _Scanner:
    """A cursor over the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def all(self) -> Marks:
        root = Marks(0, 0)
        table = root
        while self._go(_GAP) < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._array_table(root)
            elif self._text[self._at] == "[":
                table = self._table(root)
            else:
                self._statement(table)
        return root

    def _go(self, expression: re.Pattern[str]) -> int:
        """Go past what *expression* matches, which may be nothing, and return where that ends."""
        found = expression.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _key(self) -> list[tuple[str, int]]:
        """Read a dotted key, and return its parts, each with its offset."""
        parts = []
        while True:
            self._go(_BLANK)
            start = self._at
            end = self._go(_KEY_PART)
            if end == start:
                raise ValueError("no key")
            parts.append((_name(self._text[start:end]), start))
            self._go(_BLANK)
            if self._text[self._at : self._at + 1] != ".":
                return parts
            self._at += 1

    def _table(self, root: Marks) -> Marks:
        start = self._at
        self._at += 1
        parts = self._key()
        self._at += 1
        table = _descend(root, parts)
        if table.value == table.key:
            table.value = start
        return table

    def _array_table(self, root: Marks) -> Marks:
        start = self._at
        self._at += 2
        *path, (name, offset) = self._key()
        self._at += 2
        array = _descend(root, path).named(name, offset)
        if not isinstance(array.below, list):
            array.below = []
        array.below.append(Marks(start, start))
        return array.below[-1]

    def _statement(self, table: Marks) -> None:
        *path, (name, offset) = self._key()
        self._at += 1  # the equals sign
        self._go(_BLANK)
        self._value(_descend(table, path).named(name, offset))

    def _value(self, marks: Marks) -> None:
        marks.value = self._at
        opening = self._text[self._at]
        if opening == "[":
            marks.below = self._array()
        elif opening == "{":
            marks.below = {}
            self._inline(marks)
        elif opening in "\"'":
            self._go(_STRING)
        else:
            self._go(_BARE)

    def _array(self) -> list[Marks]:
        items: list[Marks] = []
        self._at += 1
        while self._text[self._go(_GAP)] != "]":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            item = Marks(self._at, self._at)
            self._value(item)
            items.append(item)
        self._at += 1
        return items

    def _inline(self, marks: Marks) -> None:
        self._at += 1
        while self._text[self._go(_GAP)] != "}":
            if self._text[self._at] == ",":
                self._at += 1
            else:
                self._statement(marks)
        self._at += 1


def _descend(table: Marks, path: list[tuple[str, int]]) -> Marks:
    for name, offset in path:
        table = table.named(name, offset).latest()
    return table


def _name(part: str) -> str:
    if part[0] not in "\"'":
        return part
    read: dict[str, Any] = tomllib.loads(f"key = {part}")
    return str(read["key"])
