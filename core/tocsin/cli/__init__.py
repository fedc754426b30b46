"""The command ``tocsin`` (extra: ``tocsin[cli]``). Importing this module needs neither click nor rich."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from typing import Final

__all__ = ["main"]

MISSING_EXTRA: Final = "tocsin: the command line needs click and rich: pip install 'tocsin[cli]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line on *arguments* (None: those of the process) and return the exit code.

    0: done. 1: it failed. 2: it was called wrongly, or the extra ``cli`` is not installed.
    """
    if importlib.util.find_spec("click") is None:
        sys.stderr.write(f"{MISSING_EXTRA}\n")
        return 2
    from tocsin.cli.application import run

    return run(arguments)
