"""Lets the logger of one name steer that of another: what is set up for the guide's loggers holds for tocsin's."""

from __future__ import annotations

import logging

__all__ = ["steer"]


def steer(name: str, by: str) -> None:
    """Make the logger *name* a child of the logger *by*: it inherits its level, and its records reach its handlers.

    A level that is set on *name* itself goes first, as with any child. Nothing is logged twice, for a record still
    goes up one chain of loggers: that of *by*, instead of straight to the root.
    """
    child, parent = logging.getLogger(name), logging.getLogger(by)
    child.parent = parent
    child.setLevel(child.level)  # the same level again: logging forgets which levels it had worked out
