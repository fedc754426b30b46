"""The logbook: what happened, for whoever reads logs. Decisions are details (debug), what people should look at is not.

Logger ``tocsin.engine``. Alerts' texts are not logged, their ids are; nothing here can hold a secret. Each event is one
line: ids and answers come from others, who could write lines of their own otherwise.
"""

from __future__ import annotations

import logging
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

__all__ = ["write"]


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


def write(event: Event) -> None:
    """Log *event*: an alert that no rule matches, a new gap and an attempt that failed as a warning, a level as
    information, everything else as a detail."""
    if isinstance(event, AlertRouted) and not event.rule_ids and not event.alert_id.startswith(RESERVED):
        _log.warning("alert %s is unrouted: no rule matches it", event.alert_id)
    elif isinstance(event, GapRecorded) and event.gap.count == 1:
        _log.warning("gap: %s %s: %s", event.gap.kind.value, event.gap.subject, event.gap.detail)
    elif isinstance(event, AttemptFinished) and not event.delivery.success:
        sent = event.delivery
        text = "%s to %s: attempt %d %s: %s"
        count = sent.retry_count + 1
        _log.warning(text, sent.notification_id, sent.channel_id, count, sent.outcome, sent.response_message)
    elif isinstance(event, LevelReached):
        channels = ", ".join(event.channel_ids)
        _log.info("incident %s: %s reaches level %s: %s", event.incident_id, event.policy_id, event.level, channels)
    elif _log.isEnabledFor(logging.DEBUG):
        _detail(event)


def _detail(event: Event) -> None:
    if isinstance(event, FactAccepted):
        _log.debug("accepted %s", type(event.fact).__name__)
    elif isinstance(event, AlertRouted):
        rules, channels = ", ".join(event.rule_ids), ", ".join(event.channel_ids)
        _log.debug("alert %s: rules %s, channels %s, incident %s", event.alert_id, rules, channels, event.incident_id)
    elif isinstance(event, TellingDecided):
        _log.debug("alert %s on %s: %s, %s", event.alert_id, event.channel_id, event.action.value, event.reason.value)
    elif isinstance(event, NotificationChanged):
        reason = "" if event.reason is None else event.reason.value
        _log.debug("%s to %s: %s %s", event.notification_id, event.channel_id, event.state.value, reason)
    elif isinstance(event, AttemptFinished):
        sent = event.delivery
        _log.debug("%s to %s: delivered in %.0f ms", sent.notification_id, sent.channel_id, sent.delivery_time_ms)
