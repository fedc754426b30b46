"""Where an alert stands: what was reported last, where it goes, who has it, and what keeps it quiet."""

from __future__ import annotations

import attrs

from tocsin.model.alert import PerformanceAlert

__all__ = ["AlertState"]


@attrs.frozen(slots=True)
class AlertState:
    """The latest episode of one alert at one moment. Instants are wall time: seconds since the epoch, UTC.

    ``episode`` counts the alert's episodes from 1. ``receivers`` are the groups of channels that its rules name, and
    the channels that they name themselves; ``rule_ids`` are those that apply, in order. ``acknowledged_by`` is None
    unless somebody has taken the alert at its severity, and that still holds. ``silenced_by`` are the ids of the
    silences and maintenances that match it now, ``inhibited_by`` the id of an alert that inhibits it, ``muted_by``
    the rules that route it and are silent now.
    """

    alert: PerformanceAlert
    episode: int
    incident_id: str
    fired_at: float
    resolved_at: float | None
    rule_ids: tuple[str, ...]
    channels: tuple[str, ...]
    receivers: tuple[str, ...]
    policy_id: str | None
    acknowledged_by: str | None = None
    acknowledged_at: float | None = None
    acknowledged_until: float | None = None
    comment: str = ""
    snoozed_until: float | None = None
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()

    @property
    def firing(self) -> bool:
        """Whether it still fires."""
        return self.resolved_at is None

    @property
    def suppressed(self) -> bool:
        """Whether a silence, a maintenance, another alert or the time keeps it from being told anywhere.

        The time does where all rules that route it are silent.
        """
        muted = bool(self.muted_by) and set(self.muted_by) >= set(self.rule_ids)
        return bool(self.silenced_by or self.inhibited_by) or muted
