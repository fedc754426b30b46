"""The schemas of everything that is sent and answered, as OpenAPI 3.1 has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin import Action, AlertSeverity, GapKind, LedgerKind, NotificationState, OutcomeStatus, Reason, SilenceState

__all__ = ["SCHEMAS", "ref"]

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
FLAG: Final[Schema] = {"type": "boolean"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
PAIRS: Final[Schema] = {"type": "object", "additionalProperties": TEXT}
INSTANT: Final[Schema] = {"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00.000Z"]}
BY: Final[Schema] = {"type": "string", "maxLength": 1024}
SEVERITY: Final[Schema] = {"type": "string", "enum": [one.value for one in AlertSeverity]}
SECONDS: Final[Schema] = {"type": "number", "minimum": 0.001, "maximum": 316_224_000}


def ref(name: str) -> Schema:
    """Return a reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"oneOf": [schema, {"type": "null"}]}


def _enum(kind: Any) -> Schema:
    return {"type": "string", "enum": [one.value for one in kind]}


def _object(fields: Mapping[str, Schema], *optional: str, more: bool = False) -> Schema:
    """Return an object whose fields are all there, but for the *optional* ones; *more* may have others too."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": [name for name in fields if name not in optional],
        "additionalProperties": more,
    }


def _page(item: str) -> Schema:
    return _object({"items": {"type": "array", "items": ref(item)}, "next": _or_null(TEXT)})


def _names(count: int = 1024) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": count}


_REPORTED: Final = _object(
    {
        "alert_id": _names(),
        "cluster_id": TEXT,
        "severity": SEVERITY,
        "metric_name": TEXT,
        "current_value": _or_null(NUMBER),
        "threshold_value": _or_null(NUMBER),
        "message": TEXT,
        "node_id": _or_null(TEXT),
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

_ALERT: Final = _object(
    {
        **{name: _REPORTED["properties"][name] for name in _REPORTED["properties"]},
        "alert_id": TEXT,
        "timestamp": _or_null(INSTANT),
        "episode": COUNT,
        "incident_id": TEXT,
        "status": {"type": "string", "enum": ["firing", "resolved"]},
        "fired_at": INSTANT,
        "resolved_at": _or_null(INSTANT),
        "rule_ids": TEXTS,
        "channels": TEXTS,
        "receivers": TEXTS,
        "policy_id": _or_null(TEXT),
        "acknowledged": _or_null(
            _object({"by": TEXT, "at": _or_null(INSTANT), "until": _or_null(INSTANT), "comment": TEXT})
        ),
        "snoozed_until": _or_null(INSTANT),
        "suppressed": FLAG,
        "silenced_by": TEXTS,
        "inhibited_by": TEXTS,
        "muted_by": TEXTS,
    }
)

_RULE: Final = _object(
    {
        "rule_id": TEXT,
        "matched": FLAG,
        "conditions": {"type": "array", "items": _object({"condition": TEXT, "matched": FLAG, "reason": TEXT})},
    }
)

_LINE: Final = _object(
    {
        "at": INSTANT,
        "kind": _enum(LedgerKind),
        "text": TEXT,
        "ordinal": COUNT,
        "incident_id": TEXT,
        "channel_id": TEXT,
        "notification_id": TEXT,
        "action": _enum(Action),
        "reason": _enum(Reason),
        "due": INSTANT,
        "state": _enum(NotificationState),
        "notification_kind": TEXT,
        "attempt": COUNT,
        "outcome": TEXT,
        "code": {"type": "integer"},
        "latency_seconds": _or_null(NUMBER),
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

_DUE: Final = _object(
    {
        "at": _or_null(INSTANT),
        "what": {"type": "string", "enum": ["escalation", "fold", "deadline"]},
        "level": TEXT,
        "channels": TEXTS,
        "text": TEXT,
    }
)

_EXPLANATION: Final = _object(
    {
        "alert_id": TEXT,
        "at": INSTANT,
        "incident_id": TEXT,
        "rules": {"type": "array", "items": _RULE},
        "channels": {
            "type": "array",
            "items": _object(
                {
                    "channel_id": TEXT,
                    "action": _enum(Action),
                    "reason": _enum(Reason),
                    "rule_ids": TEXTS,
                    "due": _or_null(INSTANT),
                }
            ),
        },
        "escalation": _or_null(
            _object(
                {
                    "policy_id": TEXT,
                    "levels": {
                        "type": "array",
                        "items": _object({"level": TEXT, "after_seconds": NUMBER, "channels": TEXTS}),
                    },
                }
            )
        ),
        "next_deadline": _or_null(INSTANT),
    }
)

_DELIVERY: Final = _object(
    {
        "notification_id": TEXT,
        "incident_id": TEXT,
        "channel_id": TEXT,
        "kind": TEXT,
        "state": _enum(NotificationState),
        "reason": _or_null(_enum(Reason)),
        "detail": TEXT,
        "attempts": COUNT,
        "alert_ids": TEXTS,
        "ended_at": INSTANT,
    }
)

_CHANNEL: Final = _object(
    {
        "channel_id": TEXT,
        "backend": TEXT,
        "min_severity": SEVERITY,
        "enabled": FLAG,
        "human": FLAG,
        "rate_limit_per_minute": _or_null(COUNT),
        "fallback": _or_null(TEXT),
        "send_resolved": FLAG,
        "circuit": {"type": "string", "enum": ["closed", "open"]},
        "probe_at": _or_null(INSTANT),
    }
)

_SILENCE: Final = _object(
    {
        "silence_id": TEXT,
        "matchers": TEXTS,
        "starts_at": INSTANT,
        "ends_at": INSTANT,
        "created_by": TEXT,
        "comment": TEXT,
        "maintenance": FLAG,
        "state": _enum(SilenceState),
        "updated_at": INSTANT,
        "history": COUNT,
    }
)

_MATCHERS: Final[Schema] = {"type": "array", "items": _names(8192), "minItems": 1, "maxItems": 64}

_FIGURES: Final = _object(
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

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Accepted": _object({"accepted": COUNT, "changed": COUNT}),
    "Acknowledge": _object(
        {"by": _names(), "comment": {"type": "string", "maxLength": 16_384}, "for_seconds": SECONDS},
        "comment",
        "for_seconds",
    ),
    "Alert": _ALERT,
    "AlertPage": _page("Alert"),
    "AlertWithTimeline": _object(
        {
            "alert": ref("Alert"),
            "timeline": _object(
                {
                    "past": {"type": "array", "items": ref("TimelineLine")},
                    "future": {"type": "array", "items": ref("TimelineDue")},
                }
            ),
        }
    ),
    "By": _object({"by": BY}, "by"),
    "Changed": _object({"changed": FLAG}),
    "Channel": _CHANNEL,
    "ChannelPage": _page("Channel"),
    "Delivery": _DELIVERY,
    "DeliveryPage": _page("Delivery"),
    "Error": _object(
        {
            "error": TEXT,
            "errors": {"type": "array", "items": _object({"index": COUNT, "path": TEXT, "problem": TEXT}, "index")},
        },
        "errors",
    ),
    "Escalate": _object({"by": BY, "comment": {"type": "string", "maxLength": 16_384}}, "by", "comment"),
    "EventProcessed": _object({"status": TEXT, "message": TEXT, "dedup_key": TEXT}),
    "EventRefused": _object({"status": TEXT, "message": TEXT, "errors": TEXTS}),
    "EventStream": TEXT,
    "Explanation": _EXPLANATION,
    "Gap": _object(
        {
            "kind": _enum(GapKind),
            "subject": TEXT,
            "detail": TEXT,
            "count": COUNT,
            "first_at": INSTANT,
            "last_at": INSTANT,
        }
    ),
    "GapPage": _page("Gap"),
    "Health": _object(
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
    "Heartbeat": _object({"name": TEXT, "every_seconds": NUMBER, "due": INSTANT}),
    "NewSilence": _object(
        {
            "matchers": _MATCHERS,
            "starts_at": INSTANT,
            "ends_at": INSTANT,
            "seconds": {"type": "number", "minimum": 1, "maximum": 316_224_000},
            "created_by": _names(),
            "comment": _names(16_384),
            "maintenance": FLAG,
            "silence_id": {"type": "string", "maxLength": 1024},
        },
        "starts_at",
        "ends_at",
        "seconds",
        "maintenance",
        "silence_id",
    ),
    "Note": _object({"by": _names(), "text": _names(16_384)}),
    "Nothing": _object({}),
    "OpenApi": {"type": "object"},
    "PagerDutyEvent": _object(
        {
            "routing_key": TEXT,
            "event_action": {"type": "string", "enum": ["trigger", "acknowledge", "resolve"]},
            "dedup_key": _names(255),
            "payload": _object(
                {
                    "summary": _names(),
                    "source": _names(),
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
    "PreviewedSilence": _object(
        {"matchers": _MATCHERS, "hours": {"type": "number", "minimum": 0, "maximum": 744}}, "hours"
    ),
    "ReportedAlert": _REPORTED,
    "ReportedAlerts": {"oneOf": [ref("ReportedAlert"), {"type": "array", "items": ref("ReportedAlert")}]},
    "Resolve": _object({"by": BY}, "by"),
    "Silence": _SILENCE,
    "SilenceId": _object({"silence_id": TEXT}),
    "SilencePage": _page("Silence"),
    "SilencePreview": _object(
        {
            "now": {"type": "array", "items": ref("Alert")},
            "count": COUNT,
            "past": _object({"hours": NUMBER, "count": COUNT, "alert_ids": TEXTS, "complete": FLAG}),
        }
    ),
    "Snooze": _object({"seconds": SECONDS, "by": BY}, "by"),
    "Statistics": _FIGURES,
    "TimelineDue": _DUE,
    "TimelineLine": _LINE,
    "Trial": _object(
        {"status": _enum(OutcomeStatus), "detail": TEXT, "code": {"type": ["integer", "null"]}, "seconds": NUMBER}
    ),
}
