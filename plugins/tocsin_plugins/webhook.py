"""The backend ``webhook``: a notification as one HTTP request, to whatever takes JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import httpx

from tocsin import (
    BackendContext,
    BackendRegistrar,
    ConfigurationError,
    Notification,
    hookimpl,
)
from tocsin.http import (
    HARD_TIMEOUT,
    HttpBackend,
    HttpOptions,
    HttpSender,
    WebhookSigner,
    attempt_timeout,
    hide,
    http_headers,
    http_url,
    json_content,
    redact_url,
    signing_secret,
)
from tocsin_plugins import _alertmanager_payload, _settings, json

__all__ = ["WebhookBackend", "WebhookConfig", "tocsin_register_backends"]

_METHODS: Final = ("POST", "PUT", "PATCH")
_FORMATS: Final = ("tocsin", "alertmanager")
_OURS: Final = frozenset({"webhook-id", "webhook-timestamp", "webhook-signature", "idempotency-key"})


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``webhook``."""
    registrar.register(
        "webhook",
        WebhookBackend,
        config_class=WebhookConfig,
        renderer="json",
        timeout_seconds=HARD_TIMEOUT,
    )


def _headers(instance: object, attribute: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    http_headers(instance, attribute, value)
    for name in value:
        if name.lower() in _OURS:
            raise ConfigurationError(f"the header {name!r} is set by tocsin itself", f"{attribute.name}.{name}")


def _method(value: str) -> str:
    return value.upper()


@attrs.frozen(slots=True, kw_only=True, hash=False)
class WebhookConfig:
    """Settings of a webhook channel.

    ``headers`` are sent with each request. ``secret`` (``whsec_`` and base64) signs it as Standard Webhooks does.
    ``timeout_seconds`` limits one attempt, from connecting to the end of the answer; at most 60. ``format`` is
    ``tocsin`` (see the renderer ``json``) or ``alertmanager`` (its webhook payload, version 4), in which
    ``external_url`` is the link back and ``receiver`` the receiver's name (None: the channel's). A template, where the
    channel has one, comes before either. ``http`` says how requests get out (proxy, certificates).

    :raises ConfigurationError: for a setting that cannot work; URL, headers and secret are never repeated.
    """

    webhook_url: str = attrs.field(validator=http_url, repr=redact_url)
    headers: Mapping[str, str] = attrs.field(factory=dict, validator=_headers, repr=hide)
    method: str = attrs.field(default="POST", converter=_method, validator=_settings.one_of(*_METHODS))
    secret: str | None = attrs.field(default=None, validator=signing_secret, repr=hide)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    format: str = attrs.field(default="tocsin", validator=_settings.one_of(*_FORMATS))
    external_url: str = ""
    receiver: str | None = None
    http: HttpOptions = attrs.field(factory=HttpOptions)


class WebhookBackend(HttpBackend):
    """Sends each notification as one request.

    ``webhook-id`` and ``Idempotency-Key`` are the notification's id, the same for all its attempts, so that a receiver
    can tell an attempt from a repetition; ``webhook-timestamp`` is when the attempt was made.
    """

    def __init__(
        self, config: WebhookConfig, context: BackendContext, *, wall_clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(HttpSender(timeout_seconds=config.timeout_seconds, options=config.http, wall_clock=wall_clock))
        self._config = config
        self._wall_clock = wall_clock
        self._signer = None if config.secret is None else WebhookSigner.from_secret(config.secret)

    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*."""
        content, content_type = self._content(notification)
        headers = httpx.Headers({"Content-Type": content_type})
        headers.update(dict(self._config.headers))
        headers.update(self._identity(notification.notification_id, content))
        return httpx.Request(self._config.method, self._config.webhook_url, headers=headers, content=content)

    def _content(self, notification: Notification) -> tuple[bytes, str]:
        message = notification.message or json.render(notification, None)
        if self._config.format == "alertmanager" and not message.templated:
            document = _alertmanager_payload.payload(notification, self._config.external_url, self._config.receiver)
            return json_content(document), json.JSON_TYPE
        return message.body.encode("utf-8", "replace"), message.content_type

    def _identity(self, notification_id: str, content: bytes) -> dict[str, str]:
        timestamp = int(self._wall_clock())
        identity = {
            "webhook-id": notification_id,
            "webhook-timestamp": str(timestamp),
            "Idempotency-Key": notification_id,
        }
        if self._signer is not None:
            identity["webhook-signature"] = self._signer.signature(notification_id, timestamp, content)
        return identity
