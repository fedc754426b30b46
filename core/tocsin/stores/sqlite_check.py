"""Checking all of a database file, and giving back the room that is free in it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from tocsin.errors import StoreError
from tocsin.stores.sqlite_faults import faults
from tocsin.stores.sqlite_file import locate, open_writing
from tocsin.stores.sqlite_index import index
from tocsin.stores.sqlite_reading import SqliteFile, Tables
from tocsin.stores.sqlite_rows import Bounds, digest, hashes
from tocsin.stores.sqlite_schema import write_bounds

__all__ = ["Checked", "Compacted", "check", "compact"]

_SOUND: Final = b"ok"


@attrs.frozen(slots=True)
class Checked:
    """What was found in a file: how much it holds, and every damage as a line of text (none: all is well)."""

    bounds: Bounds
    entries: int
    findings: tuple[str, ...]


class _Check:
    """Reads everything once; what it cannot believe is added to ``findings``."""

    def __init__(self, file: SqliteFile, findings: list[str]) -> None:
        self._file = file
        self.findings = findings
        self.entries = 0
        self._named: set[str] = set()
        self._pairs = _Sum()

    def run(self) -> Checked:
        """Return what there is and what is wrong with it."""
        self._pages()
        self._journal()
        try:
            self._file.load()
            self._configurations()
            self._index()
        except StoreError as error:
            self.findings.append(str(error))
        return Checked(self._file.bounds, self.entries, tuple(dict.fromkeys(self.findings)))

    def _pages(self) -> None:
        try:
            for (line,) in self._file.tables.query("PRAGMA integrity_check"):
                if line != _SOUND:
                    self.findings.append(f"SQLite: {line.decode('utf-8', 'replace')}")
        except StoreError as error:
            self.findings.append(str(error))

    def _journal(self) -> None:
        for row in self._file.intact_rows():
            self.entries += 1
            try:
                self._named.add(self._file.tables.entry(row).configuration)
            except StoreError as error:
                self.findings.append(str(error))
            if row.ordinal <= self._file.bounds.indexed:
                for subject in hashes(row.about):
                    self._pairs.add(subject, row.ordinal)

    def _configurations(self) -> None:
        kept = {name for name, _ in self._file.configurations()}
        for name in sorted(self._named - kept - {""}):
            self.findings.append(f"the configuration {name!r:.80} is named by an entry and is not there")

    def _index(self) -> None:
        bounds = self._file.bounds
        if self.entries != bounds.last + 1 - bounds.first or not self._file.has_bounds:
            return  # whom a damaged entry is about is not known, nor how far the index goes
        found = _Sum()
        for subject, ordinal in self._file.subjects():
            if not isinstance(ordinal, int) or ordinal >= bounds.first:
                found.add(subject, ordinal)
        if found != self._pairs:
            self.findings.append("the index of subjects does not fit the journal; 'tocsin store compact' makes it anew")


@attrs.define(slots=True)
class _Sum:
    """A set of pairs of integers, as their number and the sum of their digests."""

    count: int = 0
    total: int = 0

    def add(self, subject: object, ordinal: object) -> None:
        """Add a pair; damaged ones may be of any type."""
        self.count += 1
        self.total = (self.total + digest(repr((subject, ordinal)).encode())) % 2**64


def check(path: str | os.PathLike[str]) -> Checked:
    """Read all of the store *path*, also while a service has it open; nothing is written.

    :raises StoreError: when it is no store that this version of tocsin can read, so that nothing more can be said.
    """
    findings: list[str] = []
    file = SqliteFile(path, lost=findings.append)
    try:
        checked = _Check(file, findings).run()
    finally:
        file.close()
    return checked


@attrs.frozen(slots=True)
class Compacted:
    """What became of a file: its size in bytes before and after, and how many configurations were let go."""

    before: int
    after: int
    configurations: int


def compact(path: str | os.PathLike[str]) -> Compacted:
    """Bring the store *path* up to date, make its index anew, let go of configurations that nothing names any more,
    and give the free room back to the disk. It needs as much free room as the file has.

    :raises StoreError: when it cannot be opened, for example because a service has it open, or is damaged.
    """
    found = locate(path)
    if not found.exists():
        raise StoreError(f"{found}: there is no such file")
    before = found.stat().st_size
    opened = open_writing(found, "FULL")
    try:
        with faults(found, "compact it"):
            gone = _in_one_transaction(opened.connection, found, opened.bounds)
            opened.connection.execute("VACUUM")
            opened.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        opened.connection.close()
        opened.lock.release()
    return Compacted(before, found.stat().st_size, gone)


def _in_one_transaction(connection: sqlite3.Connection, path: Path, bounds: Bounds) -> int:
    tables = Tables(connection, path)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DELETE FROM mentions")
        named: set[Any] = set()
        for row in tables.walk(0, lambda: bounds):
            index(connection, [(row.ordinal, row.about)])
            named.add(row.plain()["configuration"])
        write_bounds(connection, attrs.evolve(bounds, indexed=bounds.last))
        gone = _let_go(connection, tables, bounds, named)
        connection.execute("COMMIT")
        return gone
    except BaseException:  # also an interruption leaves the file as it was
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _let_go(connection: sqlite3.Connection, tables: Tables, bounds: Bounds, named: set[Any]) -> int:
    """Delete the configurations that neither an entry nor a record names, but for the one that was kept last."""
    kept = {name: key for key, _, (name, _) in tables.keyed("configurations", "the configuration in row", None)}
    if kept:
        named.add(list(kept)[-1])
    named.update(text for plain in tables.records(bounds).values() for text in _strings(plain))
    going = [(kept[name],) for name in kept if name not in named]
    connection.executemany("DELETE FROM configurations WHERE key = ?", going)
    return len(going)


def _strings(plain: Any) -> Iterator[str]:
    """Yield every string in plain data; what may be a configuration's digest is among them."""
    waiting = [plain]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case Mapping() as mapping:
                waiting.extend(mapping.values())
            case list() as items:
                waiting.extend(items)
