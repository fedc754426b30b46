"""The backend ``discord``: one request to a webhook, and what Discord's answers mean."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

import attrs
import httpx

from tocsin import BackendContext, Notification, Outcome, OutcomeStatus
from tocsin.http import HttpBackend, HttpSender, json_answer, json_content, outcome_of, waiting_seconds
from tocsin_discord.message import JSON_TYPE, payload
from tocsin_discord.settings import DiscordConfig

__all__ = ["DiscordBackend"]

_USER_AGENT: Final = f"DiscordBot (https://pypi.org/project/tocsin-discord, {version('tocsin-discord')})"
"""Its form is prescribed: https://discord.com/developers/docs/reference#user-agent."""


class DiscordBackend(HttpBackend):
    """Posts each notification to a webhook, and waits for Discord to say that the message is there.

    https://discord.com/developers/docs/resources/webhook#execute-webhook: without ``wait`` Discord says yes to messages
    that it then does not save. It takes no idempotency key there.
    """

    def __init__(self, config: DiscordConfig, context: BackendContext) -> None:
        super().__init__(HttpSender(timeout_seconds=config.timeout_seconds, options=config.http))
        self._config = config
        thread = {} if config.thread_id is None else {"thread_id": str(config.thread_id)}
        self._url = httpx.URL(config.webhook_url).copy_merge_params({"wait": "1", **thread})

    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*."""
        content = json_content({**self._sender(), **payload(notification)})
        headers = {"Content-Type": JSON_TYPE, "User-Agent": _USER_AGENT}
        return httpx.Request("POST", self._url, headers=headers, content=content)

    def _sender(self) -> dict[str, str]:
        named = {"username": self._config.username, "avatar_url": self._config.avatar_url}
        return {name: value for name, value in named.items() if value is not None}

    def judge(self, response: httpx.Response) -> Outcome:
        """Return what *response* means: its status, and what Discord says besides.

        A limit's end stands in ``Retry-After`` and, with fractions, in ``retry_after``; the later one counts
        (https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit). A web page is no answer of
        Discord's, so the URL is no webhook's.
        """
        outcome = outcome_of(response)
        if outcome.status is OutcomeStatus.THROTTLED:
            said = (outcome.retry_after_seconds, waiting_seconds(json_answer(response).get("retry_after")))
            return attrs.evolve(
                outcome, retry_after_seconds=max((one for one in said if one is not None), default=None)
            )
        if not outcome.success:
            return outcome
        if response.headers.get("content-type", "").lower().startswith("text/html"):
            return Outcome.rejected("a web page answered: webhook_url is no webhook's", code=outcome.code)
        message_id = json_answer(response).get("id")
        if isinstance(message_id, str) and message_id.isdigit():
            return Outcome.delivered(f"message {message_id[:20]}", code=outcome.code)
        return outcome
