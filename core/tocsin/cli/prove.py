"""``tocsin prove``: whether each alert that there can be reaches somebody in time."""

from __future__ import annotations

import json
import shlex
import time
from pathlib import Path
from typing import Any, Final

import click

from tocsin.cli.instants import instant, within
from tocsin.cli.plain import plain
from tocsin.cli.routing import plugins, routing_of
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError, nearest
from tocsin.lab.instants import duration_text
from tocsin.lab.prove.proving import prove as proved
from tocsin.lab.prove.verdict import Counterexample, Question, Verdict
from tocsin.lab.prove.wording import alert_fields, moment
from tocsin.lab.prove.wording import instant as written
from tocsin.model.severity import AlertSeverity

__all__ = ["prove"]

_HUMAN: Final = "human"


def _severity(value: str) -> AlertSeverity:
    """Return the severity of that name."""
    try:
        return AlertSeverity.parse(value)
    except ConfigurationError as error:
        raise click.BadParameter(error.problem) from None


@click.command()
@click.option("--config", "file", required=True, type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--severity", type=_severity, default="critical", help="Of alerts of this severity. [critical]")
@click.option("--within", type=within, default="15m", help="So soon they are to reach somebody. [15m]")
@click.option(
    "--to",
    multiple=True,
    metavar="human|CHANNEL",
    help="Whom: a channel that a person reads, or this one; several: any of them. [human]",
)
@click.option("--tolerate", type=click.IntRange(0, 3), default=0, help="So many channels may fail, any of them. [0]")
@click.option("--from", "since", type=instant, metavar="TIME", help="Look at the year from then on. [now]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, for scripts.")
def prove(
    file: Path,
    severity: AlertSeverity,
    within: float,
    to: tuple[str, ...],
    tolerate: int,
    since: float | None,
    as_json: bool,
) -> int:
    """Prove that every alert of a severity reaches somebody in time if nobody acknowledges.

    Every alert that there can be is meant, and every instant of a year: a proof is no test of samples. Printed is what
    it takes for granted, or an alert that reaches nobody, which the engine has confirmed, or why neither is known.
    The exit code is 0 when it is proved, 1 when it is not, and 2 when FILE has an error.

    \b
    Examples:
      tocsin prove --config tocsin.yaml
      tocsin prove --config tocsin.yaml --severity emergency --within 5m --to pager --tolerate 1
    """
    loaded = routing_of(file, plugins())
    goal, who = _goal(loaded.plan, to or (_HUMAN,))
    question = Question(severity, goal, who, within, float(int(time.time())) if since is None else since, tolerate)
    verdict = proved(loaded.plan, question)
    warnings = loaded.warnings()
    for problem in () if as_json else warnings:
        click.echo(f"{problem} (warning)", err=True)
    if as_json:
        plain = {**_plain(verdict), "warnings": [str(problem) for problem in warnings]}
        click.echo(json.dumps(plain, indent=2))
    else:
        click.echo("\n".join(_told(question, verdict, file)))
    return 0 if verdict.proved else 1


def _goal(plan: Plan, to: tuple[str, ...]) -> tuple[frozenset[str], str]:
    """Return the channels that are meant, and how they are called."""
    goal: set[str] = set()
    for name in to:
        if name == _HUMAN:
            goal |= {channel_id for channel_id, found in plan.channels.items() if found.human}
        elif name in plan.channels:
            goal.add(name)
        else:
            raise click.UsageError(
                f"--to: no channel is called {name!r}{nearest(name, [_HUMAN, *plan.channels])}; "
                "'human' means any that a person reads"
            )
    return frozenset(goal), " or ".join("a person" if name == _HUMAN else name for name in dict.fromkeys(to))


def _plain(verdict: Verdict) -> dict[str, Any]:
    found = verdict.counterexample
    return {
        "proved": verdict.proved,
        "undecided": list(verdict.undecided),
        "assumptions": list(verdict.assumptions),
        "counterexample": None if found is None else _plain_counterexample(found),
    }


def _plain_counterexample(found: Counterexample) -> dict[str, Any]:
    return {
        "alert": alert_fields(found.alert),
        "at": written(found.at),
        "failing": list(found.failing),
        "told": [{"channel_id": one.channel_id, "after_seconds": one.after} for one in found.told],
    }


def _told(question: Question, verdict: Verdict, file: Path) -> list[str]:
    asked = f"{question.severity.value} alert reaches {question.who} within {duration_text(question.within)}"
    found = verdict.counterexample
    if found is not None:
        return [f"not proved: not every {asked}:", *_counterexample(found, question, file)]
    if verdict.proved:
        return [f"proved: every {asked}, under these assumptions:", *(f"  - {one}" for one in verdict.assumptions)]
    return [f"undecided: whether every {asked}:", *(f"  - {one}" for one in verdict.undecided)]


def _counterexample(found: Counterexample, question: Question, file: Path) -> list[str]:
    lines = [f"  an alert that reaches nobody so: {json.dumps(alert_fields(found.alert))}"]
    lines.append(f"  if it fires on {moment(found.at)}")
    if found.failing:
        lines.append(f"  and these fail: {', '.join(map(plain, found.failing))}")
    others = ", ".join(f"{plain(one.channel_id)} after {duration_text(one.after)}" for one in found.told)
    lines.append(f"  told in that time: {others or 'nobody'}")
    report = shlex.quote(json.dumps(alert_fields(found.alert)))
    at = written(found.at)
    failing = "".join(f" --failing {shlex.quote(name)}" for name in found.failing)
    options = f"--alert - --at {at} --within {duration_text(question.within)}{failing}"
    lines.append(f"  see: printf %s {report} | tocsin explain --config {shlex.quote(str(file))} {options}")
    return lines
