"""Kinds of parameters that several commands take."""

from __future__ import annotations

import click

from tocsin.lab.instants import parse_instant

__all__ = ["instant"]


def instant(value: str) -> float:
    """Return seconds since the epoch for ISO 8601 (UTC without a zone), or for seconds since the epoch."""
    try:
        return parse_instant(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
