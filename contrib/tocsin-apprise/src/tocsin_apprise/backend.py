"""The backend ``apprise``: a blocking send in a thread of its own, and what came of it."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import anyio
from apprise import NotifyBase, NotifyFormat, NotifyType

from tocsin import BackendContext, Message, Notification, Outcome
from tocsin_apprise.hearing import hearing
from tocsin_apprise.message import fitted, notify_type, render
from tocsin_apprise.service import opened
from tocsin_apprise.settings import AppriseConfig
from tocsin_apprise.threads import Busy, threads_for
from tocsin_apprise.verdict import outcome_of, sign_of_error

__all__ = ["AppriseBackend"]


class AppriseBackend:
    """Sends each notification once, through the service that its URL leads to.

    Nobody can end what blocks in a thread: after ``timeout_seconds`` the outcome is *unknown*, and the thread is left
    to itself. It counts among the threads of its destination until it ends; when all are taken, nothing more is sent
    there, and the outcome is *unavailable*. Services may hold a state of their own between sends (a login), so one is
    used again, by one thread at a time.
    """

    def __init__(self, config: AppriseConfig, context: BackendContext) -> None:
        self._config = config
        self._threads = threads_for(config.url)
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
        except Busy:
            waiting = self._threads.abandoned
            detail = (
                f"{config.service}: all {self._threads.limit} threads are taken, {waiting} of them by sends given up"
            )
            return Outcome.unavailable(detail)
        return Outcome.unknown(f"{config.service}: no answer within {config.timeout_seconds:g} s; it may have arrived")

    def _deliver(self, message: Message, kind: NotifyType) -> Outcome:
        """Send, in a thread that may block for as long as it takes."""
        name = self._config.service
        with hearing() as heard:
            try:
                service = self._taken()
                title, body = fitted(service, message)
                sent = service.notify(title=title, body=body, notify_type=kind, body_format=NotifyFormat.TEXT)
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


def _forget(services: list[NotifyBase]) -> None:
    """Let *services* go, in a thread: some say goodbye over the network when they are collected."""
    with hearing():
        services.clear()
