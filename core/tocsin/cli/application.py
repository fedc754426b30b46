"""The group of commands: tocsin's own, and those that plugins register, loaded when they are asked for."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import click
import importlib_metadata

from tocsin.cli.check import check
from tocsin.cli.config import config
from tocsin.cli.diff import diff
from tocsin.cli.explain import explain
from tocsin.cli.graph import graph
from tocsin.cli.plugins import plugins
from tocsin.cli.prove import prove
from tocsin.cli.replay import replay
from tocsin.cli.scenarios import test
from tocsin.cli.store import store
from tocsin.discovery import Discovery, load
from tocsin.errors import ConfigurationError, TocsinError, nearest
from tocsin.hook_api import HOOK_API
from tocsin.registry import CommandSpec, Registration

__all__ = ["CommandGroup", "make_group", "run"]

_COMMANDS: Final = (check, config, diff, explain, graph, plugins, prove, replay, store, test)
_OUTPUT_FAILS: Final = frozenset({errno.ENOSPC, errno.EIO, errno.EFBIG})


class CommandGroup(click.Group):
    """A group that asks the plugins for what it does not know itself.

    A plugin cannot replace a command of tocsin's own. A command that cannot be made is reported on standard error
    and left out; the others work.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._discovery: Discovery | None = None
        self._made: dict[str, click.Command | None] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self._registrations()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command *cmd_name*, or None if there is none that works; each plugin's factory is called once."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        registration = self._registrations().get(cmd_name)
        if registration is None:
            return None
        if cmd_name not in self._made:
            self._made[cmd_name] = _make(registration)
        return self._made[cmd_name]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that *args* begin with; the error for an unknown one names the nearest.

        A shell that completes a line (``resilient_parsing``) hears of no error.
        """
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            ctx.fail(self._unknown(ctx, args[0]))
        return super().resolve_command(ctx, args)

    def _registrations(self) -> dict[str, Registration[CommandSpec]]:
        if self._discovery is None:
            self._discovery = load()
        return dict(self._discovery.registry.commands)

    def _unknown(self, ctx: click.Context, name: str) -> str:
        if name in self._registrations():
            return f"the command {name!r} could not be loaded."
        failures = self._discovery.failures if self._discovery else ()
        hint = " (some plugins failed to load: see 'tocsin plugins')" if failures else ""
        return f"no such command {name!r}{nearest(name, self.list_commands(ctx))}{hint}"


def _make(registration: Registration[CommandSpec]) -> click.Command | None:
    who = f"command {registration.name!r} of {registration.provenance}"
    try:
        command = registration.spec.factory()
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; it is reported and the others work
        click.echo(f"tocsin: {who} failed: {type(error).__name__}: {error}", err=True)
        return None
    if not isinstance(command, click.Command):
        click.echo(f"tocsin: {who} is {type(command).__name__}, not a click.Command", err=True)
        return None
    return command


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"tocsin {importlib_metadata.version('tocsin')}, hook API {HOOK_API[0]}.{HOOK_API[1]}")
        ctx.exit()


def make_group() -> CommandGroup:
    """Return a fresh group: it loads plugins at most once, when a command or the help needs them."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_print_version,
        help="Show the version and exit.",
    )
    return CommandGroup(
        name="tocsin",
        help="Decide who is told about an alert, how, when, and what happens if nobody answers.",
        commands={command.name or "": command for command in _COMMANDS},
        params=[version],
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; what goes wrong on purpose is one line on standard error."""
    try:
        result = make_group().main(args=arguments, prog_name="tocsin", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("tocsin: stopped", err=True)
        return 130
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    except TocsinError as error:
        click.echo(f"tocsin: {error}", err=True)
        return 2 if isinstance(error, ConfigurationError) else 1
    except OSError as error:
        if error.errno not in _OUTPUT_FAILS:
            raise
        click.echo(f"tocsin: the output cannot be written: {os.strerror(error.errno or 0)}", err=True)
        return 1
    return result if isinstance(result, int) else 0
