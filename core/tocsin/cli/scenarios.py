"""``tocsin test``: scenarios, run against a configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tocsin.cli.plain import plain
from tocsin.cli.routing import plan_of, plugins
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError
from tocsin.lab.scenarios.reading import read_scenarios
from tocsin.lab.scenarios.run import Result, run_scenario
from tocsin.registry import Registry

__all__ = ["test"]


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-c", "--config", type=click.Path(path_type=Path), metavar="FILE", help="Test this configuration.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, for scripts.")
def test(files: tuple[Path, ...], config: Path | None, as_json: bool) -> int:
    """Run the scenarios in FILE... against a configuration, in virtual time; nothing is sent.

    The configuration is --config's, or the one that a file of scenarios names under `config`. The exit code is 0 when
    all is as expected, and 1 when something is not.

    \b
    Examples:
      tocsin test scenarios/*.yaml
      tocsin test --config new.yaml scenarios/database.yaml
    """
    plans = _Plans(plugins(), config)
    scenarios = [(file, scenario) for file in files for scenario in read_scenarios(file)]
    results = [run_scenario(scenario, plans.of(scenario.config, file)) for file, scenario in scenarios]
    failed = sum(bool(result.problems) for result in results)
    if as_json:
        click.echo(json.dumps([_plain(result) for result in results], indent=2))
    else:
        for (file, scenario), result in zip(scenarios, results, strict=True):
            click.echo(plain(f"{'FAILED' if result.problems else 'passed'}  {file}: {scenario.name}"))
            for problem in result.problems:
                click.echo(plain(f"        {problem}"))
        click.echo(f"{len(results) - failed} passed, {failed} failed")
    return int(failed > 0)


def _plain(result: Result) -> dict[str, Any]:
    return {
        "name": result.scenario.name,
        "passed": not result.problems,
        "problems": list(result.problems),
        "told": [
            {"at": one.at, "channel_id": one.channel_id, "kind": one.notification.kind.value, "alerts": one.alert_ids}
            for one in result.told
        ],
    }


class _Plans:
    """The configurations that scenarios are about, each loaded once."""

    def __init__(self, registry: Registry, config: Path | None) -> None:
        self._registry = registry
        self._config = config
        self._plans: dict[Path, Plan] = {}

    def of(self, named: str | None, file: Path) -> Plan:
        path = self._config or (None if named is None else Path(named))
        if path is None:
            raise ConfigurationError(
                "no configuration is named: write `config: FILE` in it, or use --config", str(file)
            )
        if path not in self._plans:
            self._plans[path] = plan_of(path, self._registry)
        return self._plans[path]
