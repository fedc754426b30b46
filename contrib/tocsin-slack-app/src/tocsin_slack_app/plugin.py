"""What tocsin finds through the entry point: the backend, the renderer and the source ``slack-app``."""

from __future__ import annotations

from tocsin import BackendRegistrar, RendererRegistrar, SourceRegistrar, hookimpl
from tocsin.http import HARD_TIMEOUT
from tocsin_slack_app.backend import SlackAppBackend
from tocsin_slack_app.listener import SlackAppSource
from tocsin_slack_app.message import render
from tocsin_slack_app.settings import ListenerConfig, SlackAppConfig

__all__ = ["tocsin_register_backends", "tocsin_register_renderers", "tocsin_register_sources"]

NAME = "slack-app"


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``slack-app``: people read it, and its receiver keeps incidents, in one message each."""
    registrar.register(
        NAME,
        SlackAppBackend,
        config_class=SlackAppConfig,
        renderer=NAME,
        human=True,
        per_incident=True,
        timeout_seconds=HARD_TIMEOUT,
    )


@hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``slack-app``: the form that the backend of that name takes."""
    registrar.register(NAME, render)


@hookimpl
def tocsin_register_sources(registrar: SourceRegistrar) -> None:
    """Register ``slack-app``: it takes what people answer with the buttons under a message."""
    registrar.register(NAME, SlackAppSource, config_class=ListenerConfig)
