"""The options that every command has, and what they make: a connection and an output."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from tocsin_server.client.connection import Connection
from tocsin_server.client.output import Output
from tocsin_server.client.screen import Screen
from tocsin_server.client.times import DURATION
from tocsin_server.client.token import find_token
from tocsin_server.client.where import DEFAULT_URL, URL, Where

__all__ = ["by_option", "connected", "limit_option", "where_of"]

_FILE: Final = click.Path(path_type=Path)
_OPTIONS: Final = (
    click.option(
        "--url",
        type=URL,
        envvar="TOCSIN_URL",
        default=DEFAULT_URL,
        show_default=True,
        help="Where the daemon is.  [env: TOCSIN_URL]",
    ),
    click.option(
        "--token-file",
        type=_FILE,
        metavar="FILE",
        envvar="TOCSIN_TOKEN_FILE",
        help="The file that holds the token; without one, TOCSIN_TOKEN is the token.  [env: TOCSIN_TOKEN_FILE]",
    ),
    click.option("--ca", type=_FILE, metavar="FILE", help="Whom to trust for TLS (PEM) instead of the system's."),
    click.option("--timeout", type=DURATION, default="10s", show_default=True, help="How long one answer may take."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts."),
)


def connected(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options, and call it with ``connection`` and ``output`` in their place."""

    @functools.wraps(function)
    def run(url: Any, token_file: Path | None, ca: Path | None, timeout: float, as_json: bool, **others: Any) -> None:
        where = Where(url, find_token(token_file), ca, timeout)
        with Connection(where) as connection:
            function(connection=connection, output=Output(as_json, Screen.current()), **others)

    made: Callable[..., None] = run
    for option in reversed(_OPTIONS):
        made = option(made)
    return made


def where_of(options: dict[str, Any], timeout: float) -> Where:
    """Return where the daemon is by the options that were given so far, for whoever completes them."""
    url = URL.convert(options.get("url") or DEFAULT_URL, None, None)
    return Where(url, find_token(options.get("token_file")), options.get("ca"), timeout)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


by_option: Final = click.option(
    "--by", default=_login, metavar="NAME", help="Who does it.  [default: the name of your login]"
)
limit_option: Final = click.option(
    "-n", "--limit", "most", type=click.IntRange(min=1), metavar="COUNT", help="Print at most so many.  [default: all]"
)
