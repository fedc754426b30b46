"""``tocsin config``: a file to begin with, and what editors need to check one."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tocsin.configfile.schema import configuration_schema
from tocsin.configfile.starter import STARTER
from tocsin.discovery import load

__all__ = ["config"]


@click.group()
def config() -> None:
    """Begin a configuration file, and get its JSON Schema."""


@config.command()
def schema() -> None:
    """Print the JSON Schema of configuration files, with the settings of all installed plugins.

    \b
    Example, for an editor with the YAML language server:
      tocsin config schema > tocsin.schema.json
      # yaml-language-server: $schema=tocsin.schema.json
    """
    click.echo(json.dumps(configuration_schema(load().registry), indent=2))


@config.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def init(file: Path | None) -> int:
    """Write a commented configuration to begin with to FILE, or to standard output.

    A FILE that exists is left alone, and the exit code is 1.

    \b
    Example:
      tocsin config init tocsin.yaml && tocsin check tocsin.yaml
    """
    if file is None:
        click.echo(STARTER, nl=False)
        return 0
    if file.suffix.lower() not in (".yaml", ".yml"):
        raise click.UsageError(f"the file to begin with is YAML, and its name ends in .yaml: {file}")
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(STARTER)
    except FileExistsError:
        click.echo(f"tocsin: {file} exists, and is left as it is", err=True)
        return 1
    except OSError as error:
        click.echo(f"tocsin: {file} cannot be written: {error.strerror}", err=True)
        return 1
    click.echo(f"{file}: written; `tocsin check {file}` checks it")
    return 0
