"""How a message is found again: by what tocsin noted in its metadata.

Slack keeps metadata beside a message (https://docs.slack.dev/messaging/message-metadata), unseen by people, changed by
nobody but the app, and gives them out with a channel's history. A message of an incident, and each event in its thread,
has the ids of the incident, of the notification that it tells, and of tocsin's channel in them. So nothing needs to be
kept elsewhere: after a restart, and after an answer that was lost, Slack itself is asked what it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from tocsin import Notification, Outcome
from tocsin_slack_app.blocks import incident_of
from tocsin_slack_app.buttons import target_in
from tocsin_slack_app.web_api import WebApi

__all__ = ["Finder", "Thread", "note"]

_INCIDENT: Final = "tocsin_incident"
_EVENT: Final = "tocsin_event"
_SLACK_CLOCK: Final = 600.0
"""Seconds by which Slack's clock may be behind ours."""

_UNDATED: Final = 86_400.0
"""So far back an incident of unknown age is looked for."""


@attrs.define(slots=True)
class Thread:
    """The message of an incident: what it is known by in Slack, and which notification it was posted for.

    ``alert_ids`` are the alerts that fire, as far as the channel was told (None: not known). ``told`` is the
    notification that was told in the thread last.
    """

    ts: str
    notification_id: str
    alert_ids: frozenset[str] | None = None
    told: str = ""


def note(notification: Notification, *, reply: bool) -> dict[str, Any]:
    """Return the metadata of a message that tells *notification*."""
    return {"event_type": _EVENT if reply else _INCIDENT, "event_payload": _ids(notification)}


def _ids(notification: Notification) -> dict[str, str]:
    return {
        "incident_id": notification.incident_id,
        "notification_id": notification.notification_id,
        "channel_id": notification.channel_id,
    }


@attrs.frozen(slots=True)
class Finder:
    """Looks in one Slack channel."""

    api: WebApi
    channel: str

    async def thread(self, notification: Notification) -> Thread | Outcome | None:
        """Return the message of the notification's incident; None where there is none, or what came of a call that
        failed."""
        incident = incident_of(notification)
        since = notification.created_at - _UNDATED if incident is None else incident.created_at - _SLACK_CLOCK
        wanted = _ids(notification)
        del wanted["notification_id"]
        return _thread(await self.api.find_message(self.channel, max(since, 0.0), _is(_INCIDENT, wanted)))

    async def message(self, notification: Notification) -> Thread | Outcome | None:
        """Return the message that was posted for *notification* itself, in the channel."""
        since = max(notification.created_at - _SLACK_CLOCK, 0.0)
        return _thread(await self.api.find_message(self.channel, since, _is(_INCIDENT, _ids(notification))))

    async def is_told(self, notification: Notification, ts: str) -> bool | Outcome:
        """Return whether *notification* is in the thread *ts*, or what came of a call that failed."""
        since = max(notification.created_at - _SLACK_CLOCK, 0.0)
        found = await self.api.find_reply(self.channel, ts, since, _is(_EVENT, _ids(notification)))
        return found if isinstance(found, Outcome) else found is not None


def _is(event_type: str, wanted: Mapping[str, str]) -> Callable[[Mapping[str, Any]], bool]:
    """Return the test of a message: whether its metadata say *wanted*."""

    def holds(message: Mapping[str, Any]) -> bool:
        metadata = message.get("metadata")
        if not isinstance(metadata, dict) or metadata.get("event_type") != event_type:
            return False
        payload = metadata.get("event_payload")
        if not isinstance(payload, dict) or not isinstance(message.get("ts"), str):
            return False
        return all(payload.get(name) == value for name, value in wanted.items())

    return holds


def _thread(found: Mapping[str, Any] | Outcome | None) -> Thread | Outcome | None:
    if found is None or isinstance(found, Outcome):
        return found
    target = target_in(found)
    listed = None if target is None or target.alert_ids is None else frozenset(target.alert_ids)
    return Thread(found["ts"], found["metadata"]["event_payload"].get("notification_id", ""), listed)
