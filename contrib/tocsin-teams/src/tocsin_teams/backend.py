"""The backend ``teams``: one request to a webhook, and what the answers of Workflows and of connectors mean."""

from __future__ import annotations

import re
from typing import Final

import httpx

from tocsin import BackendContext, Notification, Outcome
from tocsin.http import HttpBackend, HttpSender, outcome_of
from tocsin_teams.message import JSON_TYPE, payload
from tocsin_teams.settings import TeamsConfig

__all__ = ["TeamsBackend"]

_FAILED: Final = b"Webhook message delivery failed"
_INNER: Final = re.compile(rb"returned HTTP error ([45]\d\d)")


class TeamsBackend(HttpBackend):
    """Posts each notification to a webhook. Neither Workflows nor connectors take an idempotency key.

    A workflow answers 202 once it has the request, and posts the card afterwards: what goes wrong then is in the
    workflow's own run history.
    """

    def __init__(self, config: TeamsConfig, context: BackendContext) -> None:
        super().__init__(HttpSender(timeout_seconds=config.timeout_seconds, options=config.http))
        self._config = config

    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*."""
        headers = {"Content-Type": JSON_TYPE}
        return httpx.Request("POST", self._config.webhook_url, headers=headers, content=payload(notification))

    def judge(self, response: httpx.Response) -> Outcome:
        """Return what *response* means: its status, and what it says besides.

        The older connectors' webhooks answer 200 and say in the body that Teams refused:
        https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using#rate-limiting-for-connectors.
        A web page is no answer of theirs, so the URL is no webhook's.
        """
        if not response.is_success:
            return outcome_of(response)
        if response.headers.get("content-type", "").lower().startswith("text/html"):
            return Outcome.rejected("a web page answered: webhook_url is no webhook's", code=response.status_code)
        inner = _INNER.search(response.content)
        if inner is not None:
            return outcome_of(_like(response, int(inner[1])))
        if _FAILED in response.content:
            return Outcome.unavailable("the webhook could not reach Teams", code=response.status_code)
        return outcome_of(response)


def _like(response: httpx.Response, code: int) -> httpx.Response:
    """Return *response* with another status."""
    return httpx.Response(code, headers=response.headers, content=response.content, request=response.request)
