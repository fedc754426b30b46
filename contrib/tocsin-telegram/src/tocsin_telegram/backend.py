"""The backend ``telegram``: one call of the Bot API's ``sendMessage``, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import attrs
import httpx

from tocsin import BackendContext, Notification, Outcome, OutcomeStatus
from tocsin.http import HttpBackend, HttpSender, json_answer, json_content, outcome_of, waiting_seconds
from tocsin_telegram.markup import TEXT, fitting, shown
from tocsin_telegram.message import HTML_TYPE, render
from tocsin_telegram.settings import TelegramConfig

__all__ = ["TelegramBackend"]

_JSON_TYPE: Final = "application/json"


class TelegramBackend(HttpBackend):
    """Sends each notification as one message (https://core.telegram.org/bots/api#sendmessage).

    The token is a part of the URL that is asked for; it is kept out of whatever is shown. The Bot API has no
    idempotency key: a message whose answer was lost is sent again, and may be there twice.
    """

    def __init__(self, config: TelegramConfig, context: BackendContext) -> None:
        token = config.bot_token
        secrets = (token, token.partition(":")[2])
        super().__init__(HttpSender(timeout_seconds=config.timeout_seconds, secrets=secrets, options=config.http))
        self._config = config
        self._chat_id: int | str = config.chat_id
        self._url = f"{config.api_url.rstrip('/')}/bot{token}/sendMessage"

    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*."""
        thread = self._config.message_thread_id
        document: dict[str, Any] = {
            "chat_id": self._chat_id,
            **({} if thread is None else {"message_thread_id": thread}),
            "text": _html(notification),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "disable_notification": self._is_silent(notification),
        }
        return httpx.Request("POST", self._url, headers={"Content-Type": _JSON_TYPE}, content=json_content(document))

    def _is_silent(self, notification: Notification) -> bool:
        mild = notification.severity < self._config.silent_below and notification.level is None
        return mild or self._config.disable_notifications

    def judge(self, response: httpx.Response) -> Outcome:
        """Return what *response* means: its status, and what the Bot API says besides.

        https://core.telegram.org/bots/api#making-requests: an answer is an object with ``ok``; of errors,
        ``parameters`` has how long to wait, or the number of the supergroup that a group has become.
        """
        answer = json_answer(response)
        if response.is_success:
            return _success(response, answer)
        parameters = answer.get("parameters")
        if not isinstance(parameters, dict):
            return outcome_of(response)
        moved = parameters.get("migrate_to_chat_id")
        if isinstance(moved, int) and not isinstance(moved, bool) and moved != _chat_of(response.request):
            return self._moved(moved, response.status_code)
        return _waiting(outcome_of(response), waiting_seconds(parameters.get("retry_after")))

    def _moved(self, chat_id: int, code: int) -> Outcome:
        """Write to the supergroup from now on, this notification too; the settings are for people to change."""
        self._chat_id = chat_id
        problem = f"the group has become a supergroup, which is written to from now on: its chat_id is {chat_id}"
        return Outcome.unavailable(problem, code=code, retry_after_seconds=0.0)


def _chat_of(request: httpx.Request) -> Any:
    """Return the chat that was written to: another send may have followed a move meanwhile."""
    return json.loads(request.content)["chat_id"]


def _html(notification: Notification) -> str:
    """Return the text; what another renderer made, since this one failed, is shown as it is."""
    message = notification.message or render(notification, None)
    return (
        message.body
        if message.content_type == HTML_TYPE
        else fitting(shown(f"{message.subject}\n{message.body}", TEXT))
    )


def _success(response: httpx.Response, answer: Mapping[str, Any]) -> Outcome:
    result = answer.get("result")
    if answer.get("ok") is True:
        number = result.get("message_id") if isinstance(result, dict) else None
        detail = f"message {number}" if isinstance(number, int) else ""
        return Outcome.delivered(detail, code=response.status_code)
    if answer or response.headers.get("content-type", "").lower().startswith("text/html"):
        return Outcome.rejected("what answered is no Bot API: look at api_url", code=response.status_code)
    return Outcome.unknown("the answer cannot be read; the message may have arrived", code=response.status_code)


def _waiting(outcome: Outcome, seconds: float | None) -> Outcome:
    """Return *outcome* with the longer of both waiting times, where it may be tried again."""
    if seconds is None or outcome.status not in (OutcomeStatus.THROTTLED, OutcomeStatus.UNAVAILABLE):
        return outcome
    return attrs.evolve(outcome, retry_after_seconds=max(seconds, outcome.retry_after_seconds or 0.0))
