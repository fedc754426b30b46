"""The ways in which a line owes an episode."""

from __future__ import annotations

import enum

__all__ = ["Due"]


class Due(enum.Enum):
    """In which ways a line owes an episode; each has an order of its own, see :mod:`tocsin.engine.dues`."""

    NEWS = "it fires: the most severe first"
    END = "it ended"
    PASSENGER = "it ended untold, and is listed beside others"
    SINCE = "the first or the second: since when"
    LATER = "it waits for an instant: by that, then the most severe first"
    LATER_END = "its end waits for an instant"

    __hash__ = object.__hash__  # there is one object of each, and its name need not be hashed each time
