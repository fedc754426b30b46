"""A framed block for a terminal, where rich is installed."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence

__all__ = ["panel"]


def panel(title: str, lines: Sequence[str], border: str) -> str | None:
    """Return *title* and *lines* in a frame of the colour *border*, as one coloured text; None without rich.

    The texts are taken as they are: rich reads no markup, emoji codes or highlights in them.
    """
    try:
        from rich.console import Console
        from rich.panel import Panel
        from rich.text import Text
    except ImportError:
        return None
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        legacy_windows=False,
        width=shutil.get_terminal_size().columns,
    )
    body = Text("\n".join([title, *lines]), overflow="fold")
    body.stylize("bold", 0, len(title))
    console.print(Panel(body, border_style=border, expand=False))
    return buffer.getvalue()
