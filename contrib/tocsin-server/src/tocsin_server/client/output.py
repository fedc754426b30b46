"""What a command prints: tables and sentences for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import click

from tocsin_server.client.plain import plain, plain_lines
from tocsin_server.client.screen import Screen
from tocsin_server.client.table import Row, lay_out

__all__ = ["Output"]


@attrs.frozen(slots=True)
class Output:
    """Prints to standard output, and remarks to standard error.

    :param as_json: whether people or scripts read it; what is for people alone is left out for scripts.
    """

    as_json: bool
    screen: Screen

    def json(self, document: Any, indent: int | None = 2) -> None:
        """Print a document. It is ASCII, so that every string survives and none steers a terminal."""
        click.echo(json.dumps(document, indent=indent))

    def table(self, titles: Sequence[str], rows: Sequence[Row], empty: str = "", *, whole: bool = False) -> None:
        """Print a table; where it has no rows, the remark *empty* instead.

        :param whole: nothing is cut, for whoever asks for one thing wants all of it.
        """
        if not rows:
            self.remark(empty)
            return
        self._print(lay_out(titles, rows, attrs.evolve(self.screen, width=None) if whole else self.screen))

    def fields(self, pairs: Mapping[str, str]) -> None:
        """Print names with their texts, each beside its name, without those that are empty.

        A text keeps its breaks of lines, and is not cut.
        """
        width = max((len(name) for name, text in pairs.items() if text), default=0)
        lines: list[str] = []
        for name, text in pairs.items():
            for place, line in enumerate(plain_lines(text, self.screen.encoding) if text else []):
                lines.append(f"  {'' if place else name:{width}}  {line}".rstrip())
        self._print(lines)

    def line(self, text: str) -> None:
        """Print a line."""
        click.echo(self.screen.plain(text))

    def heading(self, text: str) -> None:
        """Print a line that stands out where there are colours."""
        shown = self.screen.plain(text)
        click.echo(click.style(shown, bold=True) if self.screen.colours else shown, color=self.screen.colours)

    def remark(self, text: str) -> None:
        """Print to standard error what is no part of the result."""
        if text and not self.as_json:
            click.echo(f"tocsin: {plain(text)}", err=True)

    def _print(self, lines: Sequence[str]) -> None:
        for line in lines:
            click.echo(line, color=self.screen.colours)
