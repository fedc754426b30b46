"""The checker's own circuits: when a channel whose receiver fails again and again may be tried."""

from __future__ import annotations

import attrs

from tocsin import OutcomeStatus
from tocsin.model.outcome import CircuitPolicy

__all__ = ["Breaker"]

_FAILED = {OutcomeStatus.UNAVAILABLE, OutcomeStatus.UNKNOWN}


@attrs.define(slots=True, eq=False)
class Breaker:
    """One channel; ``open_until`` is None while its circuit is closed."""

    failures: int = 0
    open_until: float | None = None

    def ended(self, status: OutcomeStatus, policy: CircuitPolicy | None, now: float) -> None:
        """An attempt ended."""
        if status not in _FAILED:
            self.failures, self.open_until = 0, None
            return
        if self.open_until is not None and now < self.open_until:
            return  # begun before it opened
        self.failures += 1
        if policy is not None and self.failures >= policy.failures:
            doubled = policy.open_seconds * 2.0 ** (self.failures - policy.failures)
            self.open_until = now + min(policy.cap_seconds, doubled)

    def forbids(self, now: float, others: int) -> str | None:
        """Why no attempt may start now, with so many others under way; None: it may."""
        if self.open_until is None:
            return None
        if now < self.open_until:
            return f"its circuit is open until {self.open_until}"
        return f"it is probed, and {others} others are under way" if others else None
