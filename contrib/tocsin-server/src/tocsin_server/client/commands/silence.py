"""``tocsin silence``: alerts that nobody is to be told of for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from tocsin_server.client.alert_text import TITLES, row
from tocsin_server.client.completions import SILENCE
from tocsin_server.client.connection import Connection, segment
from tocsin_server.client.failure import Failure
from tocsin_server.client.fields import count, flag, record, records, text, texts
from tocsin_server.client.options import by_option, connected
from tocsin_server.client.output import Output
from tocsin_server.client.table import Cell, Row
from tocsin_server.client.targets import each, targets
from tocsin_server.client.times import DURATION, INSTANT, age, duration_text

__all__ = ["silence"]

STATES: Final = ("active", "pending", "expired")
_TITLES: Final = ("silence", "state", "time", "by", "matchers", "comment")
_COLOURS: Final = {"active": "green", "pending": "yellow"}


@click.group(short_help="Silence alerts that match.")
def silence() -> None:
    """Silence alerts that match: nobody is told of them while it lasts.

    \b
    Examples:
      tocsin silence preview 'cluster_id="eu-1"'
      tocsin silence add 'cluster_id="eu-1"' --for 2h --comment "new switches"
      tocsin silence list
    """


@silence.command()
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--for", "seconds", type=DURATION, metavar="DURATION", help="How long it lasts: 30m, 2h, 1d12h.")
@click.option("--end", type=INSTANT, metavar="INSTANT", help="When it ends, instead of --for.")
@click.option("--start", type=INSTANT, metavar="INSTANT", help="When it starts.  [default: now]")
@click.option("--comment", default="", help="Why.")
@click.option("--maintenance", is_flag=True, help="It is for work that was planned.")
@click.option("--id", "silence_id", metavar="ID", type=SILENCE, help="Change this silence instead of adding one.")
@by_option
@connected
def add(
    connection: Connection,
    output: Output,
    matchers: tuple[str, ...],
    seconds: float | None,
    end: str | None,
    start: str | None,
    comment: str,
    maintenance: bool,
    silence_id: str | None,
    by: str,
) -> None:
    """Add a silence of the alerts that match all of MATCHER, and print its ID.

    A matcher is written as in Prometheus: name="value", !=, =~ or !~ with a regular expression that matches all of it.

    \b
    Examples:
      tocsin silence add 'cluster_id="eu-1"' 'severity=~"info|warning"' --for 2h --comment "new switches"
      tocsin silence add 'job="backup"' --start 2026-01-31T22:00:00Z --end 2026-02-01T04:00:00Z --maintenance
    """
    if (seconds is None) == (end is None):
        raise click.UsageError("say how long it lasts, either with --for or with --end")
    body = {
        "matchers": list(matchers),
        "created_by": by,
        "comment": comment,
        "maintenance": maintenance,
        "seconds": seconds,
        "ends_at": end,
        "starts_at": start,
        "silence_id": silence_id,
    }
    answer = connection.post("silences", {name: value for name, value in body.items() if value is not None})
    if output.as_json:
        output.json(answer)
    else:
        output.line(text(answer, "silence_id"))


@silence.command(name="list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    help="Only those in this state.  [default: active and pending]",
)
@click.option("--filter", "filters", multiple=True, metavar="MATCHER", help="Only those that have this matcher.")
@connected
def list_(connection: Connection, output: Output, states: tuple[str, ...], filters: tuple[str, ...]) -> None:
    """List silences. Those that are over are left out; --state, which may be repeated, names what to list.

    \b
    Examples:
      tocsin silence list
      tocsin silence list --state expired --json
    """
    wanted = states or STATES[:2]
    asked = [("filter", one) for one in filters] + ([("state", wanted[0])] if len(wanted) == 1 else [])
    found = [one for one in connection.items("silences", asked) if text(one, "state") in wanted]
    if output.as_json:
        output.json(found)
        return
    output.table(_TITLES, [_row(one) for one in found], "no silences")


@silence.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...", type=SILENCE)
@connected
def expire(connection: Connection, output: Output, ids: tuple[str, ...]) -> None:
    """End silences before their time; - reads IDs from standard input, one a line.

    \b
    Examples:
      tocsin silence expire 2b1f
      tocsin silence list --json | jq -r '.[] | select(.created_by == "ann").silence_id' | tocsin silence expire -
    """
    each(
        targets(ids),
        output,
        lambda one: connection.delete(f"silences/{segment(one)}"),
        lambda one: f"{one}: ended",
        "silence_id",
    )


@silence.command()
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--past", type=DURATION, default="1d", show_default=True, help="How far to look back.")
@connected
def preview(connection: Connection, output: Output, matchers: tuple[str, ...], past: float) -> None:
    """Show what a silence would match now, and would have matched in the past. Nothing is silenced.

    \b
    Examples:
      tocsin silence preview 'cluster_id=~"eu-.*"'
      tocsin silence preview 'job="backup"' --past 1w
    """
    answer = connection.post("silences/preview", {"matchers": list(matchers), "hours": past / 3600})
    if output.as_json:
        output.json(answer)
        return
    before = record(answer, "past")
    if "count" not in answer or not before:
        raise Failure(f"{connection.where.shown} sent no preview; it may be another version of tocsin")
    shown = records(answer, "now")
    output.heading(_counted("now", count(answer, "count"), len(shown)))
    output.table(TITLES, [row(one) for one in shown])
    names = texts(before, "alert_ids")
    output.heading(_counted(f"in the past {duration_text(past)}", count(before, "count"), len(names)))
    for name in names:
        output.line(f"  {name}")


def _counted(time: str, total: int, shown: int) -> str:
    first = f", of which {shown} are listed" if 0 < shown < total else ""
    return f"{time}: {total} alert{'' if total == 1 else 's'}{first}"


def _row(one: Mapping[str, Any]) -> Row:
    state = text(one, "state")
    times = {"active": ("ends_at", "{} left"), "pending": ("starts_at", "in {}"), "expired": ("ends_at", "{} ago")}
    field, words = times.get(state, ("ends_at", "{}"))
    work = "maintenance: " if flag(one, "maintenance") else ""
    return (
        text(one, "silence_id"),
        Cell(state, _COLOURS.get(state)),
        words.format(age(text(one, field))),
        text(one, "created_by"),
        " ".join(texts(one, "matchers")),
        work + text(one, "comment"),
    )
