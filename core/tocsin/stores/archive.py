"""A whole store as text, one JSON object per line: what ``tocsin store export`` writes and replay reads.

docs/reference/journal.md describes every line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from tocsin.errors import StoreError
from tocsin.journal import FORMAT, entry_to_plain
from tocsin.stores.interface import Checkpoint, Store
from tocsin.stores.sqlite_faults import Loss

__all__ = ["ARCHIVE_FORMAT", "Source", "StoreSource", "export_lines"]

ARCHIVE_FORMAT: Final = 1
"""Rises when an older reader would misread a line."""

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


class Source(Protocol):
    """What can be exported: a database file, or any store (see :class:`StoreSource`)."""

    def load(self) -> Checkpoint | None:
        """Return the checkpoint."""
        ...

    def configurations(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Yield the configurations with their digests."""
        ...

    def plain_entries(self, after: int = 0) -> Iterable[Mapping[str, Any]]:
        """Yield the entries after an ordinal as plain data, in order."""
        ...


class StoreSource:
    """Any store as a source; its configurations are those that its entries name, in that order.

    Nobody may write to the store meanwhile.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> Checkpoint | None:
        """Return the checkpoint."""
        return self._store.load()

    def configurations(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the configurations that are named and kept."""
        for name in dict.fromkeys(entry.configuration for entry in self._store.entries()):
            plain = self._store.configuration(name)
            if plain is not None:
                yield name, plain

    def plain_entries(self, after: int = 0) -> Iterator[Mapping[str, Any]]:
        """Yield the entries as plain data."""
        return (entry_to_plain(entry) for entry in self._store.entries(after))


def export_lines(source: Source, after: int = 0, losses: list[Loss] | None = None) -> Iterator[str]:
    """Yield the lines of an archive of *source*, in ASCII and with their line ends.

    :param after: entries up to this ordinal are left out.
    :param losses: where *source* puts what it could not read; each becomes a line where it was met.
    :raises StoreError: when something cannot be read and *source* has no place to put that.
    """
    counts = {"configurations": 0, "records": 0, "entries": 0}
    checkpoint = source.load()
    yield _line(
        "header",
        format=ARCHIVE_FORMAT,
        journal=FORMAT,
        checkpoint=None if checkpoint is None else checkpoint.ordinal,
        after=after,
    )
    for kind, fields in _contents(source, checkpoint, after):
        yield from _lost(losses)
        counts[f"{kind[:-1]}ies" if kind == "entry" else f"{kind}s"] += 1
        yield _line(kind, **fields)
    yield from _lost(losses)
    yield _line("end", **counts)


def _contents(source: Source, checkpoint: Checkpoint | None, after: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, plain in source.configurations():
        yield "configuration", {"digest": name, "data": plain}
    for (table, key), plain in checkpoint.records.items() if checkpoint is not None else ():
        yield "record", {"table": table, "key": key, "data": plain}
    for entry in source.plain_entries(after):
        yield "entry", entry


def _lost(losses: list[Loss] | None) -> Iterator[str]:
    while losses:
        loss = losses.pop(0)
        yield _line("damage", problem=str(loss), first=loss.first or None, last=loss.last or None)


def _line(kind: str, **fields: Any) -> str:
    try:
        return _ENCODER.encode({"type": kind, **fields}) + "\n"
    except (TypeError, ValueError) as error:
        raise StoreError(f"a line of type {kind!r} cannot be written as JSON ({type(error).__name__})") from error
