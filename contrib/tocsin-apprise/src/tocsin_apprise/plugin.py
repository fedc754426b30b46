"""What tocsin finds through the entry point: the backend and the renderer ``apprise``."""

from __future__ import annotations

from tocsin import BackendRegistrar, RendererRegistrar, hookimpl
from tocsin.http import HARD_TIMEOUT
from tocsin_apprise.backend import AppriseBackend
from tocsin_apprise.message import render
from tocsin_apprise.settings import AppriseConfig
from tocsin_apprise.threads import MOST_THREADS

__all__ = ["tocsin_register_backends", "tocsin_register_renderers"]


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``apprise``: half of a destination's threads may be given up, and the others carry a full load."""
    registrar.register(
        "apprise",
        AppriseBackend,
        config_class=AppriseConfig,
        renderer="apprise",
        human=True,
        concurrency=MOST_THREADS // 2,
        timeout_seconds=HARD_TIMEOUT,
    )


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``apprise``: plain text, which Apprise turns into what a service shows."""
    registrar.register("apprise", render)
