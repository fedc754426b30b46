"""The backend ``apprise``: a blocking send in a thread of its own, and what came of it."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Final, Self

import anyio
from apprise import NotifyBase, NotifyType, OverflowMode

from tocsin import BackendContext, Message, Notification, Outcome
from tocsin.threads import BusyError, threads_for
from tocsin_apprise.hearing import hearing
from tocsin_apprise.markup import dialect_of
from tocsin_apprise.message import notify_type, render
from tocsin_apprise.pieces import pieces_of
from tocsin_apprise.service import opened
from tocsin_apprise.settings import AppriseConfig
from tocsin_apprise.verdict import outcome_of, sign_of_error

__all__ = ["MOST_THREADS", "AppriseBackend"]

MOST_THREADS: Final = 8
"""Threads of one destination, those included that nobody waits for any more."""


class AppriseBackend:
    """Sends each notification once, through the service that its URL leads to.

    Nobody can end what blocks in a thread: after ``timeout_seconds`` the outcome is *unknown*, and the thread is left
    to itself. It counts among the threads of its destination until it ends; when all are taken, nothing more is sent
    there, and the outcome is *unavailable*. Services may hold a state of their own between sends (a login), so one is
    used again, by one thread at a time.
    """

    def __init__(self, config: AppriseConfig, context: BackendContext) -> None:
        self._config = config
        self._threads = threads_for(("apprise", config.url), MOST_THREADS)
        self._idle: list[NotifyBase] = []
        self._left = False

    async def send(self, notification: Notification) -> Outcome:
        """Try once to deliver *notification*."""
        message = notification.message or render(notification, None)
        kind = notify_type(notification)
        config = self._config
        try:
            with anyio.move_on_after(config.timeout_seconds):
                return await self._threads.call(lambda: self._deliver(message, kind))
        except BusyError as error:
            return Outcome.unavailable(f"{config.service}: {error}")
        return Outcome.unknown(f"{config.service}: no answer within {config.timeout_seconds:g} s; it may have arrived")

    def _deliver(self, message: Message, kind: NotifyType) -> Outcome:
        """Send, in a thread that may block for as long as it takes."""
        name = self._config.service
        with hearing() as heard:
            try:
                service = self._taken()
                sent = _all_sent(service, message, kind)
            except BaseException as error:  # noqa: BLE001  whatever a plugin raises, SystemExit too
                return outcome_of(name, sign_of_error(error))
            if not self._left:
                self._idle.append(service)
            return Outcome.delivered(name) if sent else outcome_of(name, heard.sign)

    def _taken(self) -> NotifyBase:
        try:
            return self._idle.pop()
        except IndexError:
            return opened(self._config.url, self._config.timeout_seconds)

    async def __aenter__(self) -> Self:
        self._left = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = True
        idle, self._idle = self._idle, []
        if idle:
            threading.Thread(target=_forget, args=(idle,), name="tocsin-apprise", daemon=True).start()


def _all_sent(service: NotifyBase, message: Message, kind: NotifyType) -> bool:
    """Send *message* in its pieces, up to the first that fails; Apprise is told that there is nothing left to do."""
    dialect = dialect_of(service)
    done: dict[str, Any] = {"body_format": dialect.format, "body_passthrough": False, "overflow": OverflowMode.UPSTREAM}
    return all(
        service.notify(title=title, body=body, notify_type=kind, **done) for title, body in pieces_of(dialect, message)
    )


def _forget(services: list[NotifyBase]) -> None:
    """Let *services* go, in a thread: some say goodbye over the network when they are collected."""
    with hearing():
        services.clear()
