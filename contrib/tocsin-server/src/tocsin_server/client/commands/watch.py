"""``tocsin watch``: what happens, as it happens."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any, Final

import click

from tocsin_server.client.connection import Connection
from tocsin_server.client.event_stream import StreamEvent
from tocsin_server.client.event_text import event_text
from tocsin_server.client.fields import text
from tocsin_server.client.following import follow
from tocsin_server.client.options import connected
from tocsin_server.client.output import Output
from tocsin_server.client.times import now, parse_instant

__all__ = ["watch"]

_KIND_WIDTH: Final = 19


@click.command(short_help="Show what happens, live.")
@click.option("--since", type=click.IntRange(min=0), metavar="ORDINAL", help="Begin after this entry of the journal.")
@click.option("--event", "kinds", multiple=True, metavar="KIND", help="Only these, such as AttemptFinished.")
@click.option("-n", "--limit", "most", type=click.IntRange(min=1), metavar="COUNT", help="End after so many.")
@connected
def watch(connection: Connection, output: Output, since: int | None, kinds: tuple[str, ...], most: int | None) -> None:
    """Show what the daemon decides and does, live, until Ctrl-C.

    A connection that is lost is made again, and what happened meanwhile is shown. With --json each event is a line: an
    object with id, event and data. --event may be repeated.

    \b
    Examples:
      tocsin watch
      tocsin watch --event AttemptFinished --event CircuitChanged
      tocsin watch --since 0 --json | jq -c 'select(.event == "TellingDecided").data'
    """
    left = most
    with closing(follow(connection, "" if since is None else str(since), output.remark)) as events:
        for event in events:
            if kinds and event.kind not in kinds:
                continue
            _print(event, output)
            left = None if left is None else left - 1
            if left == 0:
                return


def _print(event: StreamEvent, output: Output) -> None:
    data = _decoded(event.data)
    if output.as_json:
        output.json({"id": event.id, "event": event.kind, "data": data}, indent=None)
        return
    fields = data if isinstance(data, dict) else {"data": data}
    output.table(("", "", ""), [(_time(fields), f"{event.kind:{_KIND_WIDTH}}", event_text(event.kind, fields))])


def _time(data: dict[str, Any]) -> str:
    """Return when it happened, or, where that is not said, when it was heard of."""
    instant = parse_instant(text(data, "time")) or now()
    try:
        return f"{instant.astimezone():%H:%M:%S}"
    except (OverflowError, OSError, ValueError):
        return f"{instant:%H:%M:%S}"


def _decoded(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data
