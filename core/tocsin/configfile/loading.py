"""From a file's name to a checked configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from tocsin.config import Configuration
from tocsin.configfile.context import Context
from tocsin.configfile.document import Place, Table
from tocsin.configfile.findings import Findings, Spot
from tocsin.configfile.inclusion import Inclusion
from tocsin.configfile.sections import assemble, read_sections
from tocsin.configfile.server import ServerSettings
from tocsin.configfile.substitution import Missing, SecretFiles
from tocsin.configfile.suspicions import suspect
from tocsin.engine.plan import Plan
from tocsin.errors import Problem
from tocsin.registry import Registry

__all__ = ["LoadedConfiguration", "LoadedRouting", "load_configuration", "load_routing"]


@attrs.frozen(slots=True, eq=False)
class LoadedConfiguration:
    """What a configuration file says, with everything that it includes.

    ``sources`` are by their name: the kind of source, and an instance of its settings. ``warnings`` tell of what is
    legal and probably wrong. ``files`` are all that were read, secrets included, in the order of reading: a change of
    one of them changes this. None of the secrets is in the repr.
    """

    configuration: Configuration = attrs.field(repr=False)
    sources: Mapping[str, tuple[str, Any]] = attrs.field(repr=lambda value: repr(sorted(value)))
    server: ServerSettings = attrs.field(repr=False)
    warnings: tuple[Problem, ...]
    files: tuple[Path, ...] = attrs.field(repr=lambda value: str(len(value)))


@attrs.frozen(slots=True, eq=False)
class LoadedRouting:
    """What of a configuration file decides about alerts, compiled; nothing can be sent with it.

    ``missing`` are the secrets that are not there, and that nobody needed. ``warnings`` looks for what is legal
    and probably wrong, which takes a while.
    """

    plan: Plan
    server: ServerSettings = attrs.field(repr=False)
    missing: tuple[Problem, ...]
    warnings: Callable[[], tuple[Problem, ...]] = attrs.field(repr=False)


def load_configuration(
    path: str | os.PathLike[str], registry: Registry, *, environ: Mapping[str, str] | None = None
) -> LoadedConfiguration:
    """Read a configuration file, YAML, TOML or JSON by its ending, with the files that it includes.

    Nothing is sent and nothing started. *registry* has the plugins that the file may name. *environ* has what
    ``${NAME}`` stands for (None: this process's environment).

    :raises ConfigurationFileError: with all that is wrong, each with its file, line and column; no secret is in it.
    """
    read = _Reading(path, registry, environ, spares_secrets=False)
    return LoadedConfiguration(
        configuration=read.configuration,
        sources=read.found.get("sources", {}),
        server=read.found.get("server", ServerSettings()),
        warnings=read.warnings(),
        files=read.files,
    )


def load_routing(
    path: str | os.PathLike[str], registry: Registry, *, environ: Mapping[str, str] | None = None
) -> LoadedRouting:
    """Read a configuration file as :func:`load_configuration` does, to ask what it decides: secrets may be missing.

    Settings of channels and sources that lack one are not checked.

    :raises ConfigurationFileError: with all else that is wrong.
    """
    read = _Reading(path, registry, environ, spares_secrets=True)
    return LoadedRouting(read.plan, read.found.get("server", ServerSettings()), read.missing, read.warnings)


class _Reading:
    """One reading of a file with all that it includes.

    :raises ConfigurationFileError: when it cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        registry: Registry,
        environ: Mapping[str, str] | None,
        *,
        spares_secrets: bool,
    ) -> None:
        findings = Findings()
        main = Path(path)
        missing = Missing(findings, spares_secrets=spares_secrets)
        inclusion = Inclusion(os.environ if environ is None else environ, findings, missing)
        table = inclusion.read(main)
        start = Place(str(main))
        root = Spot(table or Table(start, {}), "", start, findings)
        secrets = SecretFiles(findings, missing)
        self.context = Context(root, registry, secrets)
        self.found = read_sections(self.context)
        if inclusion.complete:
            self.context.check_references()
        self.missing = missing.settle()
        findings.check()
        self.configuration, self.plan = assemble(self.found, self.context)
        self.files = tuple(dict.fromkeys((*inclusion.files, *secrets.read)))

    def warnings(self) -> tuple[Problem, ...]:
        """Return what is legal and probably wrong."""
        warnings = Findings()
        suspect(attrs.evolve(self.context.root, findings=warnings), self.configuration, self.plan, self.context)
        return warnings.problems()
