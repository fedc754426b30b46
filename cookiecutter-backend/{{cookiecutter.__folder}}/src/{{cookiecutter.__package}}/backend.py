"""The backend: each notification is one message, and what the service answers is an outcome.

The service here does not exist. It takes ``{"title": …, "text": …, "urgent": …}`` as JSON under a bearer token; both
texts are HTML, of 200 and 4,000 characters as a reader sees them; it answers 202 with the message's id. Put your own in
its place, with links to its documentation, and mend the service in ``tests/`` likewise.
"""

from __future__ import annotations

import html
from typing import Final

import httpx
from tocsin import (
    AlertSeverity,
    AlertStatus,
    BackendContext,
    BackendRegistrar,
    Message,
    Notification,
    Outcome,
    hookimpl,
    wording,
)
from tocsin.http import HARD_TIMEOUT, HttpBackend, HttpSender, json_answer, json_content, outcome_of

from .settings import ServiceConfig

__all__ = ["ServiceBackend", "tocsin_register_backends"]

_TITLE: Final = 200
_TEXT: Final = 4000


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``{{ cookiecutter.name }}``: people read it, and the renderer ``text`` words it."""
    registrar.register(
        "{{ cookiecutter.name }}",
        ServiceBackend,
        config_class=ServiceConfig,
        renderer="text",
        human=True,
        timeout_seconds=HARD_TIMEOUT,
    )


class ServiceBackend(HttpBackend):
    """Posts each notification as a message; connections, timeouts and failures of the network are the base's."""

    def __init__(self, config: ServiceConfig, context: BackendContext) -> None:
        sender = HttpSender(timeout_seconds=config.timeout_seconds, secrets=[config.token], options=config.http)
        super().__init__(sender)
        self._config = config

    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*; its id lets the service tell an attempt from a repetition."""
        message = notification.message or Message(wording.headline(notification), "")
        fires = notification.status is AlertStatus.FIRING
        document = {
            "title": _shown(wording.one_line(message.subject) or wording.headline(notification), _TITLE),
            "text": _shown(message.body, _TEXT),
            "urgent": fires and notification.severity >= AlertSeverity.CRITICAL,
        }
        headers = {
            "Authorization": f"Bearer {self._config.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": notification.notification_id,
        }
        return httpx.Request("POST", self._config.url, headers=headers, content=json_content(document))

    def judge(self, response: httpx.Response) -> Outcome:
        """Return what *response* means: its status says it, but whoever takes a message gives it an id.

        2xx with an id is delivered; 429 throttled, 408, 425 and 5xx unavailable, each with its ``Retry-After``; the
        rest is rejected. A portal that says 200 to everything may have swallowed the message: unknown.
        """
        outcome = outcome_of(response)
        if outcome.success and not json_answer(response).get("id"):
            return Outcome.unknown(f"{outcome.detail}; the service answers with the message's id", code=outcome.code)
        return outcome


def _shown(text: str, limit: int) -> str:
    """Return *text*, cut to *limit*, so that the service shows it and does nothing that it says."""
    return html.escape(wording.shortened(text, limit))
