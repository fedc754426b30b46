"""Slack's Web API, as much of it as is needed: messages are posted, changed, and found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tocsin import Outcome
from tocsin.http import HttpOptions, HttpSender, json_content
from tocsin_slack_app.answers import Answer, answer_of

__all__ = ["WebApi"]

Document = Mapping[str, Any]
Condition = Callable[[Document], bool]

_JSON_TYPE: Final = "application/json; charset=utf-8"
_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""A page of a channel's history may be long: what others wrote is in it."""

_PER_PAGE: Final = 100
_MOST_PAGES: Final = 10
"""So far back, or forward, a message is looked for: a thousand messages."""


class WebApi:
    """Calls the Web API as one app; like a sender, it may be entered, and keeps its connections then.

    :param timeout_seconds: how long one call may take.
    """

    def __init__(self, bot_token: str, api_url: str, timeout_seconds: float, options: HttpOptions) -> None:
        self._secrets = (bot_token, bot_token.partition("-")[2])
        self._url = api_url.rstrip("/")
        self._authorization = f"Bearer {bot_token}"
        self._sender = HttpSender(
            timeout_seconds=timeout_seconds, secrets=self._secrets, options=options, answer_bytes=_ANSWER_BYTES
        )

    async def post(self, arguments: Document) -> Answer:
        """Post a message (https://docs.slack.dev/reference/methods/chat.postMessage)."""
        return await self._write("chat.postMessage", arguments)

    async def update(self, arguments: Document) -> Answer:
        """Change a message; metadata that are not given stay (https://docs.slack.dev/reference/methods/chat.update)."""
        return await self._write("chat.update", arguments)

    async def whisper(self, arguments: Document) -> Answer:
        """Tell one member alone (https://docs.slack.dev/reference/methods/chat.postEphemeral)."""
        return await self._write("chat.postEphemeral", arguments)

    async def find_message(self, channel: str, since: float, holds: Condition) -> Document | Outcome | None:
        """Return a message of a channel, not older than *since* (seconds since the epoch), for which *holds*.

        None: there is none among those that are looked at; an outcome: what came of a call that failed.
        https://docs.slack.dev/reference/methods/conversations.history
        """
        wanted = {"channel": channel, "oldest": f"{since:.6f}"}
        return await self._found("conversations.history", wanted, holds)

    async def find_reply(self, channel: str, ts: str, since: float, holds: Condition) -> Document | Outcome | None:
        """Return a message of the thread *ts* in the same way.

        https://docs.slack.dev/reference/methods/conversations.replies
        """
        wanted = {"channel": channel, "ts": ts, "oldest": f"{since:.6f}"}
        return await self._found("conversations.replies", wanted, holds)

    async def message(self, channel: str, ts: str) -> Document | None:
        """Return one message of a channel; None where it cannot be had."""
        wanted = {"channel": channel, "oldest": ts, "latest": ts, "inclusive": "true", "limit": "1"}
        page = await self._read("conversations.history", wanted)
        return next((message for message in page.objects("messages") if message.get("ts") == ts), None)

    async def _read(self, method: str, wanted: Mapping[str, str]) -> Answer:
        headers = {"Authorization": self._authorization}
        return await self._call(httpx.Request("GET", f"{self._url}/{method}", headers=headers, params=wanted))

    async def _write(self, method: str, arguments: Document) -> Answer:
        headers = {"Authorization": self._authorization, "Content-Type": _JSON_TYPE}
        return await self._call(
            httpx.Request("POST", f"{self._url}/{method}", headers=headers, content=json_content(arguments))
        )

    async def _found(self, method: str, wanted: Mapping[str, str], holds: Condition) -> Document | Outcome | None:
        params = {**wanted, "include_all_metadata": "true", "inclusive": "true", "limit": str(_PER_PAGE)}
        for _ in range(_MOST_PAGES):
            page = await self._read(method, params)
            if not page.ok:
                return page.outcome
            for message in page.objects("messages"):
                if holds(message):
                    return message
            cursor = _next_cursor(page)
            if not cursor:
                break
            params = {**params, "cursor": cursor}
        return None

    async def _call(self, request: httpx.Request) -> Answer:
        """Make one call; no failure of network or Slack raises."""
        answers: list[Answer] = []

        def judge(response: httpx.Response) -> Outcome:
            answers.append(answer_of(response, self._secrets))
            return answers[-1].outcome

        outcome = await self._sender.send(request, judge)
        if answers and outcome is answers[-1].outcome:
            return answers[-1]
        return Answer(outcome)

    async def __aenter__(self) -> Self:
        await self._sender.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._sender.__aexit__(kind, error, trace)


def _next_cursor(page: Answer) -> str:
    metadata = page.document.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else None
    return cursor if isinstance(cursor, str) else ""
