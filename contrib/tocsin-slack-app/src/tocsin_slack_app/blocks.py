"""Messages in Block Kit: an incident as it stands now, and each of its events, within Slack's limits.

https://docs.slack.dev/reference/block-kit/blocks: a header has 150 characters, a section 3,000, each of its at most ten
fields 2,000, and a message 50 blocks. How long all blocks together may be is not published: messages of 11,000
characters were refused (https://github.com/slackapi/bolt-js/issues/2867), so what is made here stays below 9,500. The
text beside the blocks is short, for where a message is changed it may have 4,000 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from tocsin import (
    AggregatedAlert,
    AlertSeverity,
    AlertStatus,
    Notification,
    NotificationKind,
    PerformanceAlert,
    iso_time,
    wording,
)
from tocsin_slack_app.buttons import STATE, Block, Target, actions, page_link
from tocsin_slack_app.mrkdwn import escaped, fitting, linked, pieces

__all__ = ["context", "event", "incident_of", "is_firing", "is_taken", "standing"]

Document = dict[str, Any]

_HEADER: Final = 150
_SECTION: Final = 3000
_TEXT: Final = 1000
_FIELD: Final = 200
_FIELDS: Final = 10
_LINE: Final = 200
_NOTE: Final = 400
_NOTES: Final = 2000

_CALM: Final = "🟢"
_SIGNS: Final = {
    AlertSeverity.INFO: "🔵",
    AlertSeverity.WARNING: "🟡",
    AlertSeverity.ERROR: "🟠",
    AlertSeverity.CRITICAL: "🔴",
    AlertSeverity.EMERGENCY: "🟣",
}


def incident_of(notification: Notification) -> AggregatedAlert | None:
    """Return the public view of the one incident that *notification* is about, where it has it."""
    return next((one for one in notification.incidents if one.aggregation_id == notification.incident_id), None)


def is_firing(notification: Notification) -> bool:
    """Whether anything of the incident fires, as far as the channel was told."""
    return bool(notification.firing) or notification.still_firing > 0


def is_taken(notification: Notification) -> bool:
    """Whether somebody has acknowledged what fires of the incident."""
    incident = incident_of(notification)
    return incident is not None and incident.acknowledged and is_firing(notification)


def standing(notification: Notification, target: Target | None, page_url: str | None, state: str = "") -> Document:
    """Return the incident's own message: how it stands after *notification*, with buttons for *target* (None: none).

    :param state: what the message said about who has acknowledged it, in mrkdwn.
    """
    headline = _headline(notification)
    incident = incident_of(notification)
    body = _body(notification)
    if incident is not None and incident.alert_count > len(notification.alerts) and not _is_templated(notification):
        body = [_fields(_facts_of(incident, notification)), *_sections("*Latest*", 1), *body]
    alert_id = notification.alerts[0].alert.alert_id if notification.alerts else ""
    page = page_link(page_url, notification.incident_id, alert_id)
    taken = is_taken(notification)
    answered = [context(state or "✅ Acknowledged", STATE)] if taken else []
    calm = not is_firing(notification) or notification.kind is NotificationKind.HEARTBEAT
    return _document(
        _CALM if calm else _SIGNS[_severity(notification)],
        headline,
        notification,
        [*body, *_ids(notification), *answered, *actions(target, page, taken=taken)],
    )


def event(notification: Notification) -> Document:
    """Return a message of its own about *notification*, as it stands in an incident's thread."""
    headline = wording.headline(notification)
    if _is_templated(notification) and notification.message is not None:
        headline = notification.message.subject or headline
    else:
        headline = escaped(headline)
    calm = notification.status is AlertStatus.RESOLVED or notification.kind is NotificationKind.HEARTBEAT
    sign = _CALM if calm else _SIGNS[notification.severity]
    return _document(sign, headline, notification, [*_body(notification), *_ids(notification)])


def context(text: str, block_id: str | None = None) -> Block:
    """Return *text*, which is mrkdwn, as a small line."""
    named = {} if block_id is None else {"block_id": block_id}
    return {"type": "context", **named, "elements": [_mrkdwn(fitting(text, _SECTION))]}


def _document(sign: str, headline: str, notification: Notification, blocks: list[Block]) -> Document:
    said = notification.alerts[0].alert.message if notification.single and not _is_templated(notification) else ""
    headline = f"{sign} {headline}"
    text = "\n".join(filter(str.strip, [headline, escaped(said)]))
    title = {"type": "plain_text", "text": fitting(headline, _HEADER), "emoji": True}
    return {"text": fitting(text, _TEXT), "blocks": [{"type": "header", "text": title}, *blocks]}


def _severity(notification: Notification) -> AlertSeverity:
    incident = incident_of(notification)
    if incident is not None and incident.firing_count:
        return incident.severity
    return max(notification.severity, notification.told_severity or notification.severity)


def _headline(notification: Notification) -> str:
    """Return one line about the whole incident, escaped."""
    message = notification.message
    if message is not None and message.templated:
        return message.subject or escaped(wording.headline(notification))
    incident = incident_of(notification)
    if incident is None or incident.alert_count <= len(notification.alerts):
        return escaped(wording.headline(notification))
    status = "FIRING" if is_firing(notification) else "RESOLVED"
    what = f"{incident.common_metric or 'alert'}: {wording.counted(incident.alert_count, 'alert')}"
    where = wording.counted(len(incident.affected_clusters), "cluster")
    level = "" if notification.level is None else f" (escalation: {notification.level.value})"
    severity = _severity(notification).value.upper()
    return escaped(wording.one_line(f"[{status}] {severity} {what} in {where}{level}"))


def _facts_of(incident: AggregatedAlert, notification: Notification) -> Iterator[tuple[str, str]]:
    yield "Alerts", f"{incident.alert_count}: {incident.firing_count} firing"
    yield "Severity", _severity(notification).value.upper()
    yield "Clusters", wording.one_line(", ".join(sorted(filter(str.strip, incident.affected_clusters))))
    yield "First", iso_time(incident.created_at)
    yield "Last", iso_time(incident.last_updated)


def _is_templated(notification: Notification) -> bool:
    return notification.message is not None and notification.message.templated


def _body(notification: Notification) -> list[Block]:
    """Return what the headline does not say: a template's words, one alert in full, or a summary."""
    if notification.message is not None and notification.message.templated:
        return _sections(notification.message.body, 2)
    blocks = _sections(escaped(wording.level_line(notification)), 1)
    facts = wording.facts(notification)
    if notification.single:
        alert = notification.alerts[0].alert
        return [*blocks, *_sections(linked(alert.message, _SECTION), 1), _fields(facts), *_notes(alert)]
    lines = (f"• {fitting(escaped(line), _LINE)}" for line in wording.shown_alerts(notification))
    return [*blocks, *([_fields(facts)] if facts else []), *_sections("\n".join(lines), 1)]


def _fields(facts: Iterable[tuple[str, str]]) -> Block:
    texts = [_mrkdwn(f"*{name}*\n{fitting(escaped(value), _FIELD)}") for name, value in facts if value.strip()]
    return {"type": "section", "fields": texts[:_FIELDS]}


def _notes(alert: PerformanceAlert) -> list[Block]:
    lines = [f"*labels*: {fitting(escaped(wording.labels_line(alert)), _NOTE)}"] if alert.labels else []
    notes = {**alert.annotations, **({"source": alert.generator_url} if alert.generator_url else {})}
    told = {alert.message.strip(), ""}
    lines += [
        f"*{fitting(escaped(name), _FIELD)}*: {fitting(linked(value, _NOTE), _NOTE)}"
        for name, value in sorted(notes.items())
        if value.strip() not in told
    ]
    return _sections("\n".join(_within(_NOTES, lines)), 1)


def _within(room: int, lines: Iterable[str]) -> Iterator[str]:
    """Yield whole lines as long as there is room, so that no link is cut in two; then an ellipsis."""
    for line in lines:
        room -= wording.utf16_length(line) + 1
        if room < 0:
            yield "…"
            return
        yield line


def _ids(notification: Notification) -> list[Block]:
    line = escaped(wording.ids_line(notification))
    return [context(fitting(line, _NOTE))] if line else []


def _sections(text: str, most: int) -> list[Block]:
    return [{"type": "section", "text": _mrkdwn(piece)} for piece in pieces(text, _SECTION, most)]


def _mrkdwn(text: str) -> Block:
    """Return mrkdwn in which Slack looks for nothing else: no names, no channels, no bare addresses."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}
