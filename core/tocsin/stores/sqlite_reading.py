"""Reading a database file: nothing is handed out that is not what was written, and nothing is left out silently."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, ItemsView, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from tocsin.errors import StoreError
from tocsin.journal import FORMAT, Entry
from tocsin.stores.interface import Checkpoint, Key
from tocsin.stores.json_text import decode_all
from tocsin.stores.sqlite_faults import DRIVER_ERRORS, DamagedStoreError, Loss, damaged, explain, faults
from tocsin.stores.sqlite_file import connect_reading, fingerprint, locate
from tocsin.stores.sqlite_index import block_of, mentioning
from tocsin.stores.sqlite_rows import (
    PARTITION,
    Bounds,
    JournalRow,
    from_text,
    hashes,
    key_of,
    keyed_intact,
    subject_hash,
)
from tocsin.stores.sqlite_schema import JOURNAL_COLUMNS, read_bounds, verify

__all__ = ["SqliteFile", "Stored", "Tables"]

_AT_ONCE: Final = 32
"""Rows of the journal that are read together: no cursor is open while a caller looks at an entry."""

_RECORDS_AT_ONCE: Final = 256
"""Records that are read together: a restart reads them all, and most are small."""

_ROW: Final = f"SELECT {JOURNAL_COLUMNS} FROM journal"


Lost = Callable[[DamagedStoreError], None]
"""Told of what cannot be read; without it, that is raised."""


class Tables:
    """Reads the tables of one open file. Damage is raised as :exc:`DamagedStoreError`, at the row that has it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def query(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a small result."""
        with faults(self.path, "read it"):
            return self._connection.execute(sql, values).fetchall()

    def rows(self, after: int, limit: int = _AT_ONCE) -> list[JournalRow]:
        """Return the next rows of the journal after an ordinal, whatever they hold."""
        found = self.query(f"{_ROW} WHERE ordinal > ? ORDER BY ordinal LIMIT ?", (after, limit))
        return [JournalRow(*row) for row in found]

    def row(self, ordinal: int) -> JournalRow | None:
        """Return one row of the journal."""
        found = self.query(f"{_ROW} WHERE ordinal = ?", (ordinal,))
        return JournalRow(*found[0]) if found else None

    def intact(self, row: JournalRow | None, ordinal: int) -> JournalRow:
        """Return *row* if it is the entry *ordinal* as it was written."""
        if row is None or (isinstance(row.ordinal, int) and row.ordinal > ordinal):
            raise damaged(self.path, f"entry {ordinal} is gone", ordinal, ordinal)
        if row.ordinal != ordinal or not row.intact:
            raise damaged(self.path, f"entry {ordinal} is not what was written", ordinal, ordinal)
        return row

    def entry(self, row: JournalRow) -> Entry:
        """Return the entry of an intact row."""
        try:
            return row.entry()
        except ValueError as error:
            raise StoreError(
                f"{self.path}: entry {row.ordinal} is whole, but this version of tocsin cannot read it ({error}); use "
                "the version that wrote it"
            ) from error

    def walk(self, after: int, bounds: Callable[[], Bounds], lost: Lost | None = None) -> Iterator[JournalRow]:
        """Yield the rows of the entries after an ordinal, in order, up to the one that is the newest now.

        Those that are pruned meanwhile are left out; damaged ones go to *lost*, or are raised where they stand.
        """
        ordinal, until = after + 1, bounds().last
        while (ordinal := max(ordinal, bounds().first)) <= until:
            try:
                # no row at all is not the end: there is one, up to the newest
                for row in self.rows(ordinal - 1)[: until + 1 - ordinal] or (None,):
                    yield self.intact(row, ordinal)
                    ordinal += 1
            except DamagedStoreError:
                found = self._alone(ordinal, lost)
                if found is not None:
                    yield found
                ordinal += 1

    def _alone(self, ordinal: int, lost: Lost | None) -> JournalRow | None:
        """Return the row of one entry, which may be whole though its neighbours are not; its loss is told."""
        try:
            return self.intact(self.row(ordinal), ordinal)
        except DamagedStoreError as error:
            what = error.loss if error.loss.first else f"entry {ordinal} cannot be read: {error.loss}"
            _tell(lost, damaged(self.path, what, ordinal, ordinal))
            return None

    def indexed(self, subjects: Iterable[int], after: int) -> set[int]:
        """Return the ordinals that the index has for any of *subjects* (hashes)."""
        return {ordinal for sql, values in mentioning(subjects, after) for (ordinal,) in self.query(sql, values)}

    def keyed(self, table: str, what: str, lost: Lost | None) -> Iterator[Any]:
        """Yield what the rows of ``records`` or ``configurations`` hold; damaged ones go to *lost*, or are raised."""
        with faults(self.path, f"read its {table}"):
            cursor = self._connection.execute(f"SELECT rowid, key, digest, data FROM {table} ORDER BY rowid")
        while rows := self._some(cursor, table, lost):
            intact = []
            for row in rows:
                number, key, check, data = row
                if keyed_intact(key, check, data):
                    intact.append(row)
                else:
                    _tell(lost, damaged(self.path, f"{what} {number} is not what was written"))
            # a restart reads them all: one call for many
            for (_, key, check, _), value in zip(intact, decode_all([row[3] for row in intact]), strict=True):
                yield key, check, value

    def _some(self, cursor: sqlite3.Cursor, table: str, lost: Lost | None) -> list[Any]:
        """Return the next rows of a scan; none at its end, or where it cannot go on."""
        try:
            return cursor.fetchmany(_RECORDS_AT_ONCE)
        except DRIVER_ERRORS as error:
            _tell(lost, _as_damage(error, self.path, f"its {table} cannot be read to the end"))
            return []

    def records(self, bounds: Bounds | None, lost: Lost | None = None) -> dict[Key, Any]:
        """Return all records; those that vanished without a trace are missed by their number and sum.

        Without *bounds*, nobody knows those.
        """
        return dict(self.each_record(bounds, lost))

    def each_record(self, bounds: Bounds | None, lost: Lost | None = None) -> Iterator[tuple[Key, Any]]:
        """Yield all records with their keys, as :meth:`records` returns them."""
        count = total = 0
        for _, check, (table, name, plain) in self.keyed("records", "the record in row", lost):
            count += 1
            total += check
            yield (table, name), plain
        if bounds is not None and (count != bounds.records or (total - bounds.total) % 2**64):
            _tell(
                lost, damaged(self.path, f"its records are not those that were written ({count} of {bounds.records})")
            )

    def record(self, key: Key) -> Any:
        """Return one record.

        :raises KeyError: when there is none.
        """
        hashed = key_of(*key)
        found = self.query("SELECT digest, data FROM records WHERE partition = ? AND key = ?", (PARTITION, hashed))
        if not found:
            raise KeyError(key)
        check, data = found[0]
        if not keyed_intact(hashed, check, data):
            raise damaged(self.path, f"the record {key!r:.80} is not what was written")
        return from_text(data)[2]

    def load(self, bounds: Bounds, lost: Lost | None = None) -> Checkpoint | None:
        """Return the checkpoint, or None where none was ever made."""
        records = self.records(bounds, lost)
        return Checkpoint(bounds.checkpoint, records) if bounds.checkpoint >= 0 else None

    def configuration(self, digest: str) -> Mapping[str, Any] | None:
        """Return the configuration of that digest."""
        key = key_of(digest)
        sql = "SELECT key, digest, data FROM configurations WHERE partition = ? AND key = ?"
        found = self.query(sql, (PARTITION, key))
        if not found:
            return None
        stored, check, data = found[0]
        if stored != key or not keyed_intact(key, check, data):
            raise damaged(self.path, f"the configuration {digest!r:.80} is not what was written")
        plain: Mapping[str, Any] = from_text(data)[1]
        return plain


class Stored(Mapping[Key, Any]):
    """The records of a checkpoint, read from the file while they are gone through: a restart holds on to none of them.

    Good until the store is written to. Damage is raised when it is met, and what is missing at the end.
    """

    def __init__(self, tables: Tables, bounds: Bounds) -> None:
        self._tables = tables
        self._bounds = bounds

    def __getitem__(self, key: Key) -> Any:
        return self._tables.record(key)

    def __iter__(self) -> Iterator[Key]:
        return (key for key, _ in self._tables.each_record(self._bounds))

    def __len__(self) -> int:
        return self._bounds.records

    def items(self) -> ItemsView[Key, Any]:
        """Return the records with their keys, in one pass."""
        return _Items(self, lambda: self._tables.each_record(self._bounds))


class _Items(ItemsView[Key, Any]):
    def __init__(self, of: Stored, each: Callable[[], Iterator[tuple[Key, Any]]]) -> None:
        super().__init__(of)
        self._each = each

    def __iter__(self) -> Iterator[tuple[Key, Any]]:
        return self._each()


def _tell(lost: Lost | None, error: DamagedStoreError) -> None:
    if lost is None:
        raise error
    lost(error)


def _as_damage(error: Exception, path: Path, what: str) -> DamagedStoreError:
    found = explain(error, path, "read it")
    if isinstance(found, DamagedStoreError):
        return damaged(path, f"{what}: {error}")
    raise found from error


class SqliteFile:
    """A store's file as it is at one moment, read beside whoever has it open, without its lock or a trace.

    ``has_bounds`` says whether its row of bounds is what was written, so that ``bounds`` are more than a guess.

    :param lost: told of each loss instead of an error: then everything else is still read.
    :raises StoreError: when the file is no store that this version of tocsin can read.
    """

    def __init__(self, path: str | os.PathLike[str], lost: Callable[[Loss], None] | None = None) -> None:
        self.path = locate(path)
        if not self.path.exists():
            raise StoreError(f"{self.path}: there is no such file")
        if not self.path.stat().st_size:
            raise StoreError(f"{self.path} is empty: it is no store")
        self._fingerprint = fingerprint(self.path)
        self._quiet = not self._fingerprint[-1]
        self._is_closed = False
        self.has_bounds = True
        self._connection = connect_reading(self.path)
        self._lost = None if lost is None else _passing(lost)
        self.tables = Tables(self._connection, self.path)
        try:
            self.bounds = self._bounds()
        except BaseException:  # it is raised again: nothing is held or half made
            self._connection.close()
            raise

    def _bounds(self) -> Bounds:
        try:
            return verify(self._connection, self.path)
        except DamagedStoreError as error:
            if self._lost is None:
                raise
            self._lost(error)
            return self._guessed()

    def _guessed(self) -> Bounds:
        """Return bounds for a file whose own are damaged or do not fit, as far as they can be told."""
        try:
            bounds = read_bounds(self._connection, self.path)
        except (DamagedStoreError, *DRIVER_ERRORS):
            bounds, self.has_bounds = Bounds(format=FORMAT), False
        try:
            oldest, newest, count = self.tables.query("SELECT min(ordinal), max(ordinal), count(*) FROM journal")[0]
        except DamagedStoreError:
            return bounds
        known = bounds.last > 0
        begins, ends = known or self._is_intact(oldest), self._is_intact(newest)
        if not count or not (begins or ends):
            return bounds
        first = bounds.first if known else oldest if begins else newest - count + 1
        last = newest if ends else first + count - 1
        return attrs.evolve(bounds, first=first, last=max(last, bounds.last))

    def _is_intact(self, ordinal: int) -> bool:
        """Whether there is such an entry: a damaged row may bear any number, and nobody can count up to some."""
        try:
            row = self.tables.row(ordinal)
        except DamagedStoreError:
            return False
        return row is not None and row.intact

    def load(self) -> Checkpoint | None:
        """Return the checkpoint, or None where none was ever made.

        Where the row of bounds is lost, the state record says which entry it is of.
        """
        return self.tables.load(self.bounds, self._lost) if self.has_bounds else self._load_by_the_state()

    def _load_by_the_state(self) -> Checkpoint | None:
        found = Checkpoint(-1, self.tables.records(None, self._lost))
        if found.entry_named is not None:
            return attrs.evolve(found, ordinal=found.entry_named)
        if found.records:
            what = f"which entry its {len(found.records)} records stand for is not known, so that none can be used"
            _tell(self._lost, damaged(self.path, what))
        return None

    def configurations(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield every configuration with its digest."""
        for _, _, (name, plain) in self.tables.keyed("configurations", "the configuration in row", self._lost):
            yield name, plain

    def configuration(self, digest: str) -> Mapping[str, Any] | None:
        """Return the configuration of that digest, if it is kept."""
        return self.tables.configuration(digest)

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the entries after an ordinal, the oldest first; see :meth:`tocsin.Store.entries`."""
        if subjects is None:
            yield from map(self.tables.entry, self.intact_rows(after))
            return
        wanted = {subject_hash(subject) for subject in subjects}
        for ordinal in sorted(self.tables.indexed(wanted, after)):
            if self.bounds.first <= ordinal <= self.bounds.indexed:
                yield self.tables.entry(self.tables.intact(self.tables.row(ordinal), ordinal))
        for row in self.intact_rows(max(after, self.bounds.indexed)):
            if not wanted.isdisjoint(hashes(row.about)):
                yield self.tables.entry(row)

    def plain_entries(self, after: int = 0) -> Iterator[Mapping[str, Any]]:
        """Yield the entries after an ordinal as plain data, the oldest first."""
        for row in self.intact_rows(after):
            yield row.plain()

    def intact_rows(self, after: int = 0) -> Iterator[JournalRow]:
        """Yield the journal's rows that are what was written, in order."""
        return self.tables.walk(after, lambda: self.bounds, self._lost)

    def subjects(self) -> Iterator[tuple[Any, Any]]:
        """Yield the pairs (hash, ordinal) of the index of subjects."""
        with faults(self.path, "read its index"):
            for block, subject, ordinal in self._connection.execute("SELECT block, subject, ordinal FROM mentions"):
                yield subject, ordinal if isinstance(ordinal, int) and block_of(ordinal) == block else None

    def close(self) -> None:
        """Let go of the file.

        :raises StoreError: when somebody wrote to it, and what was read may be neither the old nor the new.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._connection.close()
        if self._quiet and fingerprint(self.path) != self._fingerprint:
            raise StoreError(f"{self.path} was opened by a service while it was read; try again")


def _passing(lost: Callable[[Loss], None]) -> Callable[[DamagedStoreError], None]:
    return lambda error: lost(error.loss)
