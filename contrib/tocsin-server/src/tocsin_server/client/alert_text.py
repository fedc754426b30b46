"""Alerts in words: what their rows say, and who has them in hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin_server.client.fields import flag, number, record, text, texts
from tocsin_server.client.table import Cell, Row
from tocsin_server.client.times import age, when

__all__ = ["TITLES", "details", "handling", "row", "severity"]

TITLES: Final = ("severity", "status", "since", "alert", "cluster", "handling", "message")

_COLOURS: Final = {
    "emergency": "bright_magenta",
    "critical": "bright_red",
    "error": "red",
    "warning": "yellow",
    "info": "cyan",
}


def severity(alert: Mapping[str, Any]) -> Cell:
    """Return how bad it is, in its colour; an alert that is over has none."""
    name = text(alert, "severity")
    return Cell(name, _COLOURS.get(name) if text(alert, "status") != "resolved" else "green")


def row(alert: Mapping[str, Any]) -> Row:
    """Return the row of an alert under :data:`TITLES`."""
    resolved = text(alert, "status") == "resolved"
    return (
        severity(alert),
        text(alert, "status"),
        age(text(alert, "resolved_at" if resolved else "fired_at")),
        text(alert, "alert_id"),
        text(alert, "cluster_id"),
        handling(alert),
        text(alert, "message"),
    )


def handling(alert: Mapping[str, Any]) -> str:
    """Return who took it, and what keeps it quiet, in a few words; empty while nobody has and nothing does."""
    words: list[str] = []
    if taken := record(alert, "acknowledged"):
        words.append(f"acknowledged by {text(taken, 'by') or 'somebody'}")
    if until := text(alert, "snoozed_until"):
        words.append(f"snoozed ({age(until)} left)")
    quiet = [name for name in ("silenced", "inhibited", "muted") if texts(alert, f"{name}_by")]
    words += quiet or (["suppressed"] if flag(alert, "suppressed") else [])
    return ", ".join(words)


def details(alert: Mapping[str, Any]) -> dict[str, str]:
    """Return everything about an alert, by name."""
    return {
        "message": text(alert, "message"),
        "cluster": text(alert, "cluster_id"),
        "node": text(alert, "node_id"),
        "metric": _measured(alert),
        "seen": when(text(alert, "timestamp")),
        "fired": when(text(alert, "fired_at")),
        "resolved": when(text(alert, "resolved_at")),
        "incident": text(alert, "incident_id"),
        "acknowledged": _acknowledged(record(alert, "acknowledged")),
        "snoozed until": when(text(alert, "snoozed_until")),
        "silenced by": ", ".join(texts(alert, "silenced_by")),
        "inhibited by": ", ".join(texts(alert, "inhibited_by")),
        "muted by": ", ".join(texts(alert, "muted_by")),
        "rules": ", ".join(texts(alert, "rule_ids")),
        "channels": ", ".join(texts(alert, "channels")),
        "receivers": ", ".join(texts(alert, "receivers")),
        "escalation": text(alert, "policy_id"),
        "labels": _pairs(record(alert, "labels")),
        "annotations": _pairs(record(alert, "annotations")),
        "source": text(alert, "generator_url"),
    }


def _measured(alert: Mapping[str, Any]) -> str:
    value, threshold = number(alert, "current_value"), number(alert, "threshold_value")
    measured = "" if value is None else f" = {value:.12g}"
    limit = "" if threshold is None else f" (threshold {threshold:.12g})"
    return text(alert, "metric_name") + measured + limit


def _acknowledged(taken: Mapping[str, Any]) -> str:
    if not taken:
        return ""
    until = f", until {when(text(taken, 'until'))}" if text(taken, "until") else ""
    comment = f": {text(taken, 'comment')}" if text(taken, "comment") else ""
    return f"by {text(taken, 'by')} at {when(text(taken, 'at'))}{until}{comment}"


def _pairs(labels: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}={text(labels, name)}" for name in sorted(labels))
