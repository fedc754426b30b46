"""What a configuration file says, whatever its format: values, each with the place where it is written."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs

__all__ = [
    "DEEPEST",
    "MASK",
    "TOO_DEEP",
    "Entry",
    "Items",
    "Lines",
    "Node",
    "Place",
    "Scalar",
    "Table",
    "joined",
    "origins",
    "plain",
    "scalars",
]

DEEPEST: Final = 100
"""How many mappings and lists may stand in one another."""

TOO_DEEP: Final = f"this is nested too deeply; at most {DEEPEST} levels are read"

MASK: Final = "***"
"""What is shown in the place of a value that came from the environment or from a file of its own."""

_LINE_END: Final = re.compile(r"\r\n?|\n")


@attrs.frozen(slots=True)
class Place:
    """A character of a file; both numbers begin at 1."""

    file: str
    line: int = 1
    column: int = 1


class Lines:
    """Turns the offset of a character into its place."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    def at(self, offset: int) -> Place:
        """Return the place of the character at *offset*."""
        line = bisect.bisect_right(self._starts, offset)
        return Place(self._file, line, offset - self._starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place; one beyond the text is its last line's."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1


@attrs.frozen(slots=True, eq=False)
class Scalar:
    """A single value.

    ``written`` is how YAML had it where it made something else of a text than may be meant: ``no``, ``22:00``.
    ``origins`` say where a value came from that is in no message: ``${NAME}``, or a file of its own. A ``lost`` one
    should have come from there and did not: that was told, and nothing else is to be said of it. What is ``referred``
    to is all of it one ``${NAME}``.
    """

    place: Place
    value: Any = attrs.field(repr=False)
    written: str = attrs.field(default="", repr=False)
    origins: tuple[str, ...] = ()
    lost: bool = False
    referred: bool = False


@attrs.frozen(slots=True, eq=False)
class Items:
    """A list."""

    place: Place
    items: tuple[Node, ...]


@attrs.frozen(slots=True, eq=False)
class Entry:
    """A key's place, and what stands under it."""

    place: Place
    node: Node


@attrs.frozen(slots=True, eq=False)
class Table:
    """A mapping from strings, in the file's order."""

    place: Place
    entries: Mapping[str, Entry]


Node: TypeAlias = Scalar | Items | Table


def joined(path: str, name: str) -> str:
    """Return the path of the key *name* in the mapping at *path*."""
    return f"{path}.{name}" if path else name


def plain(node: Node, *, masked: bool = False) -> Any:
    """Return *node* as dicts, lists and single values; if *masked*, without what came from elsewhere."""
    if isinstance(node, Table):
        return {key: plain(entry.node, masked=masked) for key, entry in node.entries.items()}
    if isinstance(node, Items):
        return [plain(item, masked=masked) for item in node.items]
    return MASK if masked and node.origins else node.value


def scalars(node: Node) -> Iterator[Scalar]:
    """Yield all single values in *node*."""
    if isinstance(node, Table):
        for entry in node.entries.values():
            yield from scalars(entry.node)
    elif isinstance(node, Items):
        for item in node.items:
            yield from scalars(item)
    else:
        yield node


def origins(node: Node) -> tuple[str, ...]:
    """Return where values in *node* came from that must not be shown, each once; nothing if all may be."""
    return tuple(dict.fromkeys(origin for scalar in scalars(node) for origin in scalar.origins))
