"""``tocsin send``: an alert, from a script or by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from tocsin_server.client.alert_input import STDIN, read_alerts
from tocsin_server.client.connection import Connection, segment
from tocsin_server.client.fields import count
from tocsin_server.client.options import by_option, connected
from tocsin_server.client.output import Output
from tocsin_server.client.pairs import NUMBER, PAIR, mapping
from tocsin_server.client.targets import each, targets

__all__ = ["send"]

SEVERITIES: Final = ("info", "warning", "error", "critical", "emergency")


@click.command(short_help="Report an alert, or its end.")
@click.option("--id", "alert_id", metavar="ID", help="What names the alert: the same again is an update of it.")
@click.option("--severity", type=click.Choice(SEVERITIES, case_sensitive=False), help="How bad it is.")
@click.option("--cluster", "cluster_id", metavar="NAME", help="The cluster that it is about.")
@click.option("--node", "node_id", metavar="NAME", help="The node that it is about.")
@click.option("--metric", "metric_name", metavar="NAME", help="What was measured.")
@click.option("--value", "current_value", type=NUMBER, help="What it measured.")
@click.option("--threshold", "threshold_value", type=NUMBER, help="What it should not have passed.")
@click.option("--message", metavar="TEXT", help="What people read.")
@click.option("--generator-url", metavar="URL", help="Where its source shows it.")
@click.option("--label", "labels", multiple=True, type=PAIR, metavar="NAME=VALUE", help="What rules match.")
@click.option("--annotation", "annotations", multiple=True, type=PAIR, metavar="NAME=VALUE", help="What is shown.")
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="Alerts as JSON; - is standard input.")
@click.option("--resolve", is_flag=True, help="Say that it is over; only its ID is needed.")
@by_option
@connected
def send(connection: Connection, output: Output, file: Path | None, resolve: bool, by: str, **options: Any) -> None:
    """Report an alert, or with --resolve that it is over.

    The fields are options, or JSON with the same names as the API's: one object or a list, in FILE or on standard
    input. Of a list either all are taken or none is. --label and --annotation may be repeated.

    \b
    Examples:
      tocsin send --id backup --severity error --cluster eu-1 --metric backup_age --message "no backup since Monday"
      tocsin send --id backup --resolve
      tocsin send --file alerts.json
      check-disks --json | tocsin send
    """
    given = _given(options)
    if file is not None and given:
        raise click.UsageError("--file and options that describe an alert exclude each other")
    alerts = [_described(given, resolve)] if given else read_alerts(file or _standard_input())
    if resolve:
        each(
            targets(_named(alerts)),
            output,
            lambda one: connection.post(f"alerts/{segment(one)}/resolve", {"by": by}),
            lambda one: f"{one}: resolved",
            "alert_id",
        )
        return
    answer = connection.post("alerts", alerts)
    if output.as_json:
        output.json(answer)
        return
    output.line(f"accepted: {count(answer, 'accepted')}, new or changed: {count(answer, 'changed')}")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    pairs = {name: mapping(options.pop(name), f"--{name[:-1]}") for name in ("labels", "annotations")}
    return {name: value for name, value in {**options, **pairs}.items() if value not in (None, {})}


def _described(given: dict[str, Any], resolve: bool) -> dict[str, Any]:
    needed = ("alert_id",) if resolve else ("alert_id", "severity", "cluster_id", "metric_name")
    missing = [name.removesuffix("_id").removesuffix("_name") for name in needed if name not in given]
    if missing:
        options = ", ".join("--id" if name == "alert" else f"--{name}" for name in missing)
        raise click.UsageError(f"an alert needs {options} as well")
    return given


def _standard_input() -> Path:
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("describe an alert with --id and so on, or give JSON in --file or on standard input")
    return STDIN


def _named(alerts: list[dict[str, Any]]) -> list[str]:
    names = [alert.get("alert_id") for alert in alerts]
    if not all(isinstance(name, str) and name and name != "-" for name in names):
        raise click.UsageError("--resolve needs the alert_id of every alert, which is a string that is not empty")
    return [str(name) for name in names]
