"""From a file's name to a checked configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
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
from tocsin.configfile.substitution import SecretFiles
from tocsin.configfile.suspicions import suspect
from tocsin.engine.plan import Plan
from tocsin.errors import Problem
from tocsin.registry import Registry

__all__ = ["LoadedConfiguration", "load_configuration"]


@attrs.frozen(slots=True, eq=False)
class LoadedConfiguration:
    """What a configuration file says, with everything that it includes.

    ``plan`` is the configuration compiled. ``sources`` are by their name: the kind of source, and an instance of its
    settings. ``warnings`` tell of what is legal and probably wrong. ``files`` are all that were read, secrets included,
    in the order of reading: a change of one of them changes this. None of the secrets is in the repr.
    """

    configuration: Configuration = attrs.field(repr=False)
    plan: Plan = attrs.field(repr=False)
    sources: Mapping[str, tuple[str, Any]] = attrs.field(repr=lambda value: repr(sorted(value)))
    server: ServerSettings = attrs.field(repr=False)
    warnings: tuple[Problem, ...]
    files: tuple[Path, ...] = attrs.field(repr=lambda value: str(len(value)))


def load_configuration(
    path: str | os.PathLike[str], registry: Registry, *, environ: Mapping[str, str] | None = None
) -> LoadedConfiguration:
    """Read a configuration file, YAML, TOML or JSON by its ending, with the files that it includes.

    Nothing is sent and nothing started. *registry* has the plugins that the file may name. *environ* has what
    ``${NAME}`` stands for (None: this process's environment).

    :raises ConfigurationFileError: with all that is wrong, each with its file, line and column; no secret is in it.
    """
    findings = Findings()
    main = Path(path)
    inclusion = Inclusion(os.environ if environ is None else environ, findings)
    table = inclusion.read(main)
    start = Place(str(main))
    root = Spot(table or Table(start, {}), "", start, findings)
    secrets = SecretFiles(findings)
    context = Context(root, registry, secrets)
    found = read_sections(context)
    if inclusion.complete:
        context.check_references()
    findings.check()
    configuration, plan = assemble(found, context)
    warnings = Findings()
    suspect(attrs.evolve(root, findings=warnings), configuration, plan, context)
    return LoadedConfiguration(
        configuration=configuration,
        plan=plan,
        sources=found.get("sources", {}),
        server=found.get("server", ServerSettings()),
        warnings=warnings.problems(),
        files=tuple(dict.fromkeys((*inclusion.files, *secrets.read))),
    )
