"""What may be said in a log about an exception: its type and where it was raised, never its text.

The text of an exception can hold a secret (an HTTP error quotes the URL, a parser quotes the input).
"""

from __future__ import annotations

import traceback
from pathlib import PurePath

__all__ = ["describe_failure"]


def describe_failure(error: BaseException) -> str:
    """Return ``"TypeName at module.py:12 in function"``; of a group, each of its leaves, comma-separated."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(describe_failure(leaf) for leaf in error.exceptions)
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    last = frames[-1]
    return f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno} in {last.name}"
