"""The entry point ``server``: the commands of this distribution, each imported when it is asked for."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any, Final

from tocsin import CommandRegistrar, hookimpl

__all__ = ["CLIENT", "tocsin_register_commands"]


def _convert() -> Any:
    from tocsin_server.convert.command import convert

    return convert


def _serve() -> Any:
    from tocsin_server.commands.serve import serve

    return serve


CLIENT: Final = (
    "ack",
    "alerts",
    "completion",
    "deliveries",
    "redrive",
    "resolve",
    "send",
    "show",
    "silence",
    "snooze",
    "status",
    "watch",
)
"""The commands against a daemon that runs; each is a module of that name."""


def _client(name: str) -> Any:
    return getattr(importlib.import_module(f"tocsin_server.client.commands.{name}"), name)


@hookimpl
def tocsin_register_commands(registrar: CommandRegistrar) -> None:
    """Register ``convert``, ``serve``, and the commands against a daemon that runs."""
    registrar.register("convert", _convert)
    registrar.register("serve", _serve)
    for name in CLIENT:
        registrar.register(name, partial(_client, name))
