"""How a message is found again: by what tocsin noted in its metadata.

Slack keeps metadata beside a message (https://docs.slack.dev/messaging/message-metadata), unseen by people, changed by
nobody but the app, and gives them out with a channel's history. A message of an incident, and each event in its thread,
has the ids of the incident, of the notification that it tells, and of tocsin's channel in them. So nothing needs to be
kept elsewhere: after a restart, and after an answer that was lost, Slack itself is asked what it has.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from tocsin import Notification, NotificationKind, Outcome
from tocsin_slack_app.blocks import incident_of
from tocsin_slack_app.buttons import state_in, target_in
from tocsin_slack_app.web_api import WebApi

__all__ = ["Finder", "Thread", "Threads", "is_of_incident", "note"]

_INCIDENT: Final = "tocsin_incident"
_EVENT: Final = "tocsin_event"
_ALONE: Final = "tocsin_message"
"""What belongs to no incident, or to several: it must never be taken for an incident's message, and changed."""

_MOST_THREADS: Final = 10_000
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


def is_of_incident(notification: Notification) -> bool:
    """Whether *notification* belongs to one incident; a test, a heartbeat and a digest do not."""
    return not notification.test and notification.kind not in (NotificationKind.DIGEST, NotificationKind.HEARTBEAT)


def note(notification: Notification, *, reply: bool) -> dict[str, Any]:
    """Return the metadata of a message that tells *notification*."""
    posted = _INCIDENT if is_of_incident(notification) else _ALONE
    return {"event_type": _EVENT if reply else posted, "event_payload": _ids(notification)}


def _ids(notification: Notification) -> dict[str, str]:
    return {
        "incident_id": notification.incident_id,
        "notification_id": notification.notification_id,
        "channel_id": notification.channel_id,
    }


class Threads:
    """The messages of incidents that are known, the ones that were needed last; the others are asked of Slack."""

    def __init__(self) -> None:
        self._by_incident: OrderedDict[str, Thread] = OrderedDict()

    def get(self, incident_id: str) -> Thread | None:
        """Return the message of an incident, if it is known."""
        if incident_id in self._by_incident:
            self._by_incident.move_to_end(incident_id)
        return self._by_incident.get(incident_id)

    def put(self, incident_id: str, thread: Thread) -> None:
        """Know the message of an incident."""
        self._by_incident[incident_id] = thread
        self._by_incident.move_to_end(incident_id)
        while len(self._by_incident) > _MOST_THREADS:
            self._by_incident.popitem(last=False)

    def forget(self, incident_id: str) -> None:
        """Somebody deleted the message."""
        self._by_incident.pop(incident_id, None)


@attrs.frozen(slots=True)
class Finder:
    """Looks in one Slack channel. Whatever incidents it comes by are known afterwards: after a restart, one look finds
    the messages of many."""

    api: WebApi
    channel: str
    threads: Threads

    async def thread(self, notification: Notification) -> Thread | Outcome | None:
        """Return the message of the notification's incident; None where there is none, or what came of a call that
        failed."""
        incident = incident_of(notification)
        since = notification.created_at - _UNDATED if incident is None else incident.created_at - _SLACK_CLOCK
        wanted = _ids(notification)
        del wanted["notification_id"]
        mine = _is(_INCIDENT, {"channel_id": notification.channel_id})
        sought = _is(_INCIDENT, wanted)

        def holds(message: Mapping[str, Any]) -> bool:
            if mine(message):
                self._meet(message)
            return sought(message)

        return _thread(await self.api.find_message(self.channel, max(since, 0.0), holds))

    def _meet(self, message: Mapping[str, Any]) -> None:
        """Know the message of another incident too, unless a later one of it is known."""
        incident_id = message["metadata"]["event_payload"].get("incident_id")
        met = _thread(message)
        if isinstance(incident_id, str) and isinstance(met, Thread):
            known = self.threads.get(incident_id)
            if known is None or known.ts < met.ts:
                self.threads.put(incident_id, met)

    async def state(self, ts: str) -> str:
        """Return what an incident's message says about who has answered; empty where that cannot be had."""
        message = await self.api.message(self.channel, ts)
        return "" if message is None else state_in(message)

    async def is_posted(self, notification: Notification) -> bool | Outcome:
        """Return whether *notification*, which is of no incident, is in the channel, or what came of a call that
        failed."""
        since = max(notification.created_at - _SLACK_CLOCK, 0.0)
        found = await self.api.find_message(self.channel, since, _is(_ALONE, _ids(notification)))
        return found if isinstance(found, Outcome) else found is not None

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
