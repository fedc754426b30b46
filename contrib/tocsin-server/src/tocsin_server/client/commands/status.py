"""``tocsin status``: whether all is well with the daemon itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from tocsin_server.client.connection import Connection
from tocsin_server.client.failure import Failure
from tocsin_server.client.fields import count, number, text, texts
from tocsin_server.client.options import connected
from tocsin_server.client.output import Output
from tocsin_server.client.table import Row
from tocsin_server.client.times import age, duration_text

__all__ = ["status"]

_GAPS: Final = ("gap", "about", "times", "last", "what")


@click.command(short_help="Say whether the daemon is well.")
@connected
def status(connection: Connection, output: Output) -> None:
    """Say whether the daemon is well: its store, its channels, and what it had to leave out.

    The exit code is 1 when it is degraded, so that a script can ask.

    \b
    Examples:
      tocsin status
      tocsin status --json | jq .undelivered
      tocsin status >/dev/null || echo "have a look"
    """
    health = connection.get("health")
    state = text(health, "status")
    if not state:
        raise Failure(f"{connection.where.shown} does not say how it is; it may be another version of tocsin")
    if output.as_json:
        output.json(health)
    else:
        output.heading(f"tocsin {text(health, 'version')} at {connection.where.shown}: {state}")
        output.fields(_details(health))
        if count(health, "gaps"):
            output.line("")
            output.table(_GAPS, [_gap(gap) for gap in connection.items("gaps")])
    if state != "ok":
        click.get_current_context().exit(1)


def _details(health: Mapping[str, Any]) -> dict[str, str]:
    uptime = number(health, "uptime_seconds")
    return {
        "up for": "" if uptime is None else duration_text(uptime),
        "firing": str(count(health, "firing")),
        "store": text(health, "store"),
        "open circuits": ", ".join(texts(health, "open_circuits")) or "none",
        "undelivered": str(count(health, "undelivered")),
        "gaps": str(count(health, "gaps")),
    }


def _gap(gap: Mapping[str, Any]) -> Row:
    last = age(text(gap, "last_at"))
    return text(gap, "kind"), text(gap, "subject"), str(count(gap, "count")), last, text(gap, "detail")
