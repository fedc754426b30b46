"""The schemas of what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin import Action, GapKind, Gate, LedgerKind, NotificationState, OutcomeStatus, Reason, SilenceState
from tocsin_server.api.asked import REPORTED_ALERT
from tocsin_server.api.shapes import (
    COUNT,
    FLAG,
    INSTANT,
    NUMBER,
    SEVERITY,
    TEXT,
    TEXTS,
    Schema,
    enum,
    or_null,
    page,
    ref,
    shape,
)

__all__ = ["ANSWERED"]

_ALERT: Final = shape(
    {
        **REPORTED_ALERT["properties"],
        "alert_id": TEXT,
        "timestamp": or_null(INSTANT),
        "episode": COUNT,
        "incident_id": TEXT,
        "status": {"type": "string", "enum": ["firing", "resolved"]},
        "fired_at": INSTANT,
        "resolved_at": or_null(INSTANT),
        "rule_ids": TEXTS,
        "channels": TEXTS,
        "receivers": TEXTS,
        "policy_id": or_null(TEXT),
        "acknowledged": or_null(
            shape({"by": TEXT, "at": or_null(INSTANT), "until": or_null(INSTANT), "comment": TEXT})
        ),
        "snoozed_until": or_null(INSTANT),
        "suppressed": FLAG,
        "silenced_by": TEXTS,
        "inhibited_by": TEXTS,
        "muted_by": TEXTS,
    }
)

_RULE: Final = shape(
    {
        "rule_id": TEXT,
        "matched": FLAG,
        "conditions": {"type": "array", "items": shape({"condition": TEXT, "matched": FLAG, "reason": TEXT})},
        "why_not": TEXT,
        "taken_by": or_null(TEXT),
    }
)

_LINE: Final = shape(
    {
        "at": INSTANT,
        "kind": enum(LedgerKind),
        "text": TEXT,
        "ordinal": COUNT,
        "incident_id": TEXT,
        "channel_id": TEXT,
        "notification_id": TEXT,
        "action": enum(Action),
        "reason": enum(Reason),
        "due": INSTANT,
        "state": enum(NotificationState),
        "notification_kind": TEXT,
        "attempt": COUNT,
        "outcome": TEXT,
        "code": {"type": "integer"},
        "latency_seconds": or_null(NUMBER),
        "detail": TEXT,
        "level": TEXT,
        "policy_id": TEXT,
        "channel_ids": TEXTS,
        "rule_ids": TEXTS,
        "rules": {"type": "array", "items": _RULE},
        "by": TEXT,
        "severity": TEXT,
    },
    "ordinal",
    "incident_id",
    "channel_id",
    "notification_id",
    "action",
    "reason",
    "due",
    "state",
    "notification_kind",
    "attempt",
    "outcome",
    "code",
    "latency_seconds",
    "detail",
    "level",
    "policy_id",
    "channel_ids",
    "rule_ids",
    "rules",
    "by",
    "severity",
)

_DUE: Final = shape(
    {
        "at": or_null(INSTANT),
        "what": {"type": "string", "enum": ["escalation", "fold", "deadline"]},
        "level": TEXT,
        "channels": TEXTS,
        "text": TEXT,
    }
)

_LEVEL: Final = shape(
    {
        "level": TEXT,
        "after_seconds": NUMBER,
        "channels": TEXTS,
        "at": or_null(INSTANT),
        "told": FLAG,
        "tells": TEXTS,
    }
)

_EXPLANATION: Final = shape(
    {
        "alert_id": TEXT,
        "at": INSTANT,
        "incident_id": TEXT,
        "rules": {"type": "array", "items": _RULE},
        "channels": {
            "type": "array",
            "items": shape(
                {
                    "channel_id": TEXT,
                    "action": enum(Action),
                    "reason": enum(Reason),
                    "rule_ids": TEXTS,
                    "due": or_null(INSTANT),
                    "gate": or_null(enum(Gate)),
                    "by": TEXTS,
                    "until": or_null(INSTANT),
                }
            ),
        },
        "escalation": or_null(shape({"policy_id": TEXT, "levels": {"type": "array", "items": _LEVEL}, "paused": FLAG})),
        "next_deadline": or_null(INSTANT),
        "incident": shape(
            {
                "incident_id": TEXT,
                "opens": FLAG,
                "strategy": TEXT,
                "rule_id": TEXT,
                "metric_name": TEXT,
                "opened_at": INSTANT,
                "firing_count": COUNT,
            }
        ),
        "gaps": TEXTS,
    }
)

_DELIVERY: Final = shape(
    {
        "notification_id": TEXT,
        "incident_id": TEXT,
        "channel_id": TEXT,
        "kind": TEXT,
        "state": enum(NotificationState),
        "reason": or_null(enum(Reason)),
        "detail": TEXT,
        "attempts": COUNT,
        "alert_ids": TEXTS,
        "ended_at": or_null(INSTANT),
    }
)

_CHANNEL: Final = shape(
    {
        "channel_id": TEXT,
        "backend": TEXT,
        "min_severity": SEVERITY,
        "enabled": FLAG,
        "human": FLAG,
        "rate_limit_per_minute": or_null(COUNT),
        "fallback": or_null(TEXT),
        "send_resolved": FLAG,
        "circuit": {"type": "string", "enum": ["closed", "open"]},
        "probe_at": or_null(INSTANT),
    }
)

_SILENCE: Final = shape(
    {
        "silence_id": TEXT,
        "matchers": TEXTS,
        "starts_at": INSTANT,
        "ends_at": INSTANT,
        "created_by": TEXT,
        "comment": TEXT,
        "maintenance": FLAG,
        "state": enum(SilenceState),
        "updated_at": INSTANT,
        "history": COUNT,
    }
)

_FIGURES: Final = shape(
    {
        "enabled": FLAG,
        **dict.fromkeys(
            (
                "active_alerts",
                "aggregated_alerts",
                "pending_escalations",
                "configured_channels",
                "routing_rules",
                "escalation_policies",
                "unrouted",
                "gaps",
            ),
            COUNT,
        ),
        "delivery_stats": {"type": "object", "additionalProperties": NUMBER},
        "backend_stats": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": NUMBER},
        },
        "recent_deliveries": {"type": "array", "items": {"type": "object"}},
    },
    more=True,
)

ANSWERED: Final[Mapping[str, Schema]] = {
    "Accepted": shape({"accepted": COUNT, "changed": COUNT}),
    "Alert": _ALERT,
    "AlertPage": page("Alert"),
    "AlertWithTimeline": shape(
        {
            "alert": ref("Alert"),
            "timeline": shape(
                {
                    "past": {"type": "array", "items": ref("TimelineLine")},
                    "future": {"type": "array", "items": ref("TimelineDue")},
                }
            ),
        }
    ),
    "Changed": shape({"changed": FLAG}),
    "Channel": _CHANNEL,
    "ChannelPage": page("Channel"),
    "Delivery": _DELIVERY,
    "DeliveryPage": page("Delivery"),
    "Error": shape(
        {
            "error": TEXT,
            "errors": {"type": "array", "items": shape({"index": COUNT, "path": TEXT, "problem": TEXT}, "index")},
        },
        "errors",
    ),
    "EventProcessed": shape({"status": TEXT, "message": TEXT, "dedup_key": TEXT}),
    "EventRefused": shape({"status": TEXT, "message": TEXT, "errors": TEXTS}),
    "EventStream": TEXT,
    "Explanation": _EXPLANATION,
    "Gap": shape(
        {
            "kind": enum(GapKind),
            "subject": TEXT,
            "detail": TEXT,
            "count": COUNT,
            "first_at": INSTANT,
            "last_at": INSTANT,
        }
    ),
    "GapPage": page("Gap"),
    "Health": shape(
        {
            "status": {"type": "string", "enum": ["ok", "degraded"]},
            "version": TEXT,
            "uptime_seconds": NUMBER,
            "firing": COUNT,
            "gaps": COUNT,
            "open_circuits": TEXTS,
            "undelivered": COUNT,
            "store": {"type": "string", "enum": ["ok", "failing"]},
        }
    ),
    "Heartbeat": shape({"name": TEXT, "every_seconds": NUMBER, "due": INSTANT}),
    "OpenApi": {"type": "object"},
    "Silence": _SILENCE,
    "SilenceId": shape({"silence_id": TEXT}),
    "SilencePage": page("Silence"),
    "SilencePreview": shape(
        {
            "now": {"type": "array", "items": ref("Alert")},
            "count": COUNT,
            "past": shape({"hours": NUMBER, "count": COUNT, "alert_ids": TEXTS, "complete": FLAG}),
        }
    ),
    "Statistics": _FIGURES,
    "TimelineDue": _DUE,
    "TimelineLine": _LINE,
    "Trial": shape(
        {"status": enum(OutcomeStatus), "detail": TEXT, "code": {"type": ["integer", "null"]}, "seconds": NUMBER}
    ),
}
