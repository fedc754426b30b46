"""Writing a checkpoint's records: what can be is done ahead, and the rest with few statements, for commits wait."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import attrs

from tocsin.stores.interface import Checkpoint, Key
from tocsin.stores.json_text import decode
from tocsin.stores.sqlite_rows import PARTITION, key_of, keyed_digest, to_text

__all__ = ["Prepared", "Row", "prepared", "write_records"]

_AT_ONCE: Final = 250
"""Keys that one statement asks for; older builds of SQLite take 999 values at most."""

_KNOWN: Final = (
    "SELECT json_group_array(hex(key)), json_group_array(rowid), json_group_array(digest) FROM records "
    "WHERE partition = ? AND key IN (" + ", ".join("?" * _AT_ONCE) + ")"
)
"""In one row: for each that Python is given, it lets another thread go first."""


@attrs.frozen(slots=True)
class Row:
    """A record as it is written: its key, and its digest and text unless it is gone."""

    key: bytes
    digest: int = 0
    text: str | None = None


@attrs.frozen(slots=True)
class Prepared(Checkpoint):
    """A checkpoint as rows, too."""

    rows: Sequence[Row]


def prepared(checkpoint: Checkpoint) -> Prepared:
    """Return *checkpoint* as rows, unless it is that already.

    :raises UnstorableError: when a record cannot be text.
    """
    if isinstance(checkpoint, Prepared):
        return checkpoint
    return Prepared(checkpoint.ordinal, checkpoint.records, list(_rows(checkpoint.records.items())))


def _rows(records: Iterable[tuple[Key, Any]]) -> Iterator[Row]:
    for name, plain in records:
        key = key_of(*name)
        if plain is None:
            yield Row(key)
        else:
            text = to_text([*name, plain], "the record {1!r:.80} of {0!r:.80}", *name)
            yield Row(key, keyed_digest(key, text), text.decode("utf-8"))


def _known(connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
    """Return the row number and the digest of each key that has a row."""
    found: dict[bytes, tuple[int, int]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        asked = list(keys[start : start + _AT_ONCE])
        asked += asked[-1:] * (_AT_ONCE - len(asked))  # always as many: one statement, prepared once
        ((those, places, digests),) = connection.execute(_KNOWN, (PARTITION, *asked))
        pairs = zip(decode(places), decode(digests), strict=True)
        found.update(zip(map(bytes.fromhex, decode(those)), pairs, strict=True))
    return found


def write_records(connection: sqlite3.Connection, rows: Sequence[Row]) -> tuple[int, int]:
    """Write *rows* into the table of records, each key once; return what that adds to their number and their digests.

    Within the caller's transaction.
    """
    known = _known(connection, [row.key for row in rows])
    total = 0
    gone: list[tuple[int]] = []
    new: list[tuple[str, bytes, int, str]] = []
    changed: list[tuple[int, str, int]] = []
    for row in rows:
        place, old = known.get(row.key, (None, 0))
        total += row.digest - old
        if row.text is None:
            if place is not None:
                gone.append((place,))
        elif place is None:
            new.append((PARTITION, row.key, row.digest, row.text))
        else:
            changed.append((row.digest, row.text, place))
    connection.executemany("DELETE FROM records WHERE rowid = ?", gone)
    connection.executemany("INSERT INTO records (partition, key, digest, data) VALUES (?, ?, ?, ?)", new)
    connection.executemany("UPDATE records SET digest = ?, data = ? WHERE rowid = ?", changed)
    return len(new) - len(gone), total
