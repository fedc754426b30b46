"""What tocsin finds through the entry point: the backend and the renderer ``telegram``."""

from __future__ import annotations

from tocsin import BackendRegistrar, RendererRegistrar, hookimpl
from tocsin.http import HARD_TIMEOUT
from tocsin_telegram.backend import TelegramBackend
from tocsin_telegram.message import render
from tocsin_telegram.settings import TelegramConfig

__all__ = ["tocsin_register_backends", "tocsin_register_renderers"]


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``telegram``."""
    registrar.register(
        "telegram",
        TelegramBackend,
        config_class=TelegramConfig,
        renderer="telegram",
        human=True,
        timeout_seconds=HARD_TIMEOUT,
    )


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``telegram``: the form that the backend of that name takes."""
    registrar.register("telegram", render)
