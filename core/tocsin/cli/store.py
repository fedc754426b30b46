"""``tocsin store``: check, export, import and compact a store's file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import click

from tocsin.errors import StoreError
from tocsin.stores.archive import export_lines
from tocsin.stores.archive_import import Imported, import_file
from tocsin.stores.sqlite_check import check as check_file
from tocsin.stores.sqlite_check import compact as compact_file
from tocsin.stores.sqlite_faults import Loss
from tocsin.stores.sqlite_reading import SqliteFile

__all__ = ["store"]

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.group()
def store() -> None:
    """Work on a store's file: check it, save it as text, make it from text, give its free room back."""


@store.command()
@click.argument("file", type=_FILE)
def check(file: Path) -> int:
    """Read all of FILE and report every damage.

    It may be in use, and nothing is written. The exit code is 0 when all is well, and 1 when something is not.
    """
    checked = check_file(file)
    for finding in checked.findings:
        click.echo(finding)
    if checked.findings:
        click.echo(f"tocsin: {file}: {_count(len(checked.findings), 'finding')}", err=True)
        return 1
    bounds = checked.bounds
    covered = "no checkpoint" if bounds.checkpoint < 0 else f"a checkpoint of entry {bounds.checkpoint}"
    entries = _count(checked.entries, "entry", "entries")
    click.echo(f"{file}: all is well: {entries}, {_count(bounds.records, 'record')}, {covered}")
    return 0


@store.command()
@click.argument("file", type=_FILE)
@click.option("-o", "--output", type=_NEW_FILE, metavar="OUT", help="Write there instead of standard output.")
@click.option(
    "--from", "first", type=click.IntRange(min=1), default=1, metavar="ORDINAL", help="Leave earlier entries out."
)
@click.option("--salvage", is_flag=True, help="Leave out what is damaged, with a line that says so, and go on.")
def export(file: Path, output: Path | None, first: int, salvage: bool) -> int:
    """Write FILE as JSON Lines: configurations, records and journal, as they are at this moment.

    It may be in use, and nothing is written to it. OUT appears when it is complete. With --salvage the exit code is 1
    when something was lost.
    """
    if output is not None and output.exists():
        if output.samefile(file):
            raise click.UsageError(f"OUT is FILE itself: {output}")
        if not output.is_file():
            raise click.UsageError(f"OUT is no regular file: {output}; leave -o out to write to standard output")
    losses: list[Loss] = []
    lost: list[str] = []

    def lose(loss: Loss) -> None:
        losses.append(loss)
        lost.append(str(loss))

    source = SqliteFile(file, lost=lose if salvage else None)
    try:
        lines = export_lines(source, first - 1, losses)
        if output is None:
            sys.stdout.writelines(lines)
            sys.stdout.flush()
        else:
            _write(output, lines, source.close)
    finally:
        source.close()
    for problem in lost:
        click.echo(f"tocsin: lost: {problem}", err=True)
    return 1 if lost else 0


@store.command(name="import")
@click.argument("archive", metavar="IN", type=_FILE)
@click.argument("file", type=_NEW_FILE)
def import_(archive: Path, file: Path) -> int:
    """Make the new FILE from IN, which 'tocsin store export' wrote.

    FILE must not exist, and appears when it is complete. The exit code is 1 when IN has damage in it.
    """
    done = import_file(archive, file)
    entries = _count(done.entries, "entry", "entries")
    records, configurations = _count(done.records, "record"), _count(done.configurations, "configuration")
    click.echo(f"{file}: {entries}, {records}, {configurations}")
    _report_losses(done)
    return 1 if done.damage else 0


def _report_losses(done: Imported) -> None:
    for problem in done.damage:
        click.echo(f"tocsin: lost: {problem}", err=True)
    for first, last in done.left_out:
        click.echo(f"tocsin: left out, for what lies between is lost: entries {first} to {last}", err=True)


@store.command()
@click.argument("file", type=_FILE)
def compact(file: Path) -> None:
    """Give the free room in FILE back to the disk.

    FILE must not be in use, and the disk needs as much free room again. Configurations that nothing names any more
    are let go of, and the index is made anew.
    """
    done = compact_file(file)
    configurations = _count(done.configurations, "configuration")
    click.echo(f"{file}: {done.before} bytes before, {done.after} after; {configurations} let go of")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _write(output: Path, lines: Iterable[str], check: Callable[[], None]) -> None:
    """Write the file *output*, which appears when it is complete and on the disk, unless *check* raises then."""
    fresh = output.with_name(f"{output.name}.part")
    try:
        with fresh.open("w", encoding="ascii") as file:
            file.writelines(lines)
            _finish(file)
        check()
        fresh.replace(output)
    except OSError as error:
        raise StoreError(f"{output}: cannot write it: {os.strerror(error.errno or 0)}") from error
    finally:
        with suppress(OSError):  # it was never made
            fresh.unlink()


def _finish(file: IO[str]) -> None:
    file.flush()
    os.fsync(file.fileno())
