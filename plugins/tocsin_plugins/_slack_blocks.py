"""Slack's Block Kit, as much of it as alerts need, within its limits.

The limits are those of https://api.slack.com/reference/block-kit/blocks. Slack does not say what it counts, so the
larger count is taken: escaped text, in UTF-16 units.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tocsin import ListedAlert, Notification, iso_time
from tocsin_plugins import _wording

__all__ = [
    "BLOCKS",
    "FIELD",
    "FIELDS",
    "HEADER",
    "TEXT",
    "details",
    "escaped",
    "fitting",
    "header",
    "sections",
]

Block = dict[str, Any]

HEADER: Final = 150
TEXT: Final = 3000
FIELD: Final = 2000
FIELDS: Final = 10
BLOCKS: Final = 50

_BODY_SECTIONS: Final = 20
"""More of a message than this nobody scrolls through; it ends in an ellipsis."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BROKEN_ENTITY: Final = re.compile(r"&[a-z]{0,3}\Z")


def escaped(text: str) -> str:
    """Return *text* so that Slack shows it: a link or a mention in it (``<!channel>``) is text, and not done."""
    return _CONTROL.sub("\ufffd", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _units(text: str) -> int:
    """The length of *text* in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def _prefix(text: str, limit: int) -> str:
    """The longest start of *text* of at most *limit* units that cuts no entity in two."""
    start = text[:limit]
    while _units(start) > limit:
        start = start[: len(start) - max(1, (_units(start) - limit) // 2)]
    if len(start) == len(text):
        return start
    return _BROKEN_ENTITY.sub("", start)


def fitting(text: str, limit: int) -> str:
    """Return *text*, cut to *limit* units with an ellipsis where it is longer."""
    return text if _units(text) <= limit else _prefix(text, limit - 1) + "…"


def header(text: str) -> Block:
    """Return the headline as a block."""
    return {"type": "header", "text": {"type": "plain_text", "text": fitting(text, HEADER), "emoji": True}}


def sections(text: str) -> list[Block]:
    """Return mrkdwn of any length as sections, parted between lines where possible; none for blank text."""
    parts = list(_parts(text))
    if len(parts) > _BODY_SECTIONS:
        parts = [*parts[: _BODY_SECTIONS - 1], "…"]
    return [{"type": "section", "text": _mrkdwn(part)} for part in parts]


def _parts(text: str) -> Iterator[str]:
    """Cut *text* into parts of at most ``TEXT`` units; parts of blanks alone, which Slack refuses, are left out."""
    while text:
        part = _prefix(text, TEXT)
        if len(part) < len(text):
            part = part[: part.rfind("\n") + 1] or part
        text = text[len(part) :]
        if part.strip():
            yield part.strip("\n")


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def details(notification: Notification) -> list[Block]:
    """Return what the header does not say: one alert in full, or a summary, and the ids at the end."""
    blocks: list[Block] = []
    if notification.level is not None:
        blocks += sections(f"*Nobody has acknowledged it*: escalation level {notification.level.value}")
    if notification.single:
        blocks += _single(notification.alerts[0])
    elif notification.alerts:
        blocks += _summary(notification)
    ids = [*([notification.alerts[0].alert.alert_id] if notification.single else []), notification.incident_id]
    line = " · ".join(escaped(item) for item in ids if item.strip())
    if line:
        blocks.append({"type": "context", "elements": [_mrkdwn(fitting(line, TEXT))]})
    return blocks


def _single(listed: ListedAlert) -> Iterator[Block]:
    alert = listed.alert
    yield from sections(escaped(alert.message))
    yield _fields(
        ("Status", listed.status.value.upper()),
        ("Severity", alert.severity.value.upper()),
        ("Cluster", alert.cluster_id),
        ("Node", alert.node_id or ""),
        ("Metric", alert.metric_name),
        ("Value", "" if alert.current_value is None else _wording.number(alert.current_value)),
        ("Threshold", "" if alert.threshold_value is None else _wording.number(alert.threshold_value)),
        ("Since", iso_time(listed.fired_at)),
        ("Resolved", "" if listed.resolved_at is None else iso_time(listed.resolved_at)),
    )
    labels = ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))
    notes = [f"*{escaped(name)}*: {escaped(value)}" for name, value in sorted(alert.annotations.items())]
    yield from sections("\n".join([*([f"*labels*: {escaped(labels)}"] if labels else []), *notes]))


def _fields(*pairs: tuple[str, str]) -> Block:
    texts = [_mrkdwn(fitting(f"*{name}*\n{escaped(value)}", FIELD)) for name, value in pairs if value.strip()]
    return {"type": "section", "fields": texts[:FIELDS]}


def _summary(notification: Notification) -> Iterator[Block]:
    fired = [listed.fired_at for listed in notification.alerts]
    yield _fields(
        ("Alerts", f"{len(notification.alerts)}: {_wording.state_line(notification)}"),
        ("Severities", _wording.severities_line(notification)),
        ("Clusters", _wording.clusters_line(notification)),
        ("First", iso_time(min(fired))),
        ("Last", iso_time(max(fired))),
    )
    yield from sections(_bullets(_wording.shown_alerts(notification)))


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"• {escaped(line)}" for line in lines)
