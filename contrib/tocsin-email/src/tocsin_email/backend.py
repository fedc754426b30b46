"""The backend ``email``: each notification as one mail, given to one mail server."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import Final

import anyio
import anyio.to_thread

from tocsin import BackendContext, Notification, Outcome
from tocsin_email.attempt import Attempt
from tocsin_email.mail import encoded
from tocsin_email.rendering import render
from tocsin_email.settings import EmailConfig

__all__ = ["CONCURRENCY", "EmailBackend"]

CONCURRENCY: Final = 4
"""Connections of one channel at the same time: mail servers count them."""

_MOST_REMEMBERED: Final = 256


class EmailBackend:
    """Sends over a connection of its own per mail, with the standard library's SMTP client in a worker thread.

    When its time is up, or it is cancelled, the connection is cut, and the thread ends with it. Where a mail was taken
    for some of its recipients alone, it is remembered for whom: the next attempt goes to the others.
    """

    def __init__(self, config: EmailConfig, context: BackendContext) -> None:
        self._config = config
        self._tls = config.secured()
        self._threads = anyio.CapacityLimiter(CONCURRENCY)
        self._reached: OrderedDict[str, frozenset[str]] = OrderedDict()

    async def send(self, notification: Notification) -> Outcome:
        """Try once to give *notification* to the server."""
        attempt = self._attempt(notification)
        try:
            with anyio.move_on_after(self._config.timeout_seconds):
                return await anyio.to_thread.run_sync(attempt.carry_out, abandon_on_cancel=True, limiter=self._threads)
            return attempt.give_up()
        finally:
            attempt.give_up()
            self._remember(notification.notification_id, attempt)

    def _attempt(self, notification: Notification) -> Attempt:
        config = self._config
        message = notification.message or render(notification, None)
        everybody = config.recipients
        reached = self._reached.get(notification.notification_id, frozenset())
        return Attempt(
            config,
            self._tls,
            partial(encoded, notification, message, config.originator, everybody),
            [one.addr_spec for one in everybody if one.addr_spec not in reached],
            reached,
            notification.attempt,
        )

    def _remember(self, notification_id: str, attempt: Attempt) -> None:
        """Keep who has it, as long as somebody lacks it."""
        self._reached.pop(notification_id, None)
        reached = frozenset((*attempt.reached, *attempt.taken))
        if reached and len(reached) < len(self._config.recipients):
            self._reached[notification_id] = reached
            if len(self._reached) > _MOST_REMEMBERED:
                self._reached.popitem(last=False)
