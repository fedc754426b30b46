"""How bad one reading is, given how bad it was: the one place that knows hysteresis."""

from __future__ import annotations

import enum
import math

import attrs

__all__ = ["Level", "Limits", "level_of"]


class Level(enum.IntEnum):
    """Three levels: fine, worth a warning, critical."""

    FINE = 0
    WARNING = 1
    CRITICAL = 2


def _reachable(limit: float | None) -> float:
    return math.inf if limit is None else limit


@attrs.frozen(slots=True)
class Limits:
    """The limits of one metric on a scale on which more is worse and nothing is below 0; None: never reached."""

    warning: float = attrs.field(default=None, converter=_reachable)
    critical: float = attrs.field(default=None, converter=_reachable)

    def of(self, level: Level) -> float:
        """Return the limit of *level*."""
        return self.critical if level is Level.CRITICAL else self.warning


def level_of(badness: float, limits: Limits, before: Level, hysteresis: float) -> Level:
    """Return the level of *badness* when it was *before* until now.

    A level is reached by going beyond its limit, and left by coming back to ``limit * (1 - hysteresis)`` or less.
    """
    for level in (Level.CRITICAL, Level.WARNING):
        limit = limits.of(level)
        if badness > (limit * (1.0 - hysteresis) if before >= level else limit):
            return level
    return Level.FINE
