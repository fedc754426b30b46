"""Tables for people: columns that line up whatever is in them, and that fit onto the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
import click
from rich.cells import cell_len

from tocsin_server.client.screen import Screen

__all__ = ["Cell", "Row", "lay_out"]

_GAP: Final = "  "


@attrs.frozen(slots=True)
class Cell:
    """A text with a colour of click's (``red``, ``bright_red``), or without one."""

    text: str
    colour: str | None = None


Row = Sequence[str | Cell]


def lay_out(titles: Sequence[str], rows: Sequence[Row], screen: Screen) -> list[str]:
    """Return the lines of a table: the titles, then the rows.

    On a screen that has a width no line is wider; the widest columns give way first.
    """
    head: list[Row] = [[Cell(title, "bold") for title in titles]] if any(titles) else []
    lines = [[_cell(cell, screen) for cell in row] for row in [*head, *rows]]
    natural = [max(cell_len(line[column].text) for line in lines) for column in range(len(titles))] if lines else []
    widths = natural if screen.width is None else _fitting(natural, screen.width)
    return [_line(line, widths, screen) for line in lines]


def _cell(cell: str | Cell, screen: Screen) -> Cell:
    given = cell if isinstance(cell, Cell) else Cell(cell)
    return attrs.evolve(given, text=screen.plain(given.text))


def _fitting(natural: Sequence[int], width: int) -> list[int]:
    """Return widths that add up to no more than *width*, gaps included: no column is wider than a common limit."""
    room = width - len(_GAP) * (len(natural) - 1)
    limit = min(max(natural, default=0), max(1, room))
    while limit > 1 and sum(min(limit, wanted) for wanted in natural) > room:
        limit -= 1
    widths = [min(limit, wanted) for wanted in natural]
    spare = room - sum(widths)
    for column, wanted in reversed(list(enumerate(natural))):
        given = max(0, min(spare, wanted - widths[column]))
        widths[column] += given
        spare -= given
    return widths


def _line(cells: Sequence[Cell], widths: Sequence[int], screen: Screen) -> str:
    """Return a line. Where the screen is too narrow for even one cell a column, columns on the right are left out."""
    parts: list[str] = []
    used = 0
    for cell, width in zip(cells, widths, strict=True):
        gap = _GAP if parts else ""
        if screen.width is not None and used + len(gap) + width > screen.width:
            break
        text = cell.text if screen.width is None else screen.cut(cell.text, width)
        padding = " " * (width - cell_len(text))
        parts.append(gap + _coloured(text, cell.colour, screen) + padding)
        used += len(gap) + width
    return "".join(parts).rstrip(" ")


def _coloured(text: str, colour: str | None, screen: Screen) -> str:
    if not screen.colours or colour is None or not text:
        return text
    return click.style(text, bold=True) if colour == "bold" else click.style(text, fg=colour)
