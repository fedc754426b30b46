"""An alert's timeline: what happened to it, and what comes next by itself, each line with a sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tocsin import Action, LedgerKind, LedgerLine, Upcoming, UpcomingKind
from tocsin_server.api.shown import instant, number

__all__ = ["future", "past"]

MOST_LINES: Final = 1000
"""The newest ones are shown."""

_DEADLINES: Final = {
    UpcomingKind.ACKNOWLEDGEMENT_END: "the acknowledgement ends",
    UpcomingKind.SNOOZE_END: "the snooze ends",
}
_ACTIONS: Final = {
    Action.NOTIFY: "is told",
    Action.FOLD: "is told later",
    Action.HOLD: "waits",
    Action.SKIP: "is not told",
}


def past(lines: tuple[LedgerLine, ...]) -> list[dict[str, Any]]:
    """Return the newest thousand lines, the oldest first, as documents."""
    return [_line(line) for line in lines[-MOST_LINES:]]


def future(coming: tuple[Upcoming, ...]) -> list[dict[str, Any]]:
    """Return what comes next, the next first, as documents."""
    return [_due(one) for one in coming]


def _line(line: LedgerLine) -> dict[str, Any]:
    document = line.as_dict()
    document |= {"at": instant(line.at), "kind": line.kind.value, "text": _TEXTS[line.kind](line)}
    if line.due is not None:
        document["due"] = instant(line.due)
    if line.latency_seconds is not None:
        document["latency_seconds"] = number(line.latency_seconds)
    return document


def _due(one: Upcoming) -> dict[str, Any]:
    names = ", ".join(one.channels)
    if one.kind is UpcomingKind.ESCALATION:
        what, text = "escalation", f"level {one.level} tells {names or 'the default channels'}"
        text += "" if one.at is not None else ", once somebody has to answer again"
    elif one.kind is UpcomingKind.FOLD:
        what, text = "fold", f"{names} is told in a summary"
    else:
        what, text = "deadline", _DEADLINES[one.kind]
    return {"at": instant(one.at), "what": what, "level": one.level, "channels": list(one.channels), "text": text}


def _by(line: LedgerLine) -> str:
    return f" by {line.by}" if line.by else ""


def _said(line: LedgerLine) -> str:
    return f": {line.detail}" if line.detail else ""


def _words(value: str) -> str:
    return value.replace("_", " ")


def _until(line: LedgerLine) -> str:
    return "" if line.due is None else f" until {instant(line.due)}"


def _decided(line: LedgerLine) -> str:
    action = _ACTIONS[line.action or Action.SKIP]
    reason = f" ({_words(line.reason.value)})" if line.reason else ""
    later = line.due is not None and line.action is not Action.NOTIFY
    return f"{line.channel_id} {action}{f', at {instant(line.due)}' if later else ''}{reason}"


def _notification(line: LedgerLine) -> str:
    state = line.state.value if line.state else "changed"
    reason = f" ({_words(line.reason.value)})" if line.reason else ""
    return f"the {line.notification_kind} notification to {line.channel_id} is {state}{reason}{_said(line)}"


def _attempt(line: LedgerLine) -> str:
    code = "" if line.code is None else f" {line.code}"
    return f"attempt {line.attempt} at {line.channel_id} was {line.outcome}{code}{_said(line)}"


def _routed(line: LedgerLine) -> str:
    if not line.rule_ids:
        return "no rule matched"
    return f"routed by {', '.join(line.rule_ids)} to {', '.join(line.channel_ids) or 'nobody'}"


_TEXTS: Final[Mapping[LedgerKind, Callable[[LedgerLine], str]]] = {
    LedgerKind.RECEIVED: lambda line: f"reported, {line.severity}{_said(line)}",
    LedgerKind.RESOLVED: lambda line: f"resolved{_by(line)}",
    LedgerKind.ACKNOWLEDGED: lambda line: f"acknowledged{_by(line)}{_said(line)}",
    LedgerKind.SNOOZED: lambda line: f"snoozed{_by(line)}{_until(line)}",
    LedgerKind.ESCALATED: lambda line: f"escalated before its time{_by(line)}{_said(line)}",
    LedgerKind.NOTED: lambda line: f"noted{_by(line)}{_said(line)}",
    LedgerKind.ROUTED: _routed,
    LedgerKind.DECIDED: _decided,
    LedgerKind.NOTIFICATION: _notification,
    LedgerKind.ATTEMPT: _attempt,
    LedgerKind.REDRIVEN: lambda line: f"sent again{_by(line)}",
    LedgerKind.LEVEL: lambda line: f"level {line.level} tells {', '.join(line.channel_ids) or 'nobody'}",
}
