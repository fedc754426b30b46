"""Reads one file: bytes, text, then the format that its name ends in."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tocsin.configfile.document import Lines, Node, Place
from tocsin.configfile.findings import Findings, Unreadable
from tocsin.configfile.json_document import read_json
from tocsin.configfile.toml_document import read_toml
from tocsin.configfile.yaml_document import read_yaml

__all__ = ["FORMATS", "LARGEST", "read_bytes", "read_file"]

LARGEST: Final = 10_000_000
"""Bytes in one file."""

FORMATS: Final[Mapping[str, Callable[[str, str, Findings], Node]]] = {
    ".json": read_json,
    ".toml": read_toml,
    ".yaml": read_yaml,
    ".yml": read_yaml,
}


def read_file(path: Path, findings: Findings) -> Node:
    """Return what the file at *path* says.

    :raises Unreadable: when it cannot be read, or says nothing.
    """
    file = str(path)
    read = FORMATS.get(path.suffix.lower())
    try:
        content = read_bytes(path, LARGEST)
    except ValueError as error:
        raise Unreadable(Place(file), str(error), unopened=True) from None
    if read is None:
        known = ", ".join(FORMATS)
        ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise Unreadable(Place(file), f"{ending}, and a file's ending tells its format: {known}", unopened=True)
    text = _text(content, file)
    if not text.strip():
        raise Unreadable(Place(file), "the file is empty; `tocsin config init` writes one to begin with")
    return read(text, file, findings)


def read_bytes(path: Path, most: int) -> bytes:
    """Return what a regular file holds, at most *most* bytes; a ValueError says what is in the way."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise ValueError(f"cannot be read: {os.strerror(error.errno or 0)}") from None
    except ValueError:
        raise ValueError("cannot be read: its name has a NUL character") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError("is a directory" if stat.S_ISDIR(mode) else "is no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            content = opened.read(most + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {os.strerror(error.errno or 0)}") from None
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise ValueError(f"is larger than {most:,} bytes")
    return content


def _text(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        place = Lines(file, before).at(len(before))
        raise Unreadable(place, f"the file is not UTF-8: the byte 0x{content[error.start]:02x} stands here") from None
