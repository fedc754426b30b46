"""``tocsin resolve``: alerts are over."""

from __future__ import annotations

import click

from tocsin_server.client.completions import ALERT
from tocsin_server.client.connection import Connection, segment
from tocsin_server.client.options import by_option, connected
from tocsin_server.client.output import Output
from tocsin_server.client.targets import each, targets

__all__ = ["resolve"]


@click.command(short_help="Say that alerts are over.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...", type=ALERT)
@by_option
@connected
def resolve(connection: Connection, output: Output, ids: tuple[str, ...], by: str) -> None:
    """Resolve alerts: they are over. A source that still sees one reports it anew.

    - reads IDs from standard input, one a line.

    \b
    Examples:
      tocsin resolve disk-full
      tocsin alerts --filter 'job="backup"' --json | jq -r '.[].alert_id' | tocsin resolve -
    """
    each(
        targets(ids),
        output,
        lambda one: connection.post(f"alerts/{segment(one)}/resolve", {"by": by}),
        lambda one: f"{one}: resolved",
        "alert_id",
    )
