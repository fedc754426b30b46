"""What commands ask: the configuration of a file, as far as it decides about alerts."""

from __future__ import annotations

from pathlib import Path

import click

from tocsin.configfile.loading import LoadedRouting, load_routing
from tocsin.discovery import load
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationFileError
from tocsin.registry import Registry

__all__ = ["plan_of", "plugins", "routing_of"]


def plugins() -> Registry:
    """Return what the installed plugins register; one that fails is told on standard error."""
    discovery = load()
    for failure in discovery.failures:
        click.echo(f"tocsin: the plugin {failure.provenance} failed to load: {failure.problem}", err=True)
    return discovery.registry


def plan_of(config: Path, registry: Registry) -> Plan:
    """Return the plan of a configuration file; see :func:`routing_of`."""
    return routing_of(config, registry).plan


def routing_of(config: Path, registry: Registry) -> LoadedRouting:
    """Return what of a configuration file decides about alerts; its secrets need not be there.

    What is wrong in it is told as ``tocsin check`` tells it, and the command ends with 2.
    """
    try:
        return load_routing(config, registry)
    except ConfigurationFileError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        raise click.exceptions.Exit(2) from None
