"""The backend ``pagerduty``: each notification is one event, and its incident one of PagerDuty's."""

from __future__ import annotations

import http
from typing import Final

import attrs
import httpx

from tocsin import BackendContext, BackendRegistrar, Notification, NotificationKind, Outcome, OutcomeStatus, hookimpl
from tocsin.http import HARD_TIMEOUT, HttpBackend, HttpSender, json_answer, json_content, outcome_of
from tocsin_pagerduty.event import event
from tocsin_pagerduty.settings import PagerDutyConfig

__all__ = ["PagerDutyBackend", "tocsin_register_backends"]

_THROTTLED_SECONDS: Final = 30.0
"""How far apart attempts are to be where an answer does not say it: the advice of
https://developer.pagerduty.com/docs/events-api-rate-limits."""


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``pagerduty``."""
    registrar.register(
        "pagerduty",
        PagerDutyBackend,
        config_class=PagerDutyConfig,
        renderer="json",
        human=True,
        per_incident=True,
        timeout_seconds=HARD_TIMEOUT,
    )


class PagerDutyBackend(HttpBackend):
    """Posts each notification as an event.

    The deduplication key is the incident's id, so that an event that arrives twice is one alert all the same. What the
    answers mean is said at https://developer.pagerduty.com/docs/events-api-v2-overview: 202 is taken; 400, and whatever
    else is wrong with the request, is not worth repeating; 429 and 5xx are. Heartbeats are rejected: PagerDuty would
    make an incident of each.
    """

    def __init__(self, config: PagerDutyConfig, context: BackendContext) -> None:
        sender = HttpSender(timeout_seconds=config.timeout_seconds, secrets=[config.routing_key], options=config.http)
        super().__init__(sender)
        self._config = config

    async def send(self, notification: Notification) -> Outcome:
        """Try once to deliver *notification*."""
        if notification.kind is NotificationKind.HEARTBEAT:
            return Outcome.rejected("PagerDuty takes no heartbeats: send them through another channel")
        return await super().send(notification)

    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*."""
        content = json_content(event(notification, self._config))
        headers = {"Content-Type": "application/json"}
        return httpx.Request("POST", self._config.url, headers=headers, content=content)

    def judge(self, response: httpx.Response) -> Outcome:
        """Return what *response* means."""
        outcome = outcome_of(response)
        if outcome.success and not _is_theirs(response):
            return Outcome.unknown(
                f"{outcome.detail}; PagerDuty answers 202 when it has taken an event", code=outcome.code
            )
        if outcome.status is OutcomeStatus.THROTTLED and outcome.retry_after_seconds is None:
            return attrs.evolve(outcome, retry_after_seconds=_THROTTLED_SECONDS)
        return outcome


def _is_theirs(response: httpx.Response) -> bool:
    """Whether it is PagerDuty that says so, or what speaks its form; and no portal that answers everything with 200."""
    return response.status_code == http.HTTPStatus.ACCEPTED or json_answer(response).get("status") == "success"
