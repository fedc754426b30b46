"""``tocsin snooze``: alerts are put off."""

from __future__ import annotations

import click

from tocsin_server.client.completions import ALERT
from tocsin_server.client.connection import Connection, segment
from tocsin_server.client.options import by_option, connected
from tocsin_server.client.output import Output
from tocsin_server.client.targets import each, targets
from tocsin_server.client.times import DURATION, duration_text

__all__ = ["snooze"]


@click.command(short_help="Put alerts off.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...", type=ALERT)
@click.option("--for", "seconds", type=DURATION, required=True, metavar="DURATION", help="How long: 30m, 2h, 1d12h.")
@by_option
@connected
def snooze(connection: Connection, output: Output, ids: tuple[str, ...], seconds: float, by: str) -> None:
    """Put alerts off: nobody is told of them for a while, and then they speak up again.

    An ID is that of an alert or of an incident; - reads IDs from standard input, one a line.

    \b
    Examples:
      tocsin snooze disk-full --for 2h
      tocsin snooze disk-full replica-lag --for 1d12h
    """
    each(
        targets(ids),
        output,
        lambda one: connection.post(f"alerts/{segment(one)}/snooze", {"seconds": seconds, "by": by}),
        lambda one: f"{one}: snoozed for {duration_text(seconds)}",
        "alert_id",
    )
