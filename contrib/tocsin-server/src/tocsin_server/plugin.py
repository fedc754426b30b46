"""The entry point ``server``: the commands of this distribution, each imported when it is asked for."""

from __future__ import annotations

from typing import Any

from tocsin import CommandRegistrar, hookimpl

__all__ = ["tocsin_register_commands"]


def _convert() -> Any:
    from tocsin_server.convert.command import convert

    return convert


def _serve() -> Any:
    from tocsin_server.commands.serve import serve

    return serve


@hookimpl
def tocsin_register_commands(registrar: CommandRegistrar) -> None:
    """Register ``convert`` and ``serve``."""
    registrar.register("convert", _convert)
    registrar.register("serve", _serve)
