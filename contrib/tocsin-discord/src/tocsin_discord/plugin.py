"""What tocsin finds through the entry point: the backend and the renderer ``discord``."""

from __future__ import annotations

from tocsin import BackendRegistrar, RendererRegistrar, hookimpl
from tocsin.http import HARD_TIMEOUT
from tocsin_discord.backend import DiscordBackend
from tocsin_discord.message import render
from tocsin_discord.settings import DiscordConfig

__all__ = ["tocsin_register_backends", "tocsin_register_renderers"]


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``discord``."""
    registrar.register(
        "discord",
        DiscordBackend,
        config_class=DiscordConfig,
        renderer="discord",
        human=True,
        timeout_seconds=HARD_TIMEOUT,
    )


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``discord``: the form that the backend of that name takes."""
    registrar.register("discord", render)
