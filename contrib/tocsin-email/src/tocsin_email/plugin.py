"""The entry point: it registers the backend ``email`` and the renderer of the same name."""

from __future__ import annotations

from tocsin import BackendRegistrar, RendererRegistrar, hookimpl
from tocsin.http import HARD_TIMEOUT
from tocsin_email.backend import CONCURRENCY, EmailBackend
from tocsin_email.rendering import render
from tocsin_email.settings import EmailConfig

__all__ = ["tocsin_register_backends", "tocsin_register_renderers"]


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``email``."""
    registrar.register(
        "email",
        EmailBackend,
        config_class=EmailConfig,
        renderer="email",
        human=True,
        timeout_seconds=HARD_TIMEOUT,
        concurrency=CONCURRENCY,
    )


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``email``: plain text, or the HTML of a user's template."""
    registrar.register("email", render)
