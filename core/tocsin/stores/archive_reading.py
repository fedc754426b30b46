"""Reading an archive line by line: whatever is wrong with one is said with its number."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final

import attrs

from tocsin.errors import StoreError, nearest
from tocsin.journal import FORMAT, Entry, entry_from_plain
from tocsin.stores.archive import ARCHIVE_FORMAT
from tocsin.stores.sqlite_rows import LARGEST

__all__ = ["LONGEST_LINE", "ArchiveError", "Line", "read_lines"]

LONGEST_LINE: Final = LARGEST + 4096
"""Bytes that a line may have, its end included."""

_TOO_LARGE: Final = 2**62
"""Numbers are smaller: a file's own have 64 bits, and count on."""

_ORDER: Final = ("header", "configuration", "record", "entry", "end")
_FIELDS: Final[Mapping[str, Mapping[str, tuple[type, ...]]]] = {
    "header": {"format": (int,), "journal": (int,), "checkpoint": (int, type(None)), "after": (int,)},
    "configuration": {"digest": (str,), "data": (dict,)},
    "record": {"table": (str,), "key": (str,)},
    "entry": {"ordinal": (int,)},
    "damage": {"problem": (str,), "first": (int, type(None)), "last": (int, type(None))},
    "end": {"configurations": (int,), "records": (int,), "entries": (int,)},
}


class ArchiveError(StoreError):
    """A line of an archive cannot be right; ``line`` is its number, from 1."""

    def __init__(self, name: str, line: int, problem: str) -> None:
        self.line = line
        super().__init__(f"{name}, line {line}: {problem}")


@attrs.frozen(slots=True)
class Line:
    """One line of an archive: its number, what it is, and its fields."""

    number: int
    kind: str
    fields: Mapping[str, Any]

    def entry(self, name: str) -> Entry:
        """Return the entry that the line holds; *name* is the archive's, for the error."""
        try:
            return entry_from_plain(self.fields)
        except ValueError as error:
            raise ArchiveError(name, self.number, str(error)) from error


def read_lines(file: IO[bytes], name: str) -> Iterator[Line]:
    """Yield the lines of an archive, checked one by one and as a whole: their order, and that none is missing.

    :raises ArchiveError: at the first line that cannot be right.
    """
    counts = dict.fromkeys(_ORDER, 0)
    stage = 0
    number = 0
    for number, text in enumerate(_texts(file, name), 1):
        line = Line(number, *_parse(text, name, number))
        if line.kind != "damage":
            stage = _stage(line, stage, name)
            counts[line.kind] += 1
        elif number == 1:
            raise ArchiveError(name, 1, "an archive begins with a line of type 'header'")
        _check_end(line, counts, name)
        yield line
    if not counts["end"]:
        raise ArchiveError(name, number + 1, "the archive ends without a line of type 'end': it was cut off")


def _texts(file: IO[bytes], name: str) -> Iterator[bytes]:
    number = 0
    while text := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(text) > LONGEST_LINE:
            raise ArchiveError(name, number, f"a line has at most {LONGEST_LINE} bytes")
        yield text


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON; such numbers are written as strings")


def _parse(text: bytes, name: str, number: int) -> tuple[str, Mapping[str, Any]]:
    try:
        fields = json.loads(text.decode("ascii"), parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise ArchiveError(name, number, "other than ASCII: such characters are written as escapes") from error
    except json.JSONDecodeError as error:
        raise ArchiveError(name, number, f"no JSON: {error.msg} at character {error.pos + 1}") from error
    except (ValueError, RecursionError) as error:
        raise ArchiveError(name, number, f"no JSON that can be read: {error!s:.200}") from error
    if not isinstance(fields, dict):
        raise ArchiveError(name, number, f"a line is a JSON object, not {type(fields).__name__}")
    kind = fields.pop("type", None)
    wanted = _FIELDS.get(kind) if isinstance(kind, str) else None
    if wanted is None:
        raise ArchiveError(name, number, f"unknown type {kind!r:.80}{nearest(str(kind)[:80], _FIELDS)}")
    for field, types in wanted.items():
        if field not in fields or not isinstance(fields[field], types) or isinstance(fields[field], bool):
            right = " or ".join("null" if one is type(None) else one.__name__ for one in types)
            raise ArchiveError(name, number, f"a line of type {kind!r} has {field!r} ({right})")
        if isinstance(fields[field], int) and not 0 <= fields[field] < _TOO_LARGE:
            raise ArchiveError(name, number, f"{field!r} is a number from 0 to {_TOO_LARGE - 1}")
    return kind, fields


def _stage(line: Line, stage: int, name: str) -> int:
    """Return the place in the order of types that *line* takes, if it may stand there."""
    place = _ORDER.index(line.kind)
    if line.number == 1:
        if line.kind != "header":
            raise ArchiveError(name, 1, "an archive begins with a line of type 'header'")
        _check_header(line, name)
    elif place < stage or line.kind == "header" or _ORDER[stage] == "end":
        problem = f"a line of type {line.kind!r} cannot follow one of type {_ORDER[stage]!r}"
        raise ArchiveError(name, line.number, problem)
    return place


def _check_header(line: Line, name: str) -> None:
    for field, known in (("format", ARCHIVE_FORMAT), ("journal", FORMAT)):
        if not 1 <= line.fields[field] <= known:
            raise ArchiveError(
                name,
                1,
                f"{field} is {line.fields[field]}; this version reads 1 to {known}; use the one that wrote it",
            )


def _check_end(line: Line, counts: Mapping[str, int], name: str) -> None:
    if line.kind != "end":
        return
    for field, kind in (("configurations", "configuration"), ("records", "record"), ("entries", "entry")):
        if line.fields[field] != counts[kind]:
            problem = f"{counts[kind]} {field} are above, and {line.fields[field]} were written"
            raise ArchiveError(name, line.number, problem)
