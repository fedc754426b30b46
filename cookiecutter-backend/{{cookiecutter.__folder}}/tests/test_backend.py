"""The backend keeps the contract of backends, against a service on loopback that checks what it is sent."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

import pytest
from tocsin import BackendContext, ConfigurationError, ListedAlert, Message, Notification, wording
from tocsin.testing.contracts import BackendContract
from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import Arrival
from tocsin.testing.samples import make_listed, make_notification

from {{ cookiecutter.__package }}.backend import ServiceBackend
from {{ cookiecutter.__package }}.settings import ServiceConfig

TOKEN = "s3cretT0kenOfTheService"


class Service(HttpReceiver):
    """Takes what its documentation allows, and refuses the rest; what fails here shows in the outcome."""

    def take(self, request: Received) -> Reply:
        """Answer as the service does."""
        if (request.method, request.target) != ("POST", "/v1/messages"):
            return Reply(404)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401)
        assert request.headers.get("content-type") == "application/json"
        message = request.json()
        assert set(message) == {"title", "text", "urgent"}
        assert isinstance(message["urgent"], bool)
        assert 1 <= wording.utf16_length(html.unescape(message["title"])) <= 200, "the title's length"
        assert wording.utf16_length(html.unescape(message["text"])) <= 4000, "the text's length"
        return Reply(202, b'{"id": "m-1"}')

    def arrival(self, request: Received) -> Arrival:
        """Return what came of it, and by what the service knows a repetition."""
        message = request.json()
        return Arrival(f"{message['title']}\n{message['text']}", key=request.headers.get("idempotency-key"))


class TestBackend(BackendContract):
    """On each event loop; what the service would act on is in ``harmful``."""

    backend = "{{ cookiecutter.name }}"
    secrets = (TOKEN,)
    harmful = ("<script", "<b>x")

    def open_receiver(self) -> Service:
        """Return the service."""
        return Service()

    def settings(self, receiver: Any) -> Mapping[str, Any]:
        """Return the settings of a channel that sends there."""
        return {"url": f"{receiver.url}/v1/messages", "token": TOKEN}

    async def test_a_portal_that_takes_everything_is_not_believed(self) -> None:
        """It may have swallowed the message: it is sent again."""
        with self.receiving() as service:
            assert isinstance(service, Service)
            service.will(Reply(200, b"<html>welcome"))
            async with self.sending(service) as backend:
                outcome = await backend.send(self.rendered(make_notification()))
        assert outcome.status.value == "unknown"


def sent(notification: Notification) -> dict[str, Any]:
    """Return what the service is sent of *notification*."""
    config = ServiceConfig(url="https://service.example/v1/messages", token=TOKEN)
    document: dict[str, Any] = json.loads(ServiceBackend(config, BackendContext("ops")).request(notification).content)
    return document


@pytest.mark.parametrize(
    ("listed", "urgent"),
    [(make_listed(), True), (make_listed(severity="warning"), False), (make_listed(resolved=True), False)],
)
def test_what_fires_and_is_critical_is_urgent(listed: ListedAlert, urgent: bool) -> None:
    """Nobody is woken because something is over."""
    assert sent(make_notification(listed))["urgent"] is urgent


def test_a_template_without_a_subject_has_a_title_all_the_same() -> None:
    """The service wants one."""
    message = sent(make_notification(message=Message(" ", "body", templated=True)))
    assert (message["title"], message["text"]) == ("[FIRING] CRITICAL cpu_usage on prod-web-01", "body")


@pytest.mark.parametrize("token", ["", "short", "with a space in it", "line\nbreak12", 12345678])
def test_a_token_that_cannot_be_one_is_refused(token: Any) -> None:
    """And is not repeated."""
    with pytest.raises(ConfigurationError, match="8 to 256 characters") as caught:
        ServiceConfig(url="https://service.example/v1/messages", token=token)
    assert caught.value.where == "token"
