"""``tocsin deliveries``: what was sent, and what was given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from tocsin_server.client.completions import CHANNEL
from tocsin_server.client.connection import Connection
from tocsin_server.client.fields import count, text, texts
from tocsin_server.client.options import connected, limit_option
from tocsin_server.client.output import Output
from tocsin_server.client.table import Cell, Row
from tocsin_server.client.times import age

__all__ = ["deliveries"]

STATES: Final = (
    "queued",
    "held",
    "sending",
    "retrying",
    "delivered",
    "rejected",
    "unknown",
    "dead",
    "merged",
    "cancelled",
)
_TITLES: Final = ("notification", "state", "ended", "channel", "kind", "attempts", "alerts", "why")
_COLOURS: Final = {"delivered": "green", "rejected": "red", "dead": "red", "unknown": "yellow", "retrying": "yellow"}


@click.command(short_help="List what was sent, and given up.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--channel", metavar="ID", type=CHANNEL, help="Only those of this channel.")
@limit_option
@connected
def deliveries(
    connection: Connection, output: Output, state: str | None, channel: str | None, most: int | None
) -> None:
    """List notifications, those that failed or may not have arrived first.

    dead, rejected and unknown ones were given up: 'tocsin redrive' sends them again.

    \b
    Examples:
      tocsin deliveries -n 20
      tocsin deliveries --state dead --channel pager
    """
    asked = [(name, value) for name, value in (("state", state), ("channel", channel)) if value]
    found = list(connection.items("deliveries", asked, most))
    if output.as_json:
        output.json(found)
        return
    output.table(_TITLES, [_row(one) for one in found], "no notifications")


def _row(delivery: Mapping[str, Any]) -> Row:
    state = text(delivery, "state")
    return (
        text(delivery, "notification_id"),
        Cell(state, _COLOURS.get(state)),
        age(text(delivery, "ended_at")),
        text(delivery, "channel_id"),
        text(delivery, "kind"),
        str(count(delivery, "attempts")),
        ", ".join(texts(delivery, "alert_ids")),
        text(delivery, "detail") or text(delivery, "reason"),
    )
