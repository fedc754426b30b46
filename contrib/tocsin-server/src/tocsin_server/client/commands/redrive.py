"""``tocsin redrive``: what was given up is sent again."""

from __future__ import annotations

from typing import Final

import click

from tocsin_server.client.completions import CHANNEL, NOTIFICATION
from tocsin_server.client.connection import Connection, segment
from tocsin_server.client.fields import text
from tocsin_server.client.options import by_option, connected
from tocsin_server.client.output import Output
from tocsin_server.client.targets import each, targets

__all__ = ["redrive"]

GIVEN_UP: Final = ("dead", "rejected", "unknown")


@click.command(short_help="Send again what was given up.")
@click.argument("ids", nargs=-1, metavar="[ID...]", type=NOTIFICATION)
@click.option("--all", "everything", is_flag=True, help="Everything that was given up.")
@click.option("--channel", metavar="ID", type=CHANNEL, help="With --all: only what this channel was to tell.")
@by_option
@connected
def redrive(
    connection: Connection, output: Output, ids: tuple[str, ...], everything: bool, channel: str | None, by: str
) -> None:
    """Send notifications again that were given up: dead, rejected, or unknown (it may have arrived).

    An ID is that of a notification, as 'tocsin deliveries' lists them; - reads IDs from standard input, one a line.

    \b
    Examples:
      tocsin redrive 4f1c
      tocsin redrive --all --channel pager
    """
    if everything and ids:
        raise click.UsageError("--all and IDs exclude each other")
    if channel is not None and not everything:
        raise click.UsageError("--channel goes with --all")
    if not everything and not ids:
        raise click.UsageError("name IDs, or --all")
    chosen = _given_up(connection, channel) if everything else targets(ids)
    if not chosen:
        output.remark("nothing was given up")
    each(
        chosen,
        output,
        lambda one: connection.post(f"deliveries/{segment(one)}/redrive", {"by": by}),
        lambda one: f"{one}: is sent again",
        "notification_id",
    )


def _given_up(connection: Connection, channel: str | None) -> list[str]:
    asked = [("channel", channel)] if channel else []
    found = (
        text(item, "notification_id")
        for state in GIVEN_UP
        for item in connection.items("deliveries", [("state", state), *asked])
    )
    return list(dict.fromkeys(one for one in found if one))
