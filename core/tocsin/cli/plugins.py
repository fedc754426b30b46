"""``tocsin plugins``: what is installed, what works, and what does not and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Final

import attrs
import click

from tocsin.discovery import Discovery, load
from tocsin.errors import nearest
from tocsin.registry import Provenance

__all__ = ["PluginRow", "plugins", "rows"]

COLUMNS: Final = ("kind", "name", "plugin", "distribution", "version", "hook_api", "state")
WHOLE: Final = "plugin"
"""The kind of a row that stands for a whole plugin: one that failed or is switched off has registered nothing."""


@attrs.frozen(slots=True)
class PluginRow:
    """One line of the list: a registration, or a whole plugin that failed to load or was switched off.

    ``plugin`` is the entry point's name, which ``--disable`` takes. ``hook_api`` is the version of the hooks that its
    distribution was built for, or empty where that does not say. ``state`` is loaded, failed or disabled.
    """

    kind: str
    name: str
    plugin: str
    distribution: str
    version: str
    hook_api: str
    state: str
    error: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """Return what ``--json`` prints of it."""
        fields = {key: getattr(self, key) for key in ("kind", "name", "distribution", "version", "hook_api", "state")}
        fields["hook_api"] = self.hook_api or None
        return fields if self.error is None else {**fields, "error": self.error}


def _row(kind: str, name: str, provenance: Provenance, state: str, error: str | None = None) -> PluginRow:
    return PluginRow(
        kind,
        name,
        provenance.plugin,
        provenance.distribution,
        provenance.version,
        ", ".join(provenance.hook_apis),
        state,
        error,
    )


def _whole(provenance: Provenance, state: str, error: str | None = None) -> PluginRow:
    return _row(WHOLE, provenance.plugin, provenance, state, error)


def rows(discovery: Discovery) -> list[PluginRow]:
    """Return everything that *discovery* found: what is registered, then the failures, then what is switched off."""
    loaded = [
        _row(registration.kind, registration.name, registration.provenance, "loaded")
        for registration in discovery.registry
    ]
    failed = [_whole(failure.provenance, "failed", failure.problem) for failure in discovery.failures]
    return [*loaded, *failed, *(_whole(provenance, "disabled") for provenance in discovery.disabled)]


def _check_names(disabled: Iterable[str], discovery: Discovery) -> None:
    switched_off = {provenance.plugin for provenance in discovery.disabled}
    known = {row.plugin for row in rows(discovery)}
    for name in disabled:
        if name not in switched_off:
            raise click.BadParameter(f"no plugin is called {name!r}{nearest(name, known)}", param_hint="--disable")


def _cells(row: PluginRow) -> tuple[str, ...]:
    return tuple(getattr(row, column) or "-" for column in COLUMNS)


def _plain(table: Sequence[PluginRow]) -> str:
    lines = [COLUMNS, *(_cells(row) for row in table)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(COLUMNS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join(text)


def _errors(table: Iterable[PluginRow]) -> str:
    return "\n".join(f"{row.plugin} ({row.distribution}): {row.error}" for row in table if row.error is not None)


def _print_rich(table: Sequence[PluginRow]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"loaded": "green", "failed": "bold red", "disabled": "dim"}
    grid = Table(*COLUMNS, box=None, pad_edge=False, header_style="bold")
    for row in table:
        cells = [Text(cell) for cell in _cells(row)]
        cells[-1].stylize(colours[row.state])
        grid.add_row(*cells)
    console = Console()
    console.print(grid)
    if errors := _errors(table):
        console.print(Text(f"\n{errors}", style="red"))


def _print_plain(table: Sequence[PluginRow]) -> None:
    click.echo(_plain(table))
    if errors := _errors(table):
        click.echo(f"\n{errors}")


def _print_table(table: Sequence[PluginRow]) -> None:
    if sys.stdout.isatty():
        try:
            _print_rich(table)
        except ModuleNotFoundError:  # click alone is enough to be useful
            _print_plain(table)
    else:
        _print_plain(table)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, for scripts.")
@click.option("--disable", "disabled", multiple=True, metavar="NAME", help="Leave this plugin out; may be repeated.")
def plugins(as_json: bool, disabled: tuple[str, ...]) -> None:
    """List the plugins that are installed.

    A plugin that failed to load, or that --disable names, is one row of kind "plugin", for it has registered
    nothing; the error of a failed one follows the table. Such a plugin takes no other down, and the exit code is 0.
    """
    discovery = load(disabled=disabled)
    _check_names(disabled, discovery)
    table = rows(discovery)
    if as_json:
        click.echo(json.dumps([row.as_json() for row in table], indent=2))
    else:
        _print_table(table)
