"""``tocsin ack``: somebody takes alerts in hand."""

from __future__ import annotations

import click

from tocsin_server.client.completions import ALERT
from tocsin_server.client.connection import Connection, segment
from tocsin_server.client.options import by_option, connected
from tocsin_server.client.output import Output
from tocsin_server.client.targets import each, targets
from tocsin_server.client.times import DURATION, duration_text

__all__ = ["ack"]


@click.command(short_help="Say that you have alerts in hand.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...", type=ALERT)
@by_option
@click.option("--comment", default="", help="Why, or what is being done.")
@click.option("--for", "seconds", type=DURATION, metavar="DURATION", help="Until then; after it the alert speaks up.")
@connected
def ack(
    connection: Connection, output: Output, ids: tuple[str, ...], by: str, comment: str, seconds: float | None
) -> None:
    """Acknowledge alerts: you have them in hand, and nobody else is called.

    An ID is that of an alert or of an incident; - reads IDs from standard input, one a line.

    \b
    Examples:
      tocsin ack disk-full
      tocsin ack disk-full --for 2h --comment "moving the logs away"
      tocsin alerts --cluster eu-1 --json | jq -r '.[].alert_id' | tocsin ack -
    """
    body: dict[str, object] = {"by": by, "comment": comment}
    if seconds is not None:
        body["for_seconds"] = seconds
    time = "" if seconds is None else f" for {duration_text(seconds)}"
    each(
        targets(ids),
        output,
        lambda one: connection.post(f"alerts/{segment(one)}/acknowledge", body),
        lambda one: f"{one}: acknowledged by {by}{time}",
        "alert_id",
    )
