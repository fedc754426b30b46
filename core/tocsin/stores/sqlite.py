"""The store of daemons: one SQLite file with a write-ahead log, written by one process, readable beside it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from tocsin.errors import ConfigurationError, StoreError, nearest
from tocsin.journal import Entry
from tocsin.stores.interface import Checkpoint
from tocsin.stores.sqlite_faults import DRIVER_ERRORS, damaged, device_failed, explain
from tocsin.stores.sqlite_file import SYNCHRONOUS, Opened, empty_log, identity, locate, log_of, open_writing
from tocsin.stores.sqlite_index import index, unindex
from tocsin.stores.sqlite_reading import Stored, Tables
from tocsin.stores.sqlite_records import prepared, write_records
from tocsin.stores.sqlite_rows import (
    PARTITION,
    Bounds,
    EntryRow,
    entry_row,
    hashes,
    key_of,
    keyed_digest,
    subject_hash,
    to_text,
)
from tocsin.stores.sqlite_schema import MIGRATIONS, read_bounds, write_bounds
from tocsin.stores.sqlite_upkeep import Upkeep

__all__ = ["SqliteStore"]

_UNINDEXED: Final = 65_536
"""Bytes of hashes that wait for the index before a commit writes them without waiting for the next checkpoint."""

_GOING: Final = 40_000
"""Bytes of hashes that may go in one transaction: each is a row of the index, and commits wait for it."""

_INSERT: Final = "INSERT INTO journal (partition, ordinal, wall_time, about, digest, data) VALUES (?, ?, ?, ?, ?, ?)"


class SqliteStore:
    """Keeps the journal, the records and the configurations in the file *path*, made if there is none.

    :param synchronous: ``full`` (what was committed survives a power failure) or ``normal`` (it survives the end of
        the process, and a power failure may take the newest commits). See docs/how-to/keep-alerts-durable.md.
    :raises StoreError: when the file cannot be opened, with one message that says why; nothing is changed then.
    """

    blocking = True
    volatile = False

    def __init__(self, path: str | os.PathLike[str], synchronous: Literal["full", "normal"] = "full") -> None:
        if synchronous not in SYNCHRONOUS:
            raise ConfigurationError(
                f"unknown synchronous {synchronous!r}{nearest(str(synchronous), SYNCHRONOUS)}", "synchronous"
            )
        self._begin(open_writing(locate(path), SYNCHRONOUS[synchronous]))

    @classmethod
    def unsynchronised(cls, path: str | os.PathLike[str]) -> SqliteStore:
        """Open a file that is still being made: nothing in it survives a power failure before it is finished."""
        made = cls.__new__(cls)
        made._begin(open_writing(locate(path), "OFF"))
        return made

    def _begin(self, opened: Opened) -> None:
        self._opened = opened
        self.path: Path = opened.path
        self._connection = opened.connection
        self._tables = Tables(opened.connection, opened.path)
        self._bounds = opened.bounds
        self._tail: list[tuple[int, bytes]] = []
        self._tail_bytes = 0
        self._sure = True
        self._log: tuple[int, int] | None = None
        self._upkeep = Upkeep(opened.path, opened.synchronous)
        self._is_open = True
        try:
            # an entry that is damaged here is reported to whoever reads it
            for row in self._tables.walk(self._bounds.indexed, lambda: self._bounds, lost=lambda _: None):
                self._remember(row.ordinal, row.about)
        except BaseException:  # it is raised again: nothing is held or half made
            self.close()
            raise

    def _remember(self, ordinal: int, about: bytes) -> None:
        self._tail.append((ordinal, about))
        self._tail_bytes += len(about)

    def _forget(self) -> None:
        self._tail.clear()
        self._tail_bytes = 0

    def load(self) -> Checkpoint | None:
        """Return the latest checkpoint, every record of it checked."""
        self._check_open()
        return self._tables.load(self._bounds)

    def stream(self) -> Checkpoint | None:
        """Return the latest checkpoint, whose records are read and checked while somebody goes through them."""
        self._check_open()
        bounds = self._bounds
        return Checkpoint(bounds.checkpoint, Stored(self._tables, bounds)) if bounds.checkpoint >= 0 else None

    def commit(self, entry: Entry) -> None:
        """Keep *entry*: one row, one transaction."""
        self._check_writable(f"commit entry {entry.ordinal}")
        row = entry_row(entry)
        try:
            self._insert(entry.ordinal, row)
        except StoreError:
            raise
        except BaseException:  # a signal cut it off, perhaps behind the write: the caller is told that it failed
            self._forgo()
            raise

    def _insert(self, ordinal: int, row: EntryRow) -> None:
        bounds = self._following(ordinal)
        if bounds is self._bounds and self._tail_bytes < _UNINDEXED:
            with self._failing(f"commit entry {ordinal}"):
                # outside a transaction a statement is one by itself
                self._connection.execute(_INSERT, row)
        else:
            self._sure = False
            with self._transaction(f"commit entry {ordinal}"):
                bounds = self._write_index(bounds)
                self._connection.execute(_INSERT, row)
                write_bounds(self._connection, bounds)
            self._forget()
        self._remember(ordinal, row[3])
        self._bounds, self._sure = bounds.reaching(ordinal), True

    def _forgo(self) -> None:
        """Let nothing stay of an entry that is not known to be kept."""
        while self._tail and self._tail[-1][0] > self._bounds.last:
            self._tail_bytes -= len(self._tail.pop()[1])
        with suppress(StoreError), self._transaction("take an entry back"):
            self._connection.execute("DELETE FROM journal WHERE ordinal > ?", (self._bounds.last,))

    def _following(self, ordinal: int) -> Bounds:
        """Return the bounds that an entry of that ordinal asks for: a store that was never used begins anywhere."""
        bounds = self._bounds
        if ordinal == bounds.last + 1:
            return bounds
        if bounds.last == 0 and bounds.checkpoint < 0 and ordinal > 0:
            return attrs.evolve(bounds, first=ordinal, last=ordinal - 1, indexed=ordinal - 1)
        raise StoreError(
            f"{self.path}: entry {ordinal} cannot follow entry {bounds.last}: each follows the one "
            "before it, and is there once"
        )

    def ahead(self, checkpoint: Checkpoint) -> Checkpoint:
        """Return *checkpoint* with its records as text already; callable beside anything else, from any thread.

        :raises UnstorableError: when one of them cannot be text.
        """
        return prepared(checkpoint)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Bring the records up to date, and the index of subjects with them."""
        doing = f"write the checkpoint of entry {checkpoint.ordinal}"
        self._check_writable(doing)
        bounds, self._sure = self._covering(checkpoint.ordinal), False
        rows = prepared(checkpoint).rows
        with self._transaction(doing):
            bounds = bounds.with_records(*write_records(self._connection, rows))
            bounds = self._write_index(bounds)
            write_bounds(self._connection, bounds)
        self._bounds = bounds
        self._forget()
        self._sure = True

    def _covering(self, ordinal: int) -> Bounds:
        bounds = self._bounds
        if bounds.last == 0 and bounds.checkpoint < 0:
            bounds = attrs.evolve(bounds, first=ordinal + 1, last=ordinal, indexed=ordinal)
        if not max(bounds.checkpoint, 0) <= ordinal <= bounds.last:
            raise StoreError(
                f"{self.path}: a checkpoint of entry {ordinal} cannot be: the one before is of entry "
                f"{bounds.checkpoint}, and the newest entry is {bounds.last}"
            )
        return attrs.evolve(bounds, checkpoint=ordinal)

    def _write_index(self, bounds: Bounds) -> Bounds:
        index(self._connection, self._tail)
        return attrs.evolve(bounds, indexed=bounds.last)

    def keep_configuration(self, digest: str, plain: Mapping[str, Any]) -> None:
        """Keep a configuration under its digest; the same one again changes nothing."""
        doing = "keep a configuration"
        self._check_writable(doing)
        text = to_text([digest, plain], "a configuration")
        key = key_of(digest)
        row = (PARTITION, key, keyed_digest(key, text), text.decode("utf-8"))
        # kept last, it has the highest row number: 'compact' goes by that
        with self._transaction(doing):
            self._connection.execute("DELETE FROM configurations WHERE partition = ? AND key = ?", (PARTITION, key))
            self._connection.execute(
                "INSERT INTO configurations (partition, key, digest, data) VALUES (?, ?, ?, ?)", row
            )

    def configuration(self, digest: str) -> Mapping[str, Any] | None:
        """Return the configuration of that digest, if it is kept."""
        self._check_open()
        return self._tables.configuration(digest)

    def entries(self, after: int = 0, subjects: Collection[str] | None = None) -> Iterator[Entry]:
        """Yield the entries after an ordinal, the oldest first; see :meth:`tocsin.Store.entries`.

        :raises StoreError: at an entry that is damaged, once those before it were yielded.
        """
        self._check_open()
        if subjects is None:
            for row in self._tables.walk(after, lambda: self._bounds):
                yield self._tables.entry(row)
                self._check_open()
            return
        for ordinal in self._about({subject_hash(subject) for subject in subjects}, after):
            if ordinal >= self._bounds.first:
                yield self._tables.entry(self._tables.intact(self._tables.row(ordinal), ordinal))
                self._check_open()

    def _about(self, wanted: set[int], after: int) -> list[int]:
        found = self._tables.indexed(wanted, after)
        found.update(
            ordinal for ordinal, about in self._tail if ordinal > after and not wanted.isdisjoint(hashes(about))
        )
        return sorted(found)

    def prune(self, before: float, limit: int) -> int:
        """Let go of the oldest entries, in one transaction, at least one and not so many that others wait for long.

        They go in order: one whose wall time is not before *before* keeps all that come after it.
        """
        self._check_writable("prune the journal")
        # mostly the oldest stays, and with it all: one is asked before many are read
        going = self._going(before, min(limit, 1)) and self._going(before, limit)
        if not going:
            return 0
        bounds, self._sure = attrs.evolve(self._bounds, first=going[-1][0] + 1), False
        with self._transaction("prune the journal"):
            unindex(self._connection, going)
            self._connection.execute("DELETE FROM journal WHERE ordinal < ?", (bounds.first,))
            write_bounds(self._connection, bounds)
        self._bounds, self._sure = bounds, True
        return len(going)

    def _going(self, before: float, limit: int) -> list[tuple[int, bytes]]:
        sql = "SELECT ordinal, wall_time, about FROM journal WHERE ordinal <= ? ORDER BY ordinal LIMIT ?"
        going: list[tuple[int, bytes]] = []
        total = 0
        for ordinal, wall_time, about in self._tables.query(sql, (self._bounds.checkpoint, max(limit, 0))):
            if not isinstance(wall_time, float) or not isinstance(about, bytes):
                raise damaged(self.path, f"entry {ordinal} is not what was written", ordinal, ordinal)
            total += len(about)
            if wall_time >= before or (going and total > _GOING):
                break
            going.append((ordinal, about))
        return going

    def tend(self) -> None:
        """Move what the log holds into the file; callable beside anything else, from any thread."""
        self._upkeep.move()

    def settle(self) -> None:
        """Bring everything into the file itself, so that it is whole without the log beside it."""
        with self._failing("finish it"):
            write_bounds(self._connection, self._bounds)
            empty_log(self._connection, self.path)

    def close(self) -> None:
        """Let go of the file; what was committed is there whether or not this is called."""
        if not self._is_open:
            return
        self._is_open = False
        self._upkeep.close()
        try:
            self._note_the_end()
        finally:
            self._connection.close()
            self._opened.lock.release()

    def _note_the_end(self) -> None:
        """Write down which entry is the newest, so that the loss of the file's end would be noticed."""
        try:
            self._make_sure()
            if read_bounds(self._connection, self.path) != self._bounds:
                write_bounds(self._connection, self._bounds)
        except (StoreError, *DRIVER_ERRORS):  # a full disk or a dead device takes no entry away that is there
            return

    def _check_open(self) -> None:
        if not self._is_open:
            raise StoreError(f"{self.path}: this store was closed")
        self._make_sure()

    def _make_sure(self) -> None:
        """Know the bounds again, where something cut off what changes them: only the file says whether that held."""
        if self._sure or self._connection.in_transaction:  # a signal's handler may call amid a transaction
            return
        with self._failing("go on after it was interrupted"):
            kept = read_bounds(self._connection, self.path)
        tail = [one for one in self._tail if one[0] > kept.indexed]
        self._forget()
        for one in tail:
            self._remember(*one)
        self._bounds, self._sure = kept.reaching(max(kept.last, self._bounds.last)), True

    def _check_writable(self, doing: str) -> None:
        """Refuse to write to a file that nobody would find again."""
        self._check_open()
        try:
            there = identity(self.path)
        except OSError as error:
            raise StoreError(
                f"{self.path}: cannot {doing}: the file is gone ({os.strerror(error.errno or 0)})"
            ) from error
        if there != self._opened.identity:
            raise StoreError(
                f"{self.path}: cannot {doing}: the file was replaced by another one; restart to use that one"
            )
        self._check_log(doing)

    def _check_log(self, doing: str) -> None:
        """Refuse to go on once the log is gone: what is in it is moved into the file, as long as we hold it open."""
        log = log_of(self.path)
        try:
            there = identity(log)
        except FileNotFoundError:
            there = None
        if self._log is None:
            self._log = there
        elif there != self._log:
            with suppress(*DRIVER_ERRORS):
                self._empty_log()
            raise StoreError(
                f"{self.path}: cannot {doing}: its log {log.name} was removed or replaced; restart the service, and "
                "leave the two files together"
            )

    @contextmanager
    def _failing(self, doing: str) -> Iterator[None]:
        try:
            yield
        except DRIVER_ERRORS as error:
            if device_failed(error):
                self._take_back()
            raise explain(error, self.path, doing) from error

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[None]:
        with self._failing(doing):
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except BaseException:  # whatever it was, nothing of the transaction stays
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _take_back(self) -> None:
        """Make sure that what failed is not found after a crash, as far as the device lets us.

        When only the synchronising failed, the transaction lies whole in the log, and recovery would find it there.
        Writing something harmless over it, without waiting for the device, hides it from whoever opens the file next;
        emptying the log makes that last. A power failure before the device works again may still bring it back.
        """
        for attempt in (self._write_over, self._empty_log):
            try:
                attempt()
            except DRIVER_ERRORS:  # the device is still failing; the caller is told of its first failure
                continue

    def _write_over(self) -> None:
        self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        finally:
            self._connection.execute(f"PRAGMA synchronous = {self._opened.synchronous}")

    def _empty_log(self) -> None:
        with self._upkeep.lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
