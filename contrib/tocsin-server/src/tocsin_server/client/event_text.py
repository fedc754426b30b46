"""What the daemon decided and did, one event in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tocsin_server.client.fields import count, flag, number, record, text, texts

__all__ = ["event_text"]

Fields = Mapping[str, Any]


def event_text(kind: str, data: Fields) -> str:
    """Return the sentence for an event; one of a kind that is not known here is shown as it came."""
    sentence = _SENTENCES.get(kind)
    return sentence(data) if sentence else json.dumps(data, ensure_ascii=False)


def _because(data: Fields) -> str:
    reason = text(data, "reason") or text(data, "detail")
    return f" ({reason.replace('_', ' ')})" if reason else ""


def _accepted(data: Fields) -> str:
    fact = record(data, "fact")
    alert, silence = record(fact, "alert"), record(fact, "silence")
    name = next(
        (
            text(source, key)
            for source, key in (
                *((alert, "alert_id"), (silence, "silence_id"), (fact, "alert_id"), (fact, "target")),
                *((fact, "silence_id"), (fact, "notification_id"), (fact, "subject")),
            )
            if text(source, key)
        ),
        "",
    )
    by = text(fact, "by") or text(silence, "created_by")
    said = text(alert, "message") or text(fact, "comment") or text(silence, "comment") or text(fact, "detail")
    words = [text(fact, "type"), text(alert, "severity"), f"by {by}" if by else ""]
    what = " ".join(word for word in words if word)
    return ": ".join(part for part in (name, what, said) if part)


def _routed(data: Fields) -> str:
    channels = ", ".join(texts(data, "channel_ids")) or "nobody"
    policy = f", escalation {text(data, 'policy_id')}" if text(data, "policy_id") else ""
    return f"{text(data, 'alert_id')}: belongs to {channels}{policy}"


def _decided(data: Fields) -> str:
    return f"{text(data, 'alert_id')}: {text(data, 'channel_id')}: {text(data, 'action')}{_because(data)}"


def _notification(data: Fields) -> str:
    alerts = ", ".join(texts(data, "alert_ids")) or text(data, "incident_id")
    what = f"{text(data, 'kind')} {text(data, 'notification_id')}".strip()
    return f"{alerts}: {text(data, 'channel_id')}: {what} is {text(data, 'state')}{_because(data)}"


def _attempt(data: Fields) -> str:
    delivery = record(data, "delivery")
    alerts = ", ".join(texts(delivery, "alert_ids")) or text(delivery, "alert_id")
    took = number(delivery, "delivery_time_ms")
    time = "" if took is None else f" in {took:.0f} ms"
    answer = f" ({text(delivery, 'response_message')})" if text(delivery, "response_message") else ""
    outcome = text(delivery, "outcome") or text(delivery, "status")
    return f"{alerts}: {text(delivery, 'channel_id')}: {outcome}{time}{answer}"


def _level(data: Fields) -> str:
    channels = ", ".join(texts(data, "channel_ids"))
    return f"{text(data, 'incident_id')}: escalation {text(data, 'policy_id')}, level {text(data, 'level')}: {channels}"


def _gap(data: Fields) -> str:
    gap = record(data, "gap")
    times = f", {count(gap, 'count')} times" if count(gap, "count") > 1 else ""
    return f"{text(gap, 'kind').replace('_', ' ')}: {text(gap, 'subject')}{times}: {text(gap, 'detail')}"


def _circuit(data: Fields) -> str:
    return f"{text(data, 'channel_id')}: the circuit is {'open' if flag(data, 'open') else 'closed'}"


def _heartbeat(data: Fields) -> str:
    return f"{text(data, 'channel_id')}: heartbeat"


_SENTENCES: Final[Mapping[str, Callable[[Fields], str]]] = {
    "FactAccepted": _accepted,
    "AlertRouted": _routed,
    "TellingDecided": _decided,
    "NotificationChanged": _notification,
    "AttemptFinished": _attempt,
    "LevelReached": _level,
    "GapRecorded": _gap,
    "CircuitChanged": _circuit,
    "HeartbeatSent": _heartbeat,
}
