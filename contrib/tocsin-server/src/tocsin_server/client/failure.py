"""How a command fails: one line on standard error, and an exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any, Final

import click

from tocsin_server.client.plain import plain

__all__ = ["Failing", "Failure", "NotAllowed", "Unreachable"]

_REFUSED: Final = 1
_UNREACHABLE: Final = 3


class Failure(click.ClickException):
    """The daemon refused or failed, or what was asked for is not there.

    :param message: what, where, and what would be right.
    :param problems: what is wrong in particular, where several things are; a line each.
    """

    exit_code = _REFUSED

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        super().__init__(plain(message))
        self.problems = tuple(plain(problem) for problem in problems)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it, without anything that a terminal would obey."""
        click.echo("\n".join([f"tocsin: {self.message}", *(f"  {problem}" for problem in self.problems)]), err=True)


class NotAllowed(Failure):
    """There was no token, or none that is known or suffices; the next request would fare no better."""


class Failing(Failure):
    """The daemon could not do it at that moment; a later request may fare better."""


class Unreachable(Failure):
    """There is no daemon, or it does not answer, or what answers is something else."""

    exit_code = _UNREACHABLE
