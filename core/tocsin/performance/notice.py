"""What the evaluation has to say: one notice per change of one alert."""

from __future__ import annotations

import enum

import attrs

from tocsin.model.alert import PerformanceAlert

__all__ = ["Change", "Notice"]


class Change(enum.StrEnum):
    """What became of an alert."""

    FIRED = "fired"
    """It was fine until now."""
    WORSENED = "worsened"
    """It rose from warning to critical."""
    IMPROVED = "improved"
    """It fell from critical to warning."""
    CONTINUES = "continues"
    """It still fires at the same severity, with newer values."""
    RESOLVED = "resolved"
    """It is well again; the alert is the last that was said of it."""


@attrs.frozen(slots=True)
class Notice:
    """An alert, and what became of it."""

    change: Change
    alert: PerformanceAlert

    @property
    def resolved(self) -> bool:
        """Whether the alert is over."""
        return self.change is Change.RESOLVED
