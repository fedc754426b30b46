"""The backend ``slack-app``: one message per incident, changed as it changes, with a thread for what happens."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import anyio
import attrs

from tocsin import BackendContext, Notification, NotificationKind, Outcome, OutcomeStatus
from tocsin_slack_app.answers import GONE, UNFIT, Answer
from tocsin_slack_app.blocks import event, incident_of, is_firing, is_taken, standing
from tocsin_slack_app.buttons import Target
from tocsin_slack_app.finding import Finder, Thread, Threads, is_of_incident, note
from tocsin_slack_app.settings import SlackAppConfig
from tocsin_slack_app.web_api import WebApi

__all__ = ["SlackAppBackend"]

_log: Final = logging.getLogger("tocsin.slack_app")

_GRACE_SECONDS: Final = 1.0
"""Beyond its own timeout, so that a call which is the only one of its attempt says itself how far it got."""

_PATIENCE: Final = 3
"""So many attempts are put off where Slack cannot be asked what it has already."""

_UNPARSED: Final = {"parse": "none", "link_names": False}
"""Names and channels in a text are not looked for, and nobody is mentioned by them."""


_HAD_IT: Final = Outcome.delivered("Slack had it already")


@attrs.frozen(slots=True)
class _Known:
    """What Slack has: the incident's message, if there is one, and whether the notification is in its thread."""

    thread: Thread | None = None
    told: bool = False


class SlackAppBackend:
    """Tells each incident in one message.

    The first notification of an incident is a message in the channel. Each later one is told in its thread, and in the
    channel as well where people have to notice (``broadcast``); then the message itself is changed to how the incident
    stands. People are told first: a change of a message makes nobody look.

    Which message is an incident's is remembered. What is not remembered, after a restart, is asked of Slack (see
    :mod:`tocsin_slack_app.finding`), and so is, before a second attempt, whether Slack has what the first one sent:
    Slack takes no idempotency key. Nothing is asked on the way of a first message.
    """

    def __init__(self, config: SlackAppConfig, context: BackendContext) -> None:
        self._config = config
        self._api = WebApi(config.bot_token, config.api_url, config.timeout_seconds, config.http)
        self._threads = Threads()
        self._finder = Finder(self._api, config.channel, self._threads)

    async def __aenter__(self) -> Self:
        await self._api.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._api.__aexit__(kind, error, trace)

    async def send(self, notification: Notification) -> Outcome:
        """Try once to tell *notification*."""
        looked = False
        with anyio.move_on_after(self._config.timeout_seconds + _GRACE_SECONDS):
            known = await self._look(notification)
            if isinstance(known, Outcome):
                return known
            looked = True
            return await self._tell(notification, known)
        problem = f"Slack did not answer all calls within {self._config.timeout_seconds:g} s"
        return Outcome.unknown(problem) if looked else Outcome.unavailable(problem)

    async def _look(self, notification: Notification) -> _Known | Outcome:
        """Return what Slack has of it already, or what becomes of the attempt where nothing is to be told, or not now.

        Slack is asked where it matters and is not known.
        """
        again = notification.attempt > 1
        if not is_of_incident(notification):
            posted = await self._finder.is_posted(notification) if again else False
            return _HAD_IT if posted is True else _put_off(posted, notification) or _Known()
        found: Thread | Outcome | None = self._threads.get(notification.incident_id)
        if found is None and (again or notification.told_severity is not None):
            found = await self._finder.thread(notification)
        if not isinstance(found, Thread):
            return _put_off(found, notification) or _Known()
        self._threads.put(notification.incident_id, found)
        if not again:
            return _Known(found)
        if notification.notification_id == found.notification_id:
            return _HAD_IT
        told = found.told == notification.notification_id or await self._finder.is_told(notification, found.ts)
        return _put_off(told, notification) or _Known(found, told is True)

    async def _tell(self, notification: Notification, known: _Known) -> Outcome:
        if not is_of_incident(notification):
            answer = await self._post_message(notification, _firing_ids(notification, frozenset()))
            return _delivered(answer) if answer.ok else answer.outcome
        if known.thread is None:
            return await self._begin(notification)
        return await self._go_on(known.thread, notification, told=known.told)

    async def _begin(self, notification: Notification) -> Outcome:
        """Post the incident's message."""
        alert_ids = _firing_ids(notification, frozenset())
        answer = await self._post_message(notification, alert_ids)
        if answer.ok and answer.text("ts"):
            thread = Thread(answer.text("ts"), notification.notification_id, alert_ids)
            self._threads.put(notification.incident_id, thread)
        return _delivered(answer) if answer.ok else answer.outcome

    async def _go_on(self, thread: Thread, notification: Notification, *, told: bool) -> Outcome:
        """Tell the event in the thread, and then change the incident's message."""
        detail = "it was in the thread already"
        if not told:
            answer = await self._post(notification, event(notification), thread)
            if answer.error in GONE:
                return await self._begin_anew(notification)
            if not answer.ok:
                return answer.outcome
            detail = f"in the thread: {answer.text('ts')}"
        thread.told = notification.notification_id
        return await self._change(thread, notification, detail)

    async def _change(self, thread: Thread, notification: Notification, detail: str) -> Outcome:
        """Change the incident's message; people have been told, whatever comes of it."""
        alert_ids = _firing_ids(notification, thread.alert_ids)
        state = await self._finder.state(thread.ts) if is_taken(notification) else ""
        document = standing(notification, self._target(notification, alert_ids), self._config.page_url, state)
        place = {"channel": self._config.channel, "ts": thread.ts}
        answer = await _written(self._api.update, {**place, **_UNPARSED, **document})
        if answer.error in GONE:
            return await self._begin_anew(notification)
        if answer.ok:
            thread.alert_ids = alert_ids
            return Outcome.delivered(detail, code=answer.outcome.code)
        problem = f"{detail}, but the message above it is not changed: {answer.outcome.detail}"
        if answer.outcome.status is OutcomeStatus.REJECTED:
            return Outcome.delivered(problem, code=answer.outcome.code)
        return Outcome.unknown(problem, code=answer.outcome.code)

    async def _begin_anew(self, notification: Notification) -> Outcome:
        """Somebody deleted the incident's message."""
        self._threads.forget(notification.incident_id)
        return await self._begin(notification)

    async def _post_message(self, notification: Notification, alert_ids: frozenset[str] | None) -> Answer:
        document = standing(notification, self._target(notification, alert_ids), self._config.page_url)
        return await self._post(notification, document)

    async def _post(self, notification: Notification, document: dict[str, Any], thread: Thread | None = None) -> Answer:
        arguments = {
            "channel": self._config.channel,
            **document,
            **_UNPARSED,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": note(notification, reply=thread is not None),
        }
        if thread is not None:
            arguments |= {"thread_ts": thread.ts, "reply_broadcast": self._is_broadcast(notification)}
        return await _written(self._api.post, arguments)

    def _is_broadcast(self, notification: Notification) -> bool:
        kind = notification.kind
        return (NotificationKind.MORE if kind is NotificationKind.FIRING else kind).value in self._config.broadcast

    def _target(self, notification: Notification, alert_ids: frozenset[str] | None) -> Target | None:
        """Return what the buttons are about; None where there are to be none."""
        answerable = notification.kind not in (NotificationKind.DIGEST, NotificationKind.HEARTBEAT)
        if not self._config.buttons or not answerable or not is_firing(notification):
            return None
        return Target(
            notification.incident_id, None if alert_ids is None else tuple(sorted(alert_ids)), notification.test
        )


async def _written(call: Callable[[Mapping[str, Any]], Awaitable[Answer]], arguments: Mapping[str, Any]) -> Answer:
    """Post or change a message; one whose blocks Slack does not take is told as text, without buttons."""
    answer = await call(arguments)
    if answer.error not in UNFIT:
        return answer
    _log.warning("Slack does not take the form of a message, and is told its text alone: %s", answer.outcome.detail)
    return await call({name: value for name, value in arguments.items() if name != "blocks"})


def _put_off(look: object, notification: Notification) -> Outcome | None:
    """Return what becomes of an attempt that could not look first, and so tells nothing; None where it goes on.

    Where a look never will succeed (a scope is missing, say), or has failed too often, an alert that may be there twice
    is better than none.
    """
    if not isinstance(look, Outcome) or look.status is OutcomeStatus.REJECTED or notification.attempt > _PATIENCE:
        return None
    detail = f"Slack could not be asked whether it has the message: {look.detail}"
    if look.status is OutcomeStatus.THROTTLED:
        return Outcome.throttled(detail, code=look.code, retry_after_seconds=look.retry_after_seconds)
    return Outcome.unavailable(detail, code=look.code, retry_after_seconds=look.retry_after_seconds)


def _firing_ids(notification: Notification, known: frozenset[str] | None) -> frozenset[str] | None:
    """Return the alerts of the incident that fire after *notification*, when *known* did before it."""
    firing = {listed.alert.alert_id for listed in notification.firing}
    incident = incident_of(notification)
    if incident is not None and incident.firing_count == len(firing):
        return frozenset(firing)
    if known is None:
        return None
    return (known | firing) - {listed.alert.alert_id for listed in notification.resolved}


def _delivered(answer: Answer) -> Outcome:
    return Outcome.delivered(f"message {answer.text('ts')}".strip()[:80], code=answer.outcome.code)
