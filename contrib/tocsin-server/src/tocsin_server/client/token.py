"""The token that a command shows to the daemon: from a file or the environment, never from the command line."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import attrs
import click

__all__ = ["VARIABLE", "Token", "find_token"]

VARIABLE: Final = "TOCSIN_TOKEN"
_LONGEST: Final = 65_536
_SHAPE: Final = re.compile(rb"[\x21-\x7e]+")


@attrs.frozen(slots=True)
class Token:
    """A token, which is shown nowhere, and in words where it came from."""

    secret: str = attrs.field(repr=False)
    origin: str


def find_token(file: Path | None) -> Token | None:
    """Return the token in *file*, or else that of the environment, or None where there is none.

    :raises click.BadParameter: when the file cannot be read, or when there is no token in it.
    """
    if file is not None:
        return _token(_read(file), str(file))
    secret = os.environ.get(VARIABLE, "")
    return _token(secret.encode("utf-8", "surrogateescape"), VARIABLE) if secret else None


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LONGEST)
    except OSError as error:
        raise _bad(f"{file} cannot be read: {os.strerror(error.errno or 0)}") from None


def _token(content: bytes, origin: str) -> Token:
    """What no header can hold is refused here, for whatever refuses it later would show it."""
    secret = content.strip()
    if not _SHAPE.fullmatch(secret):
        raise _bad(f"{origin} holds no token: that is one word of ASCII characters")
    return Token(secret.decode("ascii"), origin)


def _bad(problem: str) -> click.BadParameter:
    return click.BadParameter(problem, param_hint="--token-file, TOCSIN_TOKEN_FILE or TOCSIN_TOKEN")
