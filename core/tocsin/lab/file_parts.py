"""What the lab's own files are read with: they are of the configuration file's formats, and err as it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tocsin.configfile.document import Items, Place, Table
from tocsin.configfile.findings import Findings, Spot, Unreadable
from tocsin.configfile.reading import read_file
from tocsin.configfile.shapes import REFUSED, conform

__all__ = ["Read", "one_or_more", "opened", "parsed", "several"]

Read = Callable[[Spot], Any]


@contextmanager
def opened(path: Path) -> Iterator[Spot]:
    """Yield all of a file, YAML, TOML or JSON by its ending.

    :raises ConfigurationFileError: at the end of the block, with all that was wrong.
    """
    findings = Findings()
    findings.enter(str(path))
    start = Place(str(path))
    try:
        node = read_file(path, findings)
    except Unreadable as error:
        findings.add(error.place, "", f"the file {error.problem}" if error.unopened else error.problem)
        findings.check()
        node = Table(start, {})
    yield Spot(node, "", start, findings)
    findings.check()


def several(read: Read) -> Read:
    """Return what reads a list; what is refused is left out, and told."""

    def items(spot: Spot) -> Any:
        if conform(spot, list[object]) is REFUSED:
            return REFUSED
        return tuple(one for one in map(read, spot.items()) if one is not REFUSED)

    return items


def one_or_more(read: Read) -> Read:
    """Return what reads a list, or the one item that stands in its place."""
    items = several(read)

    def some(spot: Spot) -> Any:
        if isinstance(spot.node, Items):
            return items(spot)
        found = read(spot)
        return found if found is REFUSED else (found,)

    return some


def parsed(parse: Callable[[Any], Any], kind: Any = float | str) -> Read:
    """Return what reads a value of a kind with *parse*, whose ValueError says what is wrong."""

    def read(spot: Spot) -> Any:
        value = conform(spot, kind)
        if value is REFUSED:
            return REFUSED
        try:
            return parse(value)
        except ValueError as error:
            spot.refuse(str(error))
            return REFUSED

    return read
