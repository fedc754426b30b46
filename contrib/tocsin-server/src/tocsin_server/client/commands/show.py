"""``tocsin show``: one alert, what happened to it, and what will."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from tocsin_server.client.alert_text import details, handling
from tocsin_server.client.completions import ALERT
from tocsin_server.client.connection import Connection, segment
from tocsin_server.client.failure import Failure
from tocsin_server.client.fields import count, record, records, text
from tocsin_server.client.options import connected
from tocsin_server.client.output import Output
from tocsin_server.client.table import Row
from tocsin_server.client.times import age, when

__all__ = ["show"]


@click.command(short_help="Show an alert and its timeline.")
@click.argument("alert_id", metavar="ID", type=ALERT)
@connected
def show(connection: Connection, output: Output, alert_id: str) -> None:
    """Show an alert and its timeline: what happened to it with the reasons, and what comes next.

    \b
    Examples:
      tocsin show disk-full
      tocsin show disk-full --json | jq '.timeline.future'
    """
    if not alert_id:
        raise click.UsageError("the ID is empty")
    found = connection.get(f"alerts/{segment(alert_id)}")
    if output.as_json:
        output.json(found)
        return
    alert, timeline = record(found, "alert"), record(found, "timeline")
    if not alert:
        raise Failure(f"{connection.where.shown} sent no alert; it may be another version of tocsin")
    output.heading(_heading(alert))
    output.fields(details(alert))
    _lines(output, "what happened", [_past(line) for line in records(timeline, "past")])
    _lines(output, "what comes next", [_due(line) for line in records(timeline, "future")])


def _heading(alert: Mapping[str, Any]) -> str:
    status = text(alert, "status")
    since = age(text(alert, "resolved_at" if status == "resolved" else "fired_at"))
    episode = f" (episode {count(alert, 'episode')})" if count(alert, "episode") > 1 else ""
    handled = f"; {handling(alert)}" if handling(alert) else ""
    return f"{text(alert, 'alert_id')}: {text(alert, 'severity')}, {status} for {since}{episode}{handled}"


def _lines(output: Output, title: str, rows: list[Row]) -> None:
    if rows:
        output.line("")
        output.heading(title)
        output.table(("", "", ""), rows, whole=True)


def _past(line: Mapping[str, Any]) -> Row:
    return when(text(line, "at")), text(line, "kind"), text(line, "text")


def _due(line: Mapping[str, Any]) -> Row:
    at = text(line, "at")
    return (f"{when(at)} (in {age(at)})" if at else "some day"), text(line, "what"), text(line, "text")
