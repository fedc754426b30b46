"""Runs the command line in this process, as far as it can be told from a real run."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import attrs
from click.testing import CliRunner

from tocsin.cli.application import make_group

__all__ = ["Ended", "Run", "run_command"]


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as a document."""
        return json.loads(self.out)


Run = Callable[..., Ended]


_group = functools.cache(make_group)


def run_command(*arguments: str, stdin: str | bytes | None = None) -> Ended:
    """Run ``tocsin`` with *arguments*; an exception that nobody foresaw fails the test."""
    done = CliRunner().invoke(_group(), arguments, input=stdin, prog_name="tocsin")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ended(done.exit_code, done.stdout, done.stderr)
