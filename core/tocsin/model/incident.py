"""An incident's public view, under the guide's name: alerts that are told, acknowledged and escalated together."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity

__all__ = ["AggregatedAlert"]


@attrs.frozen(slots=True, hash=False)
class AggregatedAlert:
    """Alerts that are told, acknowledged and escalated together; one alert alone is an incident of one.

    ``aggregation_id`` is the incident's id, constant over its life. ``alert_count`` counts every alert that joined,
    ``firing_count`` those that still fire. ``severity`` is the highest that fires (of a resolved incident: that ever
    fired). Times are seconds since the epoch (UTC). ``group_labels`` are the labels that the aggregator formed it by
    (None: it names none).
    """

    aggregation_id: str
    alert_count: int
    common_metric: str
    affected_clusters: frozenset[str]
    severity: AlertSeverity
    first_alert: PerformanceAlert
    last_alert: PerformanceAlert
    created_at: float
    last_updated: float
    firing_count: int = 0
    acknowledged: bool = False
    group_labels: Mapping[str, str] | None = None
