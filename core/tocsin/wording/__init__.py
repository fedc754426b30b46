"""Notifications in words, and texts cut to length: what every form that a person reads is made of."""

from tocsin.wording.legible import legible
from tocsin.wording.lengths import prefix, shortened, utf16_length
from tocsin.wording.phrases import (
    MOST_LISTED,
    alert_line,
    clusters_line,
    counted,
    facts,
    headline,
    ids_line,
    labels_line,
    level_line,
    number,
    one_line,
    severities_line,
    shown_alerts,
    span_line,
    state_line,
    values_line,
)

__all__ = [
    "MOST_LISTED",
    "alert_line",
    "clusters_line",
    "counted",
    "facts",
    "headline",
    "ids_line",
    "labels_line",
    "legible",
    "level_line",
    "number",
    "one_line",
    "prefix",
    "severities_line",
    "shortened",
    "shown_alerts",
    "span_line",
    "state_line",
    "utf16_length",
    "values_line",
]
