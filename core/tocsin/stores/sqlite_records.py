"""Writing a checkpoint's records: many rows with few statements, for commits wait meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from tocsin.stores.sqlite_rows import PARTITION, keyed_digest

__all__ = ["Written", "write_records"]

Written = tuple[bytes, bytes | None]
"""A record's key and its text; None for the text of one that is gone."""

_AT_ONCE: Final = 250
"""Keys that one statement asks for; older builds of SQLite take 999 values at most."""

_KNOWN: Final = (
    "SELECT key, rowid, digest FROM records WHERE partition = ? AND key IN (" + ", ".join("?" * _AT_ONCE) + ")"
)


def write_records(connection: sqlite3.Connection, rows: Sequence[Written]) -> tuple[int, int]:
    """Write *rows* into the table of records, each key once; return what that adds to their number and their digests.

    Within the caller's transaction.
    """
    known = _known(connection, [key for key, _ in rows])
    total = 0
    gone: list[tuple[int]] = []
    new: list[tuple[str, bytes, int, str]] = []
    changed: list[tuple[int, str, int]] = []
    for key, text in rows:
        place, old = known.get(key, (None, 0))
        total -= old
        if text is not None:
            check = keyed_digest(key, text)
            total += check
            if place is None:
                new.append((PARTITION, key, check, text.decode("utf-8")))
            else:
                changed.append((check, text.decode("utf-8"), place))
        elif place is not None:
            gone.append((place,))
    connection.executemany("DELETE FROM records WHERE rowid = ?", gone)
    connection.executemany("INSERT INTO records (partition, key, digest, data) VALUES (?, ?, ?, ?)", new)
    connection.executemany("UPDATE records SET digest = ?, data = ? WHERE rowid = ?", changed)
    return len(new) - len(gone), total


def _known(connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
    """Return the row number and the digest of each key that has a row."""
    known: dict[bytes, tuple[int, int]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        asked = list(keys[start : start + _AT_ONCE])
        asked += asked[-1:] * (_AT_ONCE - len(asked))  # always as many: one statement, prepared once
        found = connection.execute(_KNOWN, (PARTITION, *asked))
        known.update((key, (place, digest)) for key, place, digest in found)
    return known
