"""Labels: what an alert can be told by, as matchers that it meets."""

from __future__ import annotations

from typing import Final

from tocsin import AlertView, LabelMatcher, MatchOperator, PerformanceAlert

__all__ = ["matchers_of", "usual_matchers"]

_FIELDS: Final = ("cluster_id", "metric_name", "node_id", "severity", "alert_id")
_USUAL: Final = ("cluster_id", "metric_name")


def matchers_of(alert: PerformanceAlert) -> list[LabelMatcher]:
    """Return a matcher for each field and each label of *alert* that is not empty, in the label view."""
    view = AlertView(alert)
    names = dict.fromkeys((*_FIELDS, *sorted(alert.labels)))
    found = ((name, view.label(name)) for name in names if name)
    return [LabelMatcher(name, MatchOperator.EQUAL, value) for name, value in found if value]


def usual_matchers(alert: PerformanceAlert) -> list[LabelMatcher]:
    """Return those that a silence begins with: the metric in its cluster."""
    return [matcher for matcher in matchers_of(alert) if matcher.name in _USUAL]
