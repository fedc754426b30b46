"""The schemas of what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin_server.api.shapes import (
    BY,
    FLAG,
    INSTANT,
    NUMBER,
    PAIRS,
    SECONDS,
    SEVERITY,
    TEXT,
    Schema,
    name,
    or_null,
    ref,
    shape,
)

__all__ = ["ASKED", "REPORTED_ALERT"]

REPORTED_ALERT: Final = shape(
    {
        "alert_id": name(),
        "cluster_id": TEXT,
        "severity": SEVERITY,
        "metric_name": TEXT,
        "current_value": or_null(NUMBER),
        "threshold_value": or_null(NUMBER),
        "message": TEXT,
        "node_id": or_null(TEXT),
        "timestamp": {"type": ["number", "string", "null"], "description": "seconds since the epoch, or an instant"},
        "labels": PAIRS,
        "annotations": PAIRS,
        "generator_url": TEXT,
    },
    "current_value",
    "threshold_value",
    "message",
    "node_id",
    "timestamp",
    "labels",
    "annotations",
    "generator_url",
)

_MATCHERS: Final[Schema] = {"type": "array", "items": name(8192), "minItems": 1, "maxItems": 64}

ASKED: Final[Mapping[str, Schema]] = {
    "Acknowledge": shape(
        {"by": name(), "comment": {"type": "string", "maxLength": 16_384}, "for_seconds": SECONDS},
        "comment",
        "for_seconds",
    ),
    "By": shape({"by": BY}, "by"),
    "Escalate": shape({"by": BY, "comment": {"type": "string", "maxLength": 16_384}}, "by", "comment"),
    "NewSilence": shape(
        {
            "matchers": _MATCHERS,
            "starts_at": INSTANT,
            "ends_at": INSTANT,
            "seconds": {"type": "number", "minimum": 1, "maximum": 316_224_000},
            "created_by": name(),
            "comment": name(16_384),
            "maintenance": FLAG,
            "silence_id": {"type": "string", "maxLength": 1024},
        },
        "starts_at",
        "ends_at",
        "seconds",
        "maintenance",
        "silence_id",
    ),
    "Note": shape({"by": name(), "text": name(16_384)}),
    "Nothing": shape({}),
    "PagerDutyEvent": shape(
        {
            "routing_key": TEXT,
            "event_action": {"type": "string", "enum": ["trigger", "acknowledge", "resolve"]},
            "dedup_key": name(255),
            "payload": shape(
                {
                    "summary": name(),
                    "source": name(),
                    "severity": {"type": "string", "enum": ["critical", "error", "warning", "info"]},
                    "timestamp": INSTANT,
                    "component": TEXT,
                    "group": TEXT,
                    "class": TEXT,
                    "custom_details": {"type": "object"},
                },
                "timestamp",
                "component",
                "group",
                "class",
                "custom_details",
                more=True,
            ),
            "client": TEXT,
            "client_url": TEXT,
        },
        "routing_key",
        "dedup_key",
        "payload",
        "client",
        "client_url",
        more=True,
    ),
    "PreviewedSilence": shape(
        {"matchers": _MATCHERS, "hours": {"type": "number", "minimum": 0, "maximum": 744}}, "hours"
    ),
    "ReportedAlert": REPORTED_ALERT,
    "ReportedAlerts": {"oneOf": [ref("ReportedAlert"), {"type": "array", "items": ref("ReportedAlert")}]},
    "Resolve": shape({"by": BY}, "by"),
    "Snooze": shape({"seconds": SECONDS, "by": BY}, "by"),
}
