"""``tocsin convert``: reads a file of Alertmanager's, prints one of tocsin's, and says what differs."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from tocsin_server.convert.conversion import converted
from tocsin_server.convert.remarks import NotAlertmanagerError
from tocsin_server.convert.writing import as_yaml

__all__ = ["convert"]

_LARGEST: Final = 16 * 1024 * 1024
_NOT_CARRIED_OVER: Final = 1
_NO_CONFIGURATION: Final = 2


class _Unreadable(Exception):
    """The file cannot be read; the text says why, after the file's name."""


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", metavar="OUT", type=click.Path(path_type=Path), help="Write there instead of standard output."
)
def convert(file: Path, output: Path | None) -> int:
    """Turn FILE, a configuration of Alertmanager's, into an equivalent one of tocsin's.

    What could not be carried over is told on standard error, with the line of FILE. FILE may be - for standard input.

    The exit code is 0 when the routing is carried over, 1 when a part of it has to be mended by hand (what is written
    is not valid before), and 2 when FILE cannot be read, or Alertmanager would refuse it.

    \b
    Example:
        tocsin convert alertmanager.yml -o tocsin.yml
    """
    try:
        result = converted(_read(file))
        text = as_yaml(result.configuration, file.name if str(file) != "-" else "standard input")
    except _Unreadable as problem:
        click.echo(f"{file}: {problem}", err=True)
        return _NO_CONFIGURATION
    except NotAlertmanagerError as error:
        click.echo(f"{file}:{error.line}: error: {error.problem}", err=True)
        return _NO_CONFIGURATION
    for remark in result.remarks:
        click.echo(f"{file}:{remark}", err=True)
    if output is None:
        click.echo(text.encode("utf-8"), nl=False)
    else:
        _write(output, file, text)
    return 0 if result.carried_over else _NOT_CARRIED_OVER


def _read(file: Path) -> str:
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise _Unreadable(f"cannot read it: {os.strerror(error.errno or 0)}") from None
    if len(content) > _LARGEST:
        raise _Unreadable(f"it has more than {_LARGEST} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAlertmanagerError("this is not UTF-8", content.count(b"\n", 0, error.start) + 1) from None


def _write(output: Path, file: Path, text: str) -> None:
    """Write *output*, which appears when it is complete, for its owner's eyes: it has the secrets of the original."""
    fresh = output.with_name(f"{output.name}.part")
    try:
        if output.exists() and file.exists() and output.samefile(file):
            raise click.UsageError(f"OUT is FILE itself: {output}")
        if output.exists() and not output.is_file():
            raise click.UsageError(f"OUT is no regular file: {output}; leave -o out to write to standard output")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
            opened.write(text)
        fresh.replace(output)
    except OSError as error:
        raise click.ClickException(f"{output}: cannot write it: {os.strerror(error.errno or 0)}") from None
    finally:
        with suppress(OSError):  # it was never made, or has its name by now
            fresh.unlink()
