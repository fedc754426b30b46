"""``tocsin alerts``: what fires, and what has been firing."""

from __future__ import annotations

from typing import Final

import click

from tocsin_server.client.alert_text import TITLES, row
from tocsin_server.client.connection import Connection
from tocsin_server.client.options import connected, limit_option
from tocsin_server.client.output import Output

__all__ = ["alerts"]

SEVERITIES: Final = ("info", "warning", "error", "critical", "emergency")


@click.command()
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice(SEVERITIES, case_sensitive=False),
    help="Only of this severity.",
)
@click.option("--cluster", metavar="NAME", help="Only of this cluster.")
@click.option("--receiver", metavar="NAME", help="Only those that this receiver is told of.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="MATCHER",
    help="Only those whose labels match, such as 'job=~\"db.*\"'.",
)
@click.option("--firing/--resolved", default=None, help="Only those that fire, or that are over.  [default: both]")
@click.option("--acknowledged/--unacknowledged", default=None, help="Only those that somebody took, or nobody.")
@click.option("--suppressed/--unsuppressed", default=None, help="Only those that something keeps quiet, or nothing.")
@limit_option
@connected
def alerts(
    connection: Connection,
    output: Output,
    severities: tuple[str, ...],
    cluster: str | None,
    receiver: str | None,
    filters: tuple[str, ...],
    firing: bool | None,
    acknowledged: bool | None,
    suppressed: bool | None,
    most: int | None,
) -> None:
    """List alerts, the most severe first.

    --severity and --filter may be repeated: any of the severities, all of the filters.

    \b
    Examples:
      tocsin alerts --firing --unacknowledged
      tocsin alerts --severity critical --severity emergency --cluster eu-1
      tocsin alerts --filter 'job=~"db.*"' --json | jq -r '.[].alert_id'
    """
    status = None if firing is None else "firing" if firing else "resolved"
    asked = [
        *(("severity", one) for one in severities),
        *(("filter", one) for one in filters),
        *((name, value) for name, value in (("cluster", cluster), ("receiver", receiver), ("status", status)) if value),
        *(
            (name, str(value).lower())
            for name, value in (("acknowledged", acknowledged), ("suppressed", suppressed))
            if value is not None
        ),
    ]
    found = list(connection.items("alerts", asked, None if most is None else most + 1))
    if output.as_json:
        output.json(found[:most])
        return
    output.table(TITLES, [row(one) for one in found[:most]], "no alerts")
    if most is not None and len(found) > most:
        output.remark(f"there are more than {most}; without -n all are listed")
