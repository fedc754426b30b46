"""The tables of a database file, and the steps that bring a file of an older tocsin up to date.

A file holds one partition, so that an ordinal is a row's number and costs no second index; the column ``partition``
says which, for the day on which several are put together.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tocsin.errors import StoreError
from tocsin.journal import FORMAT
from tocsin.stores.sqlite_faults import DRIVER_ERRORS, damaged, explain
from tocsin.stores.sqlite_rows import PARTITION, Bounds, JournalRow, hashes, numbers_digest

__all__ = [
    "APPLICATION_ID",
    "JOURNAL_COLUMNS",
    "MIGRATIONS",
    "identify",
    "read_bounds",
    "schema_of",
    "upgrade",
    "verify",
    "write_bounds",
]

APPLICATION_ID: Final = 0x746F6373
"""``tocs`` in ASCII, in the header of every file that is a store of tocsin."""

_JOURNAL: Final = """CREATE TABLE journal (
    partition TEXT NOT NULL,
    ordinal INTEGER PRIMARY KEY,
    wall_time REAL NOT NULL,
    about BLOB NOT NULL,
    digest INTEGER NOT NULL,
    data TEXT NOT NULL
)"""

_RECORDS: Final = """CREATE TABLE records (
    partition TEXT NOT NULL,
    key BLOB NOT NULL,
    digest INTEGER NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (partition, key)
)"""

_CONFIGURATIONS: Final = """CREATE TABLE configurations (
    partition TEXT NOT NULL,
    key BLOB NOT NULL,
    digest INTEGER NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (partition, key)
)"""

_BOUNDS: Final = """CREATE TABLE bounds (
    partition TEXT NOT NULL PRIMARY KEY,
    format INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL,
    records INTEGER NOT NULL,
    total INTEGER NOT NULL,
    digest INTEGER NOT NULL
)"""

_SUBJECTS: Final = """CREATE TABLE subjects (
    partition TEXT NOT NULL,
    subject INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    PRIMARY KEY (partition, subject, ordinal)
) WITHOUT ROWID"""


_MENTIONS: Final = """CREATE TABLE mentions (
    partition TEXT NOT NULL,
    block INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    PRIMARY KEY (partition, block, subject, ordinal)
) WITHOUT ROWID"""


def _first_tables(connection: sqlite3.Connection) -> None:
    """Schema 1: the journal, the records, the configurations, and what the store knows of itself."""
    for statement in (_JOURNAL, _RECORDS, _CONFIGURATIONS, _BOUNDS):
        connection.execute(statement)
    values = (FORMAT, 1, 0, -1, 0, 0)
    connection.execute(
        "INSERT INTO bounds VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (PARTITION, *values, numbers_digest(values))
    )


def _index_of_subjects(connection: sqlite3.Connection) -> None:
    """Schema 2: the index by which an alert's entries are found without reading all of them."""
    connection.execute(_SUBJECTS)
    connection.execute("ALTER TABLE bounds ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0")
    columns = "format, first, last, checkpoint, records, total, digest"
    old = connection.execute(f"SELECT {columns} FROM bounds WHERE partition = ?", (PARTITION,)).fetchone()
    if old is None or numbers_digest(old[:-1]) != old[-1]:
        raise sqlite3.IntegrityError("the row of bounds is not what was written")
    last = 0
    for ordinal, about in connection.execute("SELECT ordinal, about FROM journal ORDER BY ordinal"):
        rows = ((PARTITION, subject, ordinal) for subject in hashes(about))
        connection.executemany("INSERT OR IGNORE INTO subjects VALUES (?, ?, ?)", rows)
        last = ordinal
    values = (*old[:-1], last)
    connection.execute("UPDATE bounds SET indexed = ?, digest = ?", (last, numbers_digest(values)))


def _index_in_blocks(connection: sqlite3.Connection) -> None:
    """Schema 3: an index that is written where it was written last, and not all over the file."""
    connection.execute(_MENTIONS)
    connection.execute(
        "INSERT INTO mentions SELECT partition, ordinal >> 8, subject, ordinal FROM subjects ORDER BY 1, 2, 3, 4"
    )
    connection.execute("DROP TABLE subjects")


JOURNAL_COLUMNS: Final = "ordinal, wall_time, about, digest, data"
"""What a :class:`JournalRow` is made of."""

MIGRATIONS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (
    _first_tables,
    _index_of_subjects,
    _index_in_blocks,
)
"""Step n leads from schema n - 1 to schema n. A step that was released is never changed: another one is added."""


def schema_of(connection: sqlite3.Connection) -> int:
    """Return the number of the file's schema (0: none)."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


def upgrade(connection: sqlite3.Connection, steps: tuple[Callable[[sqlite3.Connection], None], ...]) -> None:
    """Bring the file to the schema that *steps* lead to, in one transaction: cut off, the file is the old one."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # asked inside the transaction: nobody changes it any more
        for step in steps[schema_of(connection) :]:
            step(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:  # whatever it was, also an interruption, the file stays as it was
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def identify(connection: sqlite3.Connection, path: Path) -> int:
    """Return the number of the file's schema.

    :raises StoreError: when the file is no store of tocsin, or one that a newer tocsin wrote.
    """
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        number = schema_of(connection)
    except DRIVER_ERRORS as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
            raise StoreError(f"{path} is no store of tocsin: {_NOT_ONE}") from error
        raise explain(error, path, "open it") from error
    if application != APPLICATION_ID or number < 1:
        raise StoreError(f"{path} is no store of tocsin, but another program's database: {_NOT_ONE}")
    if number > len(MIGRATIONS):
        raise StoreError(
            f"{path} has schema {number}, and this version of tocsin knows {len(MIGRATIONS)} at most: a newer tocsin "
            "wrote it; use that version, or name another file"
        )
    return number


_NOT_ONE: Final = (
    "its first bytes do not say so, so that it is left alone; name another file, or restore a backup of it"
)


@functools.cache
def _expected() -> frozenset[tuple[str, str]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        upgrade(connection, MIGRATIONS)
        return frozenset(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    finally:
        connection.close()


def verify(connection: sqlite3.Connection, path: Path) -> Bounds:
    """Check what can be checked in a moment however large the file is, and return its bounds.

    That is: the tables are as they were made, the row of bounds is what was written, and the journal reaches from its
    first to its last entry. What is in between is checked when it is read; ``tocsin store check`` reads all of it.

    :raises StoreError: when something is damaged, or the entries have a form that this version cannot read.
    """
    try:
        found = {(_text(name), _text(sql)) for name, sql in connection.execute("SELECT name, sql FROM sqlite_schema")}
        if not _expected() <= found:
            raise damaged(path, "its tables are not as they were made")
        bounds = read_bounds(connection, path)
        oldest, newest = connection.execute("SELECT min(ordinal), max(ordinal) FROM journal").fetchone()
        end = connection.execute(f"SELECT {JOURNAL_COLUMNS} FROM journal WHERE ordinal = ?", (newest,)).fetchone()
    except DRIVER_ERRORS as error:
        raise explain(error, path, "open it") from error
    if bounds.format > FORMAT:
        raise StoreError(
            f"{path}: its entries have the form {bounds.format}, and this version of tocsin reads {FORMAT} at most; "
            "use the version that wrote them"
        )
    _verify_ends(path, bounds, oldest, newest)
    if newest is None:
        return bounds
    if end is None or not JournalRow(*end).intact:
        raise damaged(path, f"the newest entry, {newest}, is not what was written", newest, newest)
    return bounds.reaching(newest)


def _verify_ends(path: Path, bounds: Bounds, oldest: int | None, newest: int | None) -> None:
    known = max(bounds.last, bounds.checkpoint)
    if newest is None:
        if bounds.first <= known:
            raise damaged(path, f"the entries {bounds.first} to {known} are gone", bounds.first, known)
    elif oldest != bounds.first:
        raise damaged(path, f"the journal begins with entry {oldest} and not {bounds.first}")
    elif newest < known:
        raise damaged(path, f"the entries {newest + 1} to {known} are gone", newest + 1, known)


def read_bounds(connection: sqlite3.Connection, path: Path) -> Bounds:
    """Return the row of bounds; StoreError when it is not what was written."""
    columns = "format, first, last, checkpoint, records, total, indexed, digest"
    row = connection.execute(f"SELECT {columns} FROM bounds WHERE partition = ?", (PARTITION,)).fetchone()
    bounds = None if row is None else Bounds.from_row(row)
    if bounds is None:
        raise damaged(path, "its row of bounds is not what was written")
    return bounds


def write_bounds(connection: sqlite3.Connection, bounds: Bounds) -> None:
    """Write the row of bounds."""
    assignments = "format = ?, first = ?, last = ?, checkpoint = ?, records = ?, total = ?, indexed = ?, digest = ?"
    connection.execute(f"UPDATE bounds SET {assignments} WHERE partition = ?", (*bounds.row(), PARTITION))


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
