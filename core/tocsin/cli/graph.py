"""``tocsin graph``: draws the routing, and the path that one alert takes through it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from tocsin.cli.hypothetical import alert_options, hypothetical
from tocsin.cli.routing import plugins, routing_of
from tocsin.errors import TocsinError
from tocsin.lab.graph.drawing import Drawing, draw
from tocsin.lab.graph.mermaid import mermaid
from tocsin.lab.graph.svg import svg
from tocsin.lab.standpoint import first_standpoint

__all__ = ["graph"]

_FORMS: Final[Mapping[str, Callable[[Drawing], str]]] = {"mermaid": mermaid, "svg": svg}


@click.command()
@click.option(
    "--config", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The configuration file."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMS)),
    help="What to write; without it: svg where OUT ends in .svg, otherwise mermaid.",
)
@alert_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write there instead of standard output.",
)
def graph(
    config: Path, form: str | None, alert_file: Path | None, labels: tuple[str, ...], output: Path | None
) -> None:
    """Draw the routing: rules with their conditions, channels, and escalation policies with their times.

    With --alert or --label the path of that alert stands out, as 'tocsin explain' says it now. Nothing is sent. Secrets
    that the configuration takes from elsewhere need not be there.

    \b
    Examples:
      tocsin graph --config tocsin.yaml -o routing.svg
      tocsin graph --config tocsin.yaml --label severity=critical --label cluster=prod-eu-1 -o path.svg
      tocsin graph --config tocsin.yaml --format mermaid
    """
    registry = plugins()
    routing = routing_of(config, registry)
    plan, given = routing.plan, hypothetical(alert_file, labels, routing)
    if given is None:
        drawing = draw(plan)
    else:
        drawing = draw(plan, given.alert, first_standpoint(plan, registry, time.time()).explain(given.alert))
    chosen = form or ("svg" if output is not None and output.suffix.lower() == ".svg" else "mermaid")
    text = _FORMS[chosen](drawing)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TocsinError(f"{output}: cannot write it: {os.strerror(error.errno or 0)}") from error
