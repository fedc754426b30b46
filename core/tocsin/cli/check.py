"""``tocsin check``: what is wrong in a configuration file, all at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import click

from tocsin.configfile import LoadedConfiguration, load_configuration
from tocsin.discovery import load
from tocsin.errors import ConfigurationFileError, Problem
from tocsin.registry import Registry

__all__ = ["check"]


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of errors and warnings, for scripts.")
@click.option("--strict", is_flag=True, help="Exit with 1 when there are warnings.")
def check(files: tuple[Path, ...], as_json: bool, strict: bool) -> int:
    """Check configuration files, each by itself, with what it includes.

    Nothing is sent, and nothing started. Every error is a line on standard error, FILE:LINE:COLUMN: path: problem; so
    is every warning, of what is legal and probably wrong. The exit code is 2 when there is an error.

    \b
    Examples:
      tocsin check tocsin.yaml
      tocsin check --strict --json conf/*.yaml
    """
    discovery = load()
    for failure in discovery.failures:
        click.echo(f"tocsin: the plugin {failure.provenance} failed to load: {failure.problem}", err=True)
    results = [_checked(file, discovery.registry) for file in files]
    errors = [problem for found, _, _ in results for problem in found]
    warnings = [problem for _, found, _ in results for problem in found]
    if as_json:
        rows = [*_rows("error", errors), *_rows("warning", warnings)]
        click.echo(json.dumps(rows, indent=2))
    else:
        _print(results)
    return 2 if errors else int(strict and bool(warnings))


Checked = tuple[tuple[Problem, ...], tuple[Problem, ...], str]


def _checked(file: Path, registry: Registry) -> Checked:
    """Return the errors and the warnings of a file, and what is in it when there is no error."""
    try:
        loaded = load_configuration(file, registry)
    except ConfigurationFileError as error:
        return error.problems, (), ""
    return (), loaded.warnings, f"{file}: all is well: {_summary(loaded)}"


def _print(results: Iterable[Checked]) -> None:
    for errors, warnings, summary in results:
        for problem in errors:
            click.echo(problem, err=True)
        for problem in warnings:
            click.echo(f"{problem} (warning)", err=True)
        if summary:
            click.echo(summary.replace("all is well", "no error") if warnings else summary)


def _rows(kind: str, problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [{"kind": kind, **attrs.asdict(problem)} for problem in problems]


def _summary(loaded: LoadedConfiguration) -> str:
    configuration = loaded.configuration
    rules = sum(len(list(rule.ids())) for rule in configuration.routing_rules)
    counts = ((len(configuration.channels), "channel"), (rules, "rule"), (len(loaded.files), "file"))
    return ", ".join(f"{number} {word if number == 1 else f'{word}s'}" for number, word in counts)
