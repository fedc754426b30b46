"""Loads a configuration file for commands that use one."""

from __future__ import annotations

from pathlib import Path

from tocsin.configfile import LoadedConfiguration, load_configuration
from tocsin.engine.compile import compile_plan
from tocsin.engine.plan import Plan
from tocsin.registry import Registry

__all__ = ["load_plan"]


def load_plan(path: Path, registry: Registry) -> tuple[LoadedConfiguration, Plan]:
    """Return what a configuration file says, and its plan.

    :raises ConfigurationFileError: with all that is wrong.
    """
    loaded = load_configuration(path, registry)
    return loaded, compile_plan(loaded.configuration, registry)
