"""Slack's Block Kit, as much of it as alerts need, within its limits.

The limits are those of https://api.slack.com/reference/block-kit/blocks. Slack does not say what it counts, so the
larger count is taken: escaped text, in UTF-16 units.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tocsin import Notification, PerformanceAlert, wording

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

_BROKEN_ENTITY: Final = re.compile(r"&[a-z]{0,3}\Z")


def escaped(text: str) -> str:
    """Return *text* so that Slack shows it: a link or a mention in it (``<!channel>``) is text, and not done."""
    return wording.legible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _prefix(text: str, limit: int) -> str:
    """The longest start of *text* of at most *limit* units that cuts no entity in two."""
    start = wording.prefix(text, limit)
    return start if len(start) == len(text) else _BROKEN_ENTITY.sub("", start)


def fitting(text: str, limit: int) -> str:
    """Return *text*, cut to *limit* units with an ellipsis where it is longer."""
    return text if wording.utf16_length(text) <= limit else _prefix(text, limit - 1) + "…"


def header(text: str) -> Block:
    """Return the headline as a block."""
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": fitting(text, HEADER), "emoji": True},
    }


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
        alert = notification.alerts[0].alert
        blocks += [*sections(escaped(alert.message)), _fields(notification), *_notes(alert)]
    elif notification.alerts:
        blocks += [_fields(notification), *sections(_bullets(wording.shown_alerts(notification)))]
    line = escaped(wording.ids_line(notification))
    if line:
        blocks.append({"type": "context", "elements": [_mrkdwn(fitting(line, TEXT))]})
    return blocks


def _fields(notification: Notification) -> Block:
    facts = wording.facts(notification)[:FIELDS]
    texts = [_mrkdwn(fitting(f"*{name}*\n{escaped(value)}", FIELD)) for name, value in facts]
    return {"type": "section", "fields": texts}


def _notes(alert: PerformanceAlert) -> list[Block]:
    labels = wording.labels_line(alert)
    notes = [f"*{escaped(name)}*: {escaped(value)}" for name, value in sorted(alert.annotations.items())]
    return sections("\n".join([*([f"*labels*: {escaped(labels)}"] if labels else []), *notes]))


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"• {escaped(line)}" for line in lines)
