"""Making a store from an archive: all of it, or nothing where anything is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs

from tocsin.errors import StoreError
from tocsin.stores.archive_reading import ArchiveError, Line, read_lines
from tocsin.stores.interface import STATE, Checkpoint, Key, Store
from tocsin.stores.sqlite import SqliteStore
from tocsin.stores.sqlite_file import clear, locate, log_of, publish
from tocsin.stores.sqlite_lock import FileLock

__all__ = ["Imported", "import_file", "import_into"]


@attrs.frozen(slots=True)
class Imported:
    """What came out of an archive. ``left_out`` are spans of entries that cannot be used beside what is damaged."""

    configurations: int
    records: int
    entries: int
    checkpoint: int | None
    damage: tuple[str, ...]
    left_out: tuple[tuple[int, int], ...]


@attrs.frozen(slots=True)
class _Plan:
    """What of an archive can be used: the entries ``first`` to ``last`` (none: ``last`` is smaller)."""

    checkpoint: int | None
    first: int
    last: int
    left_out: tuple[tuple[int, int], ...]
    damage: tuple[str, ...]


def import_into(archive: Path, store: Store) -> Imported:
    """Put an archive into an empty store.

    An archive with damage in it (``export --salvage``) gives what a restart can use: the records, and the entries that
    go on from them without a hole. Without damage, a hole is a mistake.

    :raises StoreError: with the number of the line that is wrong; *store* may then hold a part.
    """
    plan = _plan(archive)
    counts = {"configuration": 0, "record": 0, "entry": 0}
    records: dict[Key, Any] = {}
    for line in _lines(archive):
        match line.kind:
            case "configuration":
                store.keep_configuration(line.fields["digest"], line.fields["data"])
            case "record" if plan.checkpoint is None:
                raise ArchiveError(
                    str(archive), line.number, "a record, and the header names no checkpoint that has it"
                )
            case "record":
                _add_record(records, line, str(archive))
            case "entry" if plan.first <= line.fields["ordinal"] <= plan.last:
                store.commit(line.entry(str(archive)))
            case _:
                continue
        counts[line.kind] += 1
    _check_state(archive, plan, records)
    if plan.checkpoint is not None:
        checkpoint = Checkpoint(plan.checkpoint, records)
        store.checkpoint(checkpoint.marked_as_salvaged() if plan.damage else checkpoint)
    return Imported(
        counts["configuration"], counts["record"], counts["entry"], plan.checkpoint, plan.damage, plan.left_out
    )


def _lines(archive: Path) -> Iterator[Line]:
    if archive.exists() and not archive.is_file():  # it is read twice
        raise StoreError(f"{archive} is no regular file: save the archive in one first")
    try:
        with archive.open("rb") as file:
            yield from read_lines(file, str(archive))
    except OSError as error:
        raise StoreError(f"{archive}: cannot read it: {os.strerror(error.errno or 0)}") from error


def _add_record(records: dict[Key, Any], line: Line, name: str) -> None:
    key = line.fields["table"], line.fields["key"]
    if key in records:
        raise ArchiveError(name, line.number, f"the record {key[1]!r:.80} of {key[0]!r:.80} was there already")
    if line.fields.get("data") is None:
        raise ArchiveError(name, line.number, "a line of type 'record' has 'data'")
    records[key] = line.fields["data"]


def _check_state(archive: Path, plan: _Plan, records: Mapping[Key, Any]) -> None:
    """Refuse what no service could go on from, while the old file may still be there."""
    if isinstance(records.get(STATE), Mapping) or (plan.checkpoint is None and not plan.damage):
        return
    raise StoreError(
        f"{archive} has no record of the table {STATE[0]!r}, or none that can be used: no service can go on from the "
        "others without it; restore a backup, or begin a new store"
    )


def _plan(archive: Path) -> _Plan:
    """Read the archive once to see what of it can be used, so that nothing is begun that cannot be finished."""
    checkpoint: int | None = None
    runs: list[tuple[int, int]] = []
    damage: list[str] = []
    for line in _lines(archive):
        if line.kind == "header":
            checkpoint = line.fields["checkpoint"]
            _check_reach(line, str(archive))
        elif line.kind == "damage":
            damage.append(line.fields["problem"])
        elif line.kind == "entry":
            _extend(runs, line, bool(damage), str(archive))
    used = _usable(runs, checkpoint)
    if used is None and runs and not damage:
        raise StoreError(
            f"{archive} has the entries {runs[0][0]} to {runs[0][1]}, which do not go on from "
            f"{'nothing' if checkpoint is None else f'its records, as they are after entry {checkpoint}'}; "
            f"export with --from {1 if checkpoint is None else checkpoint + 1} at most"
        )
    first, last = used or (1, 0)
    left_out = tuple(run for run in runs if run != used)
    return _Plan(checkpoint, first, last, left_out, tuple(damage))


def _check_reach(line: Line, name: str) -> None:
    """Refuse an archive that begins behind its records: what lies between would be missing, and nobody would notice."""
    checkpoint, after = line.fields["checkpoint"] or 0, line.fields["after"]
    if after > checkpoint:
        problem = f"the entries up to {after} were left out, and its records are as they were after entry {checkpoint}"
        raise ArchiveError(name, line.number, f"{problem}; export with --from {checkpoint + 1} at most")


def _extend(runs: list[tuple[int, int]], line: Line, has_damage: bool, name: str) -> None:
    ordinal = line.fields["ordinal"]
    if not runs and ordinal > 0:
        runs.append((ordinal, ordinal))
    elif runs and ordinal == runs[-1][1] + 1:
        runs[-1] = runs[-1][0], ordinal
    elif runs and has_damage and ordinal > runs[-1][1]:
        runs.append((ordinal, ordinal))
    else:
        before = runs[-1][1] if runs else 0
        raise ArchiveError(name, line.number, f"entry {ordinal} cannot follow entry {before}: entries have no holes")


def _usable(runs: list[tuple[int, int]], checkpoint: int | None) -> tuple[int, int] | None:
    """Return the entries that a restart can go on with: those that follow the records, or begin with nothing."""
    start = 0 if checkpoint is None else checkpoint
    return next((run for run in runs if run[0] <= start + 1 and run[1] >= start), None)


def import_file(archive: Path, path: str | os.PathLike[str]) -> Imported:
    """Make the file *path* from an archive; it appears when it is complete.

    :raises StoreError: when there is such a file already, or a line is wrong; then there is no new file.
    """
    target = locate(path)
    lock = FileLock(target)
    fresh = target.with_name(f"{target.name}-import")
    try:
        for taken in (target, log_of(target)):
            if taken.exists():
                raise StoreError(f"{taken} exists already: an import makes a new file; name another, or move it away")
        _clear(fresh)
        with closing(SqliteStore.unsynchronised(fresh)) as store:
            done = import_into(archive, store)
            store.settle()
        publish(fresh, target)
    finally:
        _clear(fresh)
        lock.release()
    return done


def _clear(fresh: Path) -> None:
    for leftover in (fresh, fresh.with_name(f"{fresh.name}-lock"), fresh.with_name(f"{fresh.name}-new")):
        try:
            clear(leftover)
        except OSError as error:
            raise StoreError(f"{leftover} is in the way: {os.strerror(error.errno or 0)}") from error
