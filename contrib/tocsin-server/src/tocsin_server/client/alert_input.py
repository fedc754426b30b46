"""Alerts that are to be sent, as JSON in a file or on standard input."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from tocsin_server.client.targets import read_text

__all__ = ["STDIN", "read_alerts"]

STDIN: Final = Path("-")


def read_alerts(file: Path) -> list[dict[str, Any]]:
    """Return the alerts in *file* (``-`` is standard input): one object, or a list of them.

    :raises click.UsageError: when it cannot be read or holds something else.
    """
    name = "standard input" if file == STDIN else str(file)
    found = _parsed(_content(file), name)
    alerts = found if isinstance(found, list) else [found]
    for place, alert in enumerate(alerts):
        if not isinstance(alert, dict):
            where = f"alert {place} of {name}" if isinstance(found, list) else name
            raise click.UsageError(f"{where} is no alert, which is an object with alert_id, severity, and so on")
    if not alerts:
        raise click.UsageError(f"there is no alert in {name}")
    return alerts


def _content(file: Path) -> str:
    if file == STDIN:
        return read_text()
    try:
        with file.open("rb") as opened:
            return read_text(opened)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {os.strerror(error.errno or 0)}") from None


def _parsed(content: str, name: str) -> Any:
    try:
        return json.loads(content, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise click.UsageError(f"{name} is no JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise click.UsageError(f"{name} has too many lists and objects in each other") from None
    except ValueError as error:
        raise click.UsageError(f"{name} cannot be sent: {error}") from None


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")
