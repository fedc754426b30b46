"""The index of subjects: which entries of the journal are about an alert or an incident.

It is kept in blocks of entries that follow one another. What a checkpoint adds goes into the newest block, so that few
pages change; in one index over everything, each subject is on a page of its own. A look asks each block.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from tocsin.stores.sqlite_rows import PARTITION, hashes

__all__ = ["block_of", "index", "mentioning", "unindex"]

_BLOCK: Final = 8
"""2 to that power entries are in one block. A file keeps to it: another number is another schema."""

_SUBJECTS_AT_ONCE: Final = 250
"""Subjects that one query asks for; older builds of SQLite take 999 values at most."""

Query = tuple[str, tuple[Any, ...]]


def block_of(ordinal: int) -> int:
    """Return the block in which an entry is."""
    return ordinal >> _BLOCK


def index(connection: sqlite3.Connection, entries: Iterable[tuple[int, bytes]]) -> None:
    """Put the subjects of entries (ordinal, hashes) into the index."""
    connection.executemany("INSERT OR IGNORE INTO mentions VALUES (?, ?, ?, ?)", sorted(_mentions(entries)))


def unindex(connection: sqlite3.Connection, entries: Iterable[tuple[int, bytes]]) -> None:
    """Take them out again."""
    connection.executemany(
        "DELETE FROM mentions WHERE partition = ? AND block = ? AND subject = ? AND ordinal = ?", _mentions(entries)
    )


def _mentions(entries: Iterable[tuple[int, bytes]]) -> Iterator[tuple[str, int, int, int]]:
    for ordinal, about in entries:
        for subject in hashes(about):
            yield PARTITION, block_of(ordinal), subject, ordinal


def mentioning(subjects: Iterable[int], after: int) -> Iterator[Query]:
    """Yield queries for the ordinals after one of the entries that are about any of *subjects*.

    They go from block to block as these are, for in a damaged file one may have any number.
    """
    waiting = iter(subjects)
    while some := tuple(islice(waiting, _SUBJECTS_AT_ONCE)):
        sql = f"""WITH RECURSIVE blocks (number) AS (
            SELECT min(block) FROM mentions WHERE partition = ? AND block >= ?
            UNION ALL
            SELECT (SELECT min(block) FROM mentions WHERE partition = ? AND block > number)
            FROM blocks WHERE number IS NOT NULL
        ) SELECT ordinal FROM blocks CROSS JOIN mentions
        WHERE partition = ? AND block = number AND subject IN ({", ".join("?" * len(some))}) AND ordinal > ?"""
        yield sql, (PARTITION, block_of(max(after, 0)), PARTITION, PARTITION, *some, after)
