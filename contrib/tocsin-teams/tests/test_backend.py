"""The backend ``teams``: what the answers of Workflows and of connectors mean, and its settings."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from teams_peer import TOKEN, TeamsPeer

from tocsin import (
    BackendContext,
    BackendRegistrar,
    ConfigurationError,
    Notification,
    Outcome,
    RendererRegistrar,
)
from tocsin.testing.http_receiver import Bytes, Reply
from tocsin.testing.samples import make_notification
from tocsin_teams import plugin
from tocsin_teams.backend import TeamsBackend
from tocsin_teams.message import render
from tocsin_teams.settings import TeamsConfig

on_every_loop = pytest.mark.anyio
URL = f"https://prod-01.westeurope.logic.azure.com/workflows/0a/triggers/manual/paths/invoke?sig={TOKEN}"


def backend(url: str, **settings: Any) -> TeamsBackend:
    """Return a backend of one channel."""
    return TeamsBackend(TeamsConfig(webhook_url=url, **settings), BackendContext("ops"))


def rendered() -> Notification:
    """Return a notification with the message that the core would give it."""
    notification = make_notification()
    return attrs.evolve(notification, message=render(notification, None))


def failed(code: int) -> Reply:
    """Return how a connector says that Teams refused: with 200."""
    told = f"Microsoft Teams endpoint returned HTTP error {code} with ContextId tcid=0,server=msgapi,cv=x.0"
    return Reply(200, f"Webhook message delivery failed with error: {told}..".encode())


@on_every_loop
async def test_a_workflow_takes_the_card(peer: TeamsPeer) -> None:
    assert await backend(peer.webhook).send(rendered()) == Outcome.delivered("202 Accepted", code=202)


@on_every_loop
@pytest.mark.parametrize(
    ("reply", "status", "code", "seconds"),
    [
        (Reply(200, b"1"), "delivered", 200, None),
        (Reply(200, b"<html>", {"Content-Type": "text/html"}), "rejected", 200, None),
        (Reply(400, b'{"error":{"code":"TriggerInputSchemaMismatch"}}'), "rejected", 400, None),
        (Reply(401, b'{"error":{"code":"DirectApiAuthorizationRequired"}}'), "rejected", 401, None),
        (Reply(404, b'{"error":{"code":"WorkflowNotFound"}}'), "rejected", 404, None),
        (Reply(410, b"gone"), "rejected", 410, None),
        (Reply(413, b"Request Entity too large"), "rejected", 413, None),
        (Reply(429, b"", {"Retry-After": "30"}), "throttled", 429, 30.0),
        (Reply(502, b'{"error":{"code":"NoResponse"}}'), "unavailable", 502, None),
        (Reply(504, b""), "unavailable", 504, None),
        (Reply(503, b"<html>", {"Content-Type": "Text/HTML"}), "unavailable", 503, None),
        (Reply(400, failed(503).body), "rejected", 400, None),
        (failed(429), "throttled", 429, None),
        (failed(413), "rejected", 413, None),
        (failed(400), "rejected", 400, None),
        (failed(503), "unavailable", 503, None),
        (
            Reply(200, b"Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint."),
            "unavailable",
            200,
            None,
        ),
        (Bytes(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n"), "unknown", 202, None),
    ],
)
async def test_what_comes_back_decides(
    peer: TeamsPeer, reply: Reply | Bytes, status: str, code: int, seconds: float | None
) -> None:
    peer.will(reply)
    outcome = await backend(peer.webhook).send(rendered())
    assert (outcome.status.value, outcome.code, outcome.retry_after_seconds) == (status, code, seconds)
    assert TOKEN not in repr(outcome)


# -- settings ----------------------------------------------------------------------------------------------------


def test_a_config_shows_no_secret() -> None:
    shown = repr(TeamsConfig(webhook_url=URL))
    assert "webhook_url=https://prod-01.westeurope.logic.azure.com/…" in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize(
    ("settings", "where", "problem"),
    [
        ({"webhook_url": "prod-01.logic.azure.com/s3cret"}, "webhook_url", "starts with neither"),
        ({"webhook_url": ""}, "webhook_url", "is missing"),
        ({"webhook_url": f"{URL} "}, "webhook_url", "space"),
        ({"timeout_seconds": 61}, "timeout_seconds", "at most 60"),
        ({"timeout_seconds": 0}, "timeout_seconds", "above zero"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(settings: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        TeamsConfig(**{"webhook_url": URL, **settings})
    assert caught.value.where == where
    assert "s3cret" not in str(caught.value)


def test_the_plugin_registers_a_backend_for_people_and_its_renderer() -> None:
    backends, renderers = BackendRegistrar(), RendererRegistrar()
    plugin.tocsin_register_backends(backends)
    plugin.tocsin_register_renderers(renderers)
    backends.commit()
    renderers.commit()
    spec = backends.frozen()["teams"].spec
    assert (spec.human, spec.per_incident, spec.renderer) == (True, False, "teams")
    assert renderers.frozen()["teams"].spec.render is render
