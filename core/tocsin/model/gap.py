"""A gap: something that tocsin owed and could not give, or a part that failed on the way."""

from __future__ import annotations

import attrs

from tocsin.model.reason import GapKind

__all__ = ["Gap"]


@attrs.frozen(slots=True)
class Gap:
    """One kind of trouble with one subject (a channel, a plugin, an incident), and how often it was met.

    ``detail`` says what happened the last time; times are seconds since the epoch (UTC).
    """

    kind: GapKind
    subject: str
    detail: str
    count: int
    first_at: float
    last_at: float
