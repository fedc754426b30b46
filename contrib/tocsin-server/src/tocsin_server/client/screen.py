"""Where output goes: how wide that is, whether it has colours, and which characters it can show."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from typing import Self

import attrs
from rich.cells import cell_len

from tocsin_server.client.plain import plain

__all__ = ["Screen"]


@attrs.frozen(slots=True)
class Screen:
    """A terminal, or whatever standard output leads to.

    :param width: in cells; None where nothing is cut.
    :param colours: whether text may be coloured.
    :param encoding: of the characters.
    """

    width: int | None = None
    colours: bool = False
    encoding: str = "utf-8"

    @classmethod
    def current(cls) -> Self:
        """Return that of standard output. ``NO_COLOR`` and a terminal that is "dumb" have no colours."""
        terminal = sys.stdout.isatty()
        colours = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        width = max(1, shutil.get_terminal_size().columns) if terminal else None
        return cls(width, colours, _known(getattr(sys.stdout, "encoding", None)))

    def plain(self, text: str) -> str:
        """Return *text* as one line that this can show, and does not obey."""
        return plain(text, self.encoding)

    def cut(self, text: str, width: int) -> str:
        """Return what of *text*, which is plain, fits into *width* cells, with a mark where it was cut."""
        if cell_len(text) <= width:
            return text
        mark = plain("…", self.encoding)
        mark = mark if cell_len(mark) == 1 else "~"
        end = len(text)
        while end and (over := cell_len(text[:end]) - (width - 1)) > 0:
            end -= max(1, over // 2)  # no character has more than two cells
        return text[:end] + mark if width > 0 else ""


def _known(encoding: str | None) -> str:
    try:
        return codecs.lookup(encoding or "utf-8").name
    except LookupError:
        return "utf-8"
