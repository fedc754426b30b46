"""What tocsin finds through the entry point: the backend and the renderer ``teams``."""

from __future__ import annotations

from tocsin import BackendRegistrar, RendererRegistrar, hookimpl
from tocsin.http import HARD_TIMEOUT
from tocsin_teams.backend import TeamsBackend
from tocsin_teams.message import render
from tocsin_teams.settings import TeamsConfig

__all__ = ["tocsin_register_backends", "tocsin_register_renderers"]


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``teams``."""
    registrar.register(
        "teams",
        TeamsBackend,
        config_class=TeamsConfig,
        renderer="teams",
        human=True,
        timeout_seconds=HARD_TIMEOUT,
    )


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``teams``: the form that the backend of that name takes."""
    registrar.register("teams", render)
