"""``tocsin diff``: what another configuration would have changed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tocsin.cli.instants import instant
from tocsin.cli.plain import plain
from tocsin.cli.routing import plugins, routing_of
from tocsin.configfile.loading import LoadedRouting
from tocsin.lab.diff.report import lines_of_diff, parse_fail_on
from tocsin.lab.diff.run import Side
from tocsin.lab.diff.run import diff as diff_history
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.reading import read_history
from tocsin.lab.model import Model, ModelledPeople, ModelledReceivers
from tocsin.lab.model_file import read_model

__all__ = ["diff"]

_CONFIGURATION = click.Path(path_type=Path)


@click.command()
@click.argument("old", metavar="OLD", type=_CONFIGURATION)
@click.argument("new", metavar="NEW", type=_CONFIGURATION)
@click.argument("history", metavar="HISTORY", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--from", "since", type=instant, metavar="TIME", help="Compare what is told of alerts that fire from then on."
)
@click.option("--to", "until", type=instant, metavar="TIME", help="End then.")
@click.option(
    "--model", type=click.Path(path_type=Path), metavar="FILE", help="Outages of receivers, and how soon people answer."
)
@click.option(
    "--fail-on",
    metavar="EFFECTS",
    default="",
    help="Exit with 1 if one of these is among the differences: lost, vanished, later, moved, appeared, earlier, each "
    "for all alerts or from a severity on, as in lost-critical.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, for scripts.")
def diff(
    old: Path,
    new: Path,
    history: Path,
    since: float | None,
    until: float | None,
    model: Path | None,
    fail_on: str,
    as_json: bool,
) -> int:
    """Run HISTORY with the configurations OLD and NEW, and print who would have been told something else.

    HISTORY is as for 'tocsin replay'; receivers are ideal, and nothing is sent. Differences are grouped by the change
    that caused them, the worst first. The exit code is 0, or 1 when --fail-on names one of them.

    \b
    Examples:
      tocsin diff tocsin.yaml new.yaml data/tocsin.db
      tocsin diff --fail-on lost-critical,later-critical old.yaml new.yaml alerts.json
    """
    failures = parse_fail_on(fail_on)
    registry = plugins()
    before, after = routing_of(old, registry), routing_of(new, registry)
    world = Model() if model is None else read_model(model)
    report = diff_history(
        _side(before, history),
        _side(after, history),
        registry,
        since=float("-inf") if since is None else since,
        until=float("inf") if until is None else until,
        receivers=ModelledReceivers(world.receivers),
        people=ModelledPeople(world.people),
    )
    click.echo(json.dumps(report.as_dict(), indent=2) if as_json else "\n".join(map(plain, lines_of_diff(report))))
    met = [group for group in report.groups if any(one.met_by(group) for one in failures)]
    if met:
        click.echo(f"tocsin: {len(met)} of the differences must not be: --fail-on {fail_on}", err=True)
    return int(bool(met))


def _side(loaded: LoadedRouting, history: Path) -> Side:
    """Return a configuration, and the history as it reads it."""
    server = loaded.server
    words = ", ".join(f"{word} is {severity.value}" for word, severity in sorted(server.severity_labels.items()))
    labels = f"severity_labels ({words or 'none'}), cluster_labels ({', '.join(server.cluster_labels)})"
    read = read_history(history, Labels(server.severity_labels, server.cluster_labels))
    return Side(loaded.plan, read, labels)
