"""``tocsin replay``: what would have been sent."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tocsin.cli.instants import instant
from tocsin.cli.plain import plain
from tocsin.cli.routing import plugins, routing_of
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.reading import read_history
from tocsin.lab.model import ModelledPeople, ModelledReceivers
from tocsin.lab.model_file import read_model
from tocsin.lab.people import NOBODY
from tocsin.lab.replay.run import replay as replay_history
from tocsin.lab.replay.text import lines_of_report

__all__ = ["replay"]


@click.command()
@click.argument("history", metavar="HISTORY", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-c", "--config", type=click.Path(path_type=Path), metavar="FILE", help="Replay it with this configuration."
)
@click.option("--from", "since", type=instant, metavar="TIME", help="Count what is done from then on.")
@click.option("--to", "until", type=instant, metavar="TIME", help="End then.")
@click.option(
    "--model", type=click.Path(path_type=Path), metavar="FILE", help="Outages of receivers, and how soon people answer."
)
@click.option("--seed", type=int, default=None, help="What ids and jitter are made from, other than in the history.")
@click.option("--list", "listed", is_flag=True, help="Print each notification instead of a report.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts; with --list one object a line.")
def replay(
    history: Path,
    config: Path | None,
    since: float | None,
    until: float | None,
    model: Path | None,
    seed: int | None,
    listed: bool,
    as_json: bool,
) -> None:
    """Run HISTORY through the engine in virtual time, and print what would have been sent.

    HISTORY is the file of a store, its export, Prometheus' answer for the series ALERTS over a range, or a file of
    alerts. Nothing is sent. Receivers answer as was recorded, and at once where nothing was. Without --config a store's
    own configurations are used, in turn.

    \b
    Examples:
      tocsin replay --config tocsin.yaml data/tocsin.db
      tocsin replay --config new.yaml --from 2026-11-01 --to 2026-12-01 alerts.json
    """
    if since is not None and until is not None and until < since:
        raise click.UsageError("--to is before --from")
    registry = plugins()
    labels, plan = Labels(), None
    if config is not None:
        loaded = routing_of(config, registry)
        plan = loaded.plan
        labels = Labels(loaded.server.severity_labels, loaded.server.cluster_labels)
    played = read_history(history, labels)
    world = None if model is None else read_model(model)
    report = replay_history(
        played,
        registry,
        plan,
        since=float("-inf") if since is None else since,
        until=float("inf") if until is None else until,
        seed=seed,
        receivers=None if world is None else ModelledReceivers(world.receivers, played.receivers),
        people=NOBODY if world is None else ModelledPeople(world.people),
        tell=(lambda sent: click.echo(json.dumps(sent.as_dict()) if as_json else plain(str(sent)))) if listed else None,
    )
    if not listed:
        lines = "\n".join(map(plain, lines_of_report(report)))
        click.echo(json.dumps(report.as_dict(), indent=2) if as_json else lines)
