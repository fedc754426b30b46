"""The logbook: what happened, for whoever reads logs. Decisions are details (debug), what people should look at is not.

Logger ``tocsin.engine``. Alerts' texts are not logged, their ids are; nothing here can hold a secret. Each event is one
line: ids and answers come from others, who could write lines of their own otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from tocsin.engine.gaps import RESERVED
from tocsin.model.event import (
    AlertRouted,
    AttemptFinished,
    Event,
    FactAccepted,
    GapRecorded,
    LevelReached,
    NotificationChanged,
    TellingDecided,
)

__all__ = ["noted", "write"]


class _Lines(logging.LoggerAdapter[logging.Logger]):
    """Writes what is not printable, line ends among it, as escapes."""

    def log(self, level: int, msg: object, *args: object, **options: Any) -> None:
        """Log *msg* with *args*, on one line."""
        if self.isEnabledFor(level):
            lines = (_on_one_line(arg) if isinstance(arg, str) else arg for arg in args)
            self.logger.log(level, msg, *lines, stacklevel=2, **options)


def _on_one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


_log: Final = _Lines(logging.getLogger("tocsin.engine"))


_IDS: Final = ("alert_id", "incident_id", "channel_id", "notification_id", "policy_id")


def _ids(event: Event) -> dict[str, Any]:
    """Return what a record has besides its text: ``ids``, by which machines find all lines about one thing."""
    about = event.delivery if isinstance(event, AttemptFinished) else event
    ids = {name: value for name in _IDS if (value := getattr(about, name, None))}
    return {"ids": {"event": type(event).__name__, **ids}}


_DETAILS: Final = (FactAccepted, NotificationChanged, TellingDecided)


def noted(events: Sequence[Event]) -> Sequence[Event]:
    """Return those of *events* that may have to be written: mere details only where somebody wants these."""
    if _log.isEnabledFor(logging.DEBUG):
        return events
    return [
        event
        for event in events
        if not (isinstance(event, _DETAILS) or (isinstance(event, AlertRouted) and event.rule_ids))
    ]


def write(event: Event) -> None:
    """Log *event*: an alert that no rule matches, a new gap and an attempt that failed as a warning, a level as
    information, everything else as a detail. Each record has the event's name and ids as its attribute ``ids``."""
    if isinstance(event, AlertRouted) and not event.rule_ids and not event.alert_id.startswith(RESERVED):
        _log.warning("alert %s is unrouted: no rule matches it", event.alert_id, extra=_ids(event))
    elif isinstance(event, GapRecorded) and event.gap.count == 1:
        gap = event.gap
        _log.warning("gap: %s %s: %s", gap.kind.value, gap.subject, gap.detail, extra=_ids(event))
    elif isinstance(event, AttemptFinished) and not event.delivery.success:
        sent = event.delivery
        number, said = sent.retry_count + 1, sent.response_message
        text = "%s to %s: attempt %d %s: %s"
        _log.warning(text, sent.notification_id, sent.channel_id, number, sent.outcome, said, extra=_ids(event))
    elif isinstance(event, LevelReached):
        channels, text = ", ".join(event.channel_ids), "incident %s: %s reaches level %s: %s"
        _log.info(text, event.incident_id, event.policy_id, event.level, channels, extra=_ids(event))
    elif _log.isEnabledFor(logging.DEBUG):
        detail, *about = _detail(event)
        if detail:
            _log.debug(detail, *about, extra=_ids(event))


def _detail(event: Event) -> tuple[Any, ...]:
    """Return the text of a detail, and what stands in its places."""
    if isinstance(event, FactAccepted):
        return "accepted %s", type(event.fact).__name__
    if isinstance(event, AlertRouted):
        rules, channels = ", ".join(event.rule_ids), ", ".join(event.channel_ids)
        return "alert %s: rules %s, channels %s, incident %s", event.alert_id, rules, channels, event.incident_id
    if isinstance(event, TellingDecided):
        return "alert %s on %s: %s, %s", event.alert_id, event.channel_id, event.action.value, event.reason.value
    if isinstance(event, NotificationChanged):
        reason = "" if event.reason is None else event.reason.value
        return "%s to %s: %s %s", event.notification_id, event.channel_id, event.state.value, reason
    if isinstance(event, AttemptFinished):
        sent = event.delivery
        return "%s to %s: delivered in %.0f ms", sent.notification_id, sent.channel_id, sent.delivery_time_ms
    return ("",)
