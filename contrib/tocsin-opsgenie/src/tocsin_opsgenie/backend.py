"""The backend ``opsgenie``: an incident is an alert there, which is created, added to, and closed."""

from __future__ import annotations

import http
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import attrs
import httpx

from tocsin import (
    AlertStatus,
    BackendContext,
    BackendRegistrar,
    Notification,
    NotificationKind,
    Outcome,
    OutcomeStatus,
    hookimpl,
)
from tocsin.http import HttpBackend, HttpSender, json_answer, json_content, outcome_of, retry_after_seconds
from tocsin_opsgenie import alerts
from tocsin_opsgenie.settings import HARD_TIMEOUT, OpsgenieConfig

__all__ = ["OpsgenieBackend", "tocsin_register_backends"]

_PERIOD: Final = "x-ratelimit-period-in-sec"
"""The header of a 429 that says over how many seconds the exceeded limit counts (1 or 60)."""


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``opsgenie``."""
    registrar.register(
        "opsgenie",
        OpsgenieBackend,
        config_class=OpsgenieConfig,
        human=True,
        per_incident=True,
        timeout_seconds=HARD_TIMEOUT,
    )


class OpsgenieBackend(HttpBackend):
    """Creates, updates and closes one alert for each incident.

    The alert's alias is the incident's id: what is created twice under it is one alert that counts. An open alert keeps
    what it was created with, so that what a later notification says beyond that takes requests of its own: the
    priority, a note, and where it is wanted message and description.

    What the answers mean is said at https://docs.opsgenie.com/docs/response and
    https://docs.opsgenie.com/docs/api-rate-limiting: 202 is taken; 4xx is not worth repeating; 429 and 5xx are.
    """

    def __init__(self, config: OpsgenieConfig, context: BackendContext) -> None:
        super().__init__(HttpSender(timeout_seconds=config.timeout_seconds, options=config.http))
        self._config = config
        self._base = f"{config.api_url.rstrip('/')}/v2"

    async def send(self, notification: Notification) -> Outcome:
        """Try once to deliver *notification*.

        Once the alert is there, an update that fails makes the attempt *unknown*: the channel does know of it. One that
        is refused is only noted, the first of several, for it would be again.
        """
        if notification.kind is NotificationKind.HEARTBEAT and self._config.heartbeat_name is None:
            return Outcome.rejected("an Opsgenie channel takes heartbeats where its heartbeat_name is set")
        outcome = await super().send(notification)
        if not outcome.success:
            return outcome
        refusal = ""
        for update in self._updates(notification):
            later = await self.sender.send(update, self.judge)
            if later.status is OutcomeStatus.REJECTED:
                refusal = refusal or f"; an update was refused: {later.detail}"
            elif not later.success:
                return Outcome.unknown(f"the alert is there, but not an update of it: {later.detail}", code=later.code)
        return attrs.evolve(outcome, detail=outcome.detail + refusal)

    def request(self, notification: Notification) -> httpx.Request:
        """Return the first request for *notification*: what has to be done for it to be told."""
        if notification.kind is NotificationKind.HEARTBEAT:
            return self._request("GET", f"/heartbeats/{quote(self._config.heartbeat_name or '', safe='')}/ping")
        if notification.status is AlertStatus.FIRING:
            return self._request("POST", "/alerts", alerts.new_alert(notification, self._config))
        document = {"note": alerts.note(notification), "source": alerts.SOURCE}
        return self._on_alert("POST", "close" if notification.over else "notes", notification, document)

    def _updates(self, notification: Notification) -> Iterator[httpx.Request]:
        """Yield what an alert that may have been open before does not take from its being created again."""
        if notification.status is not AlertStatus.FIRING or not _may_be_open(notification):
            return
        urgency = {"priority": alerts.priority(notification, self._config)}
        yield self._on_alert("PUT", "priority", notification, urgency)
        if self._config.update_alerts:
            yield self._on_alert("PUT", "message", notification, {"message": alerts.message(notification)})
            said = {"description": alerts.description(notification)}
            yield self._on_alert("PUT", "description", notification, said)
        if notification.kind not in (NotificationKind.FIRING, NotificationKind.REPEAT):
            document = {"note": alerts.note(notification), "source": alerts.SOURCE}
            yield self._on_alert("POST", "notes", notification, document)

    def _on_alert(self, method: str, what: str, notification: Notification, document: dict[str, Any]) -> httpx.Request:
        path = f"/alerts/{alerts.alias(notification.incident_id)}/{what}?identifierType=alias"
        return self._request(method, path, document)

    def _request(self, method: str, path: str, document: dict[str, Any] | None = None) -> httpx.Request:
        headers = {"Authorization": f"GenieKey {self._config.api_key}"}
        content = None
        if document is not None:
            headers["Content-Type"] = "application/json"
            content = json_content(document)
        return httpx.Request(method, f"{self._base}{path}", headers=headers, content=content)

    def judge(self, response: httpx.Response) -> Outcome:
        """Return what *response* means."""
        outcome = outcome_of(response)
        if outcome.success and not _is_theirs(response):
            return Outcome.unknown(
                f"{outcome.detail}; Opsgenie answers 202 when it has taken a request", code=outcome.code
            )
        if outcome.status is OutcomeStatus.THROTTLED and outcome.retry_after_seconds is None:
            period = httpx.Headers({"retry-after": response.headers.get(_PERIOD, "")})
            return attrs.evolve(outcome, retry_after_seconds=retry_after_seconds(period))
        return outcome


def _may_be_open(notification: Notification) -> bool:
    """Whether there may be an alert already: of an earlier notification, or of an attempt that had no answer."""
    if notification.kind is NotificationKind.FIRING:
        return notification.told_severity is not None
    return notification.kind is not NotificationKind.HEARTBEAT


def _is_theirs(response: httpx.Response) -> bool:
    """Whether it is Opsgenie that says so; and no portal that answers everything with 200."""
    return response.status_code == http.HTTPStatus.ACCEPTED or "requestId" in json_answer(response)
