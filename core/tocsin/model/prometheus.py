"""An alert as Prometheus has it, labels and annotations, made an alert of tocsin's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tocsin.model.alert import PerformanceAlert
from tocsin.model.label_set import fingerprint
from tocsin.model.severity import AlertSeverity

__all__ = ["CLUSTER_LABELS", "alert_from_labels", "severity_from_word"]

_WORDS: Final[Mapping[str, AlertSeverity]] = {
    **{severity.value: severity for severity in AlertSeverity},
    "page": AlertSeverity.CRITICAL,
    "crit": AlertSeverity.CRITICAL,
    "fatal": AlertSeverity.CRITICAL,
    "disaster": AlertSeverity.EMERGENCY,
    "emerg": AlertSeverity.EMERGENCY,
    "panic": AlertSeverity.EMERGENCY,
    "err": AlertSeverity.ERROR,
    "high": AlertSeverity.ERROR,
    "major": AlertSeverity.ERROR,
    "average": AlertSeverity.WARNING,
    "medium": AlertSeverity.WARNING,
    "minor": AlertSeverity.WARNING,
    "warn": AlertSeverity.WARNING,
    "ticket": AlertSeverity.WARNING,
    "debug": AlertSeverity.INFO,
    "informational": AlertSeverity.INFO,
    "low": AlertSeverity.INFO,
    "none": AlertSeverity.INFO,
    "notice": AlertSeverity.INFO,
    "ok": AlertSeverity.INFO,
}
"""The field's words for severities, in lower case."""

CLUSTER_LABELS: Final = ("cluster", "cluster_id")
_NODE: Final = ("node_id", "node", "instance")
_SAID_BY: Final = ("summary", "description", "message")


def severity_from_word(word: str, further: Mapping[str, AlertSeverity] | None = None) -> AlertSeverity | None:
    """Return what a label ``severity`` means, whatever its case; None: nobody knows, and *warning* is to be taken.

    :param further: words in lower case, which come before the field's own.
    """
    lower = word.lower()
    return (further or {}).get(lower) or _WORDS.get(lower)


def alert_from_labels(
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    *,
    severity: AlertSeverity,
    starts_at: float | None,
    cluster_labels: Sequence[str] = CLUSTER_LABELS,
    generator_url: str = "",
    alert_id: str | None = None,
) -> PerformanceAlert:
    """Return the alert of a label set: ``alertname`` is its metric, the first of *cluster_labels* its cluster.

    :param starts_at: when it began to fire, in seconds since the epoch (UTC).
    :param alert_id: its identity; None: the labels' fingerprint, as for Alertmanager.
    """
    return PerformanceAlert(
        alert_id=fingerprint(labels) if alert_id is None else alert_id,
        cluster_id=_first(labels, cluster_labels),
        severity=severity,
        metric_name=labels.get("alertname", ""),
        message=_first(annotations, _SAID_BY),
        node_id=_first(labels, _NODE) or None,
        timestamp=starts_at,
        labels=labels,
        annotations=annotations,
        generator_url=generator_url,
    )


def _first(pairs: Mapping[str, str], names: Sequence[str]) -> str:
    return next((pairs[name] for name in names if name in pairs), "")
