"""The base of a backend that speaks HTTP: it says what to send, and everything else is done for it."""

from __future__ import annotations

import abc
from types import TracebackType
from typing import Self

import httpx

from tocsin.http.sender import HttpSender
from tocsin.http.verdict import outcome_of
from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome

__all__ = ["HttpBackend"]


class HttpBackend(abc.ABC):
    """A backend whose notifications are one HTTP request each.

    A subclass owes :meth:`request`; it overrides :meth:`judge` where a status code does not tell the whole story. The
    connections live as long as the backend is entered.
    """

    def __init__(self, sender: HttpSender) -> None:
        self.sender = sender

    @abc.abstractmethod
    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*."""

    def judge(self, response: httpx.Response) -> Outcome:
        """Return what *response* means; by default its status decides (see :func:`tocsin.http.outcome_of`)."""
        return outcome_of(response)

    async def send(self, notification: Notification) -> Outcome:
        """Try once to deliver *notification*."""
        return await self.sender.send(self.request(notification), self.judge)

    async def __aenter__(self) -> Self:
        await self.sender.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.sender.__aexit__(kind, error, trace)
