"""``tocsin explain``: who would be told of an alert, when and why, or what became of one."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import attrs
import click

from tocsin.cli.explain_text import Narrator, told_lines
from tocsin.cli.hypothetical import Hypothetical, alert_options, hypothetical
from tocsin.cli.instants import AT, At, Clockface, within
from tocsin.cli.ledger_text import ledger_lines
from tocsin.cli.plain import plain, wrapped
from tocsin.cli.routing import plugins, routing_of
from tocsin.engine.plan import Plan
from tocsin.errors import TocsinError, nearest
from tocsin.lab.hearing import Heard
from tocsin.lab.instants import duration_text
from tocsin.lab.standpoint import Standpoint, first_standpoint, ledger_of, recorded_standpoint
from tocsin.model.alert import PerformanceAlert
from tocsin.model.explanation import Explanation
from tocsin.model.ledger import LedgerLine
from tocsin.model.template import iso_time
from tocsin.registry import Registry
from tocsin.stores.reading import Opened, reading

__all__ = ["explain"]

_PLAYED_SECONDS: Final = 3600.0
_INSTANTS: Final = frozenset({"at", "due", "next_deadline", "opened_at", "until"})


@attrs.frozen(slots=True)
class _Asked:
    """What the command line asks for."""

    config: Path | None
    state: Path | None
    alert_id: str | None
    given: Hypothetical | None
    at: At | None
    as_json: bool
    everything: bool
    failing: tuple[str, ...]
    within: float | None


@click.command()
@click.argument("alert_id", required=False)
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The configuration file. Without it: the configuration that the store recorded.",
)
@alert_options
@click.option(
    "--at",
    metavar="TIME",
    type=AT,
    help="The instant: ISO 8601 (local time without an offset), seconds since the epoch, +5m from now, or -1h ago.",
)
@click.option(
    "--state",
    metavar="STORE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Go on from this store: a daemon's file, in use or not, or what 'tocsin store export' wrote.",
)
@click.option(
    "--within",
    type=within,
    help="Play on for so long: who is sent it if nobody answers. [1h with --failing]",
)
@click.option("--failing", multiple=True, metavar="CHANNEL", help="This channel fails while that is played.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, for scripts.")
@click.option("--all", "everything", is_flag=True, help="List all rules and channels, however many.")
def explain(
    alert_id: str | None,
    config: Path | None,
    alert_file: Path | None,
    labels: tuple[str, ...],
    at: At | None,
    state: Path | None,
    within: float | None,
    failing: tuple[str, ...],
    as_json: bool,
    everything: bool,
) -> None:
    """Say who would be told of an alert, when, and why; or what became of the alert ALERT_ID of a store.

    Nothing is sent, and nothing is written. The engine's own step decides, on the store's state or on none, and is
    taken back. Secrets that the configuration takes from elsewhere need not be there.

    \b
    Examples:
      tocsin explain --config tocsin.yaml --label severity=critical --label cluster=prod-eu-1
      tocsin explain --config new.yaml --state tocsin.db --alert alert.json --at +30m
      tocsin explain --state tocsin.db disk-full
      tocsin explain --state tocsin.db --at 2026-03-03T03:12:00Z disk-full
      tocsin explain --config tocsin.yaml --label severity=critical --failing pager --within 15m
    """
    described = alert_file is not None or bool(labels)
    if alert_id is not None and described:
        raise click.UsageError("name an ALERT_ID of the store, or describe an alert by --alert and --label; not both")
    if alert_id is None and not described:
        raise click.UsageError("which alert? --label severity=critical, --alert FILE, or with --state an ALERT_ID")
    if alert_id is not None and state is None:
        raise click.UsageError("an ALERT_ID is looked up in a store: --state STORE")
    if config is None and state is None:
        raise click.UsageError("a configuration is needed: --config FILE")
    registry = plugins()
    routing = None if config is None else routing_of(config, registry)
    plan = None if routing is None else routing.plan
    if failing and within is None:
        within = _PLAYED_SECONDS
    given = hypothetical(alert_file, labels, routing)
    asked = _Asked(config, state, alert_id, given, at, as_json, everything, failing, within)
    if state is None:
        assert plan is not None, "one of the two is there"
        now = time.time()
        _answer(asked, first_standpoint(plan, registry, now if at is None else at.after(now)), ())
        return
    with reading(state) as opened:
        standpoint = _standpoint(asked, opened, registry, plan)
        lines = () if alert_id is None else ledger_of(opened.store, registry, standpoint, alert_id)
        _answer(asked, standpoint, lines)


def _standpoint(asked: _Asked, opened: Opened, registry: Registry, plan: Plan | None) -> Standpoint:
    found = recorded_standpoint(opened.store, registry, plan, _instant(asked.at, archived=opened.archived))
    if found is None and plan is None:
        raise TocsinError(f"{asked.state}: the store is new and has no configuration: --config FILE")
    if found is not None:
        return found
    assert plan is not None, "one of the two is there"
    now = time.time()
    return first_standpoint(plan, registry, now if asked.at is None else asked.at.after(now))


def _instant(at: At | None, *, archived: bool) -> Callable[[float], float]:
    """Return what gives the instant that is asked about; an archive is a picture, whose now is its newest entry's."""

    def instant(newest: float) -> float:
        now = newest if archived else max(newest, time.time())
        return now if at is None else at.after(now)

    return instant


def _answer(asked: _Asked, standpoint: Standpoint, lines: tuple[LedgerLine, ...]) -> None:
    for channel_id in asked.failing:
        if channel_id not in standpoint.plan.channels:
            hint = nearest(channel_id, standpoint.plan.channels)
            raise click.UsageError(f"--failing: no channel is called {channel_id!r}{hint}")
    alert, fires = _alert(asked, standpoint, lines)
    explained = None if alert is None else standpoint.explain(alert)
    told = None
    if alert is not None and asked.within is not None:
        told = _played(standpoint, alert, asked.within, asked.failing)
    past = standpoint.past
    if not (asked.as_json or past is None or past.whole):
        _print([*(line for gap in past.gaps for line in wrapped(gap, "beware: ")), ""])
    until_then = tuple(line for line in lines if past is None or line.ordinal <= past.ordinal)
    if asked.as_json:
        click.echo(json.dumps(_document(asked, standpoint, alert, explained, told, until_then), indent=2))
        return
    if asked.alert_id is not None:
        _print([click.style(f"what happened to {plain(asked.alert_id)}", bold=True), *ledger_lines(until_then)])
        _print(_after_the_ledger(standpoint, len(lines) - len(until_then), known=explained is not None, fires=fires))
    if alert is not None and explained is not None:
        _print(Narrator(explained, alert, standpoint.plan, asked.everything).lines())
    if told is not None and asked.within is not None:
        _print(told_lines(told, asked.within, asked.failing))
    _print(_remarks(asked, standpoint))


def _played(
    standpoint: Standpoint, alert: PerformanceAlert, within: float, failing: tuple[str, ...]
) -> tuple[Heard, ...]:
    told = standpoint.heard(alert, within, failing)
    if told is None:
        raise TocsinError(f"too much happens within {duration_text(within)} to be played: ask for less by --within")
    return told


def _after_the_ledger(standpoint: Standpoint, later: int, *, known: bool, fires: bool) -> Iterable[str]:
    """Yield what has to be said between what happened to an alert and what would."""
    if later:
        yield f"  and {later} lines later than that; without --at they are shown"
    yield ""
    if not known:
        yield "the records know it no longer: only the journal does"
    elif not fires:
        if standpoint.past is not None and not standpoint.past.whole:
            yield "whether it fires then is not known; if it does not, were it to fire:"
        else:
            yield "it does not fire yet; were it to fire:" if later else "it is over; were it to fire again:"
        yield ""


def _alert(
    asked: _Asked, standpoint: Standpoint, lines: tuple[LedgerLine, ...]
) -> tuple[PerformanceAlert | None, bool]:
    """Return the alert that is asked about, and whether it fires already."""
    if asked.given is not None:
        return asked.given.alert, False
    assert asked.alert_id is not None, "one of the two is there"
    known = standpoint.known(asked.alert_id)
    if known is None and not lines:
        hint = nearest(asked.alert_id, standpoint.engine.state.alerts)
        raise TocsinError(f"{asked.state} knows no alert {plain(asked.alert_id)!r:.200}{hint}")
    return (None, False) if known is None else known


def _remarks(asked: _Asked, standpoint: Standpoint) -> Iterable[str]:
    if asked.given is not None and asked.given.assumed:
        yield ""
        yield from wrapped(", ".join(f"{name} {value!r}" for name, value in asked.given.assumed.items()), "assumed: ")
    if standpoint.past is not None:
        yield ""
        newest = Clockface(standpoint.now.wall).show(standpoint.past.wall)
        yield from wrapped(f"the store's entry {standpoint.past.ordinal}, {newest}", "state: ")
        for gap in standpoint.past.gaps if standpoint.past.whole else ():
            yield from wrapped(gap, "recovery: ")


def _print(lines: Iterable[str]) -> None:
    colours = False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None
    for line in lines:
        click.echo(line, color=colours)


# -- for scripts --------------------------------------------------------------------------------------------------


def _document(
    asked: _Asked,
    standpoint: Standpoint,
    alert: PerformanceAlert | None,
    explained: Explanation | None,
    told: tuple[Heard, ...] | None,
    lines: tuple[LedgerLine, ...],
) -> dict[str, Any]:
    """Return the explanation in plain data, with instants in ISO 8601."""
    document: dict[str, Any] = {"alert_id": asked.alert_id, "at": iso_time(standpoint.now.wall)}
    document |= {"rules": [], "channels": [], "escalation": None}
    if explained is not None and alert is not None:
        document |= _dated(explained.as_dict())
        document["alert"] = attrs.asdict(alert, value_serializer=_plain)
    if told is not None:
        document["told"] = [_sent(one) for one in told]
    if asked.given is not None:
        document["assumed"] = dict(asked.given.assumed)
    if asked.alert_id is not None:
        document["ledger"] = [_dated(line.as_dict()) for line in lines]
    if standpoint.past is not None:
        past = standpoint.past
        document["state"] = {"entry": past.ordinal, "at": iso_time(past.wall), "remarks": list(past.gaps)}
    return document


def _sent(one: Heard) -> dict[str, Any]:
    level = None if one.level is None else one.level.value
    return {
        "channel_id": one.channel_id,
        "after_seconds": one.after,
        "delivered": one.delivered,
        "kind": one.kind.value,
        "level": level,
    }


def _plain(_: Any, __: Any, value: Any) -> Any:
    """Return a field as JSON has a form for it; none stands for a number that is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return getattr(value, "value", value)


def _dated(value: Any) -> Any:
    """Return plain data with its instants, which are numbers of seconds, as text."""
    if isinstance(value, dict):
        return {
            name: iso_time(one) if name in _INSTANTS and isinstance(one, (int, float)) else _dated(one)
            for name, one in value.items()
        }
    return [_dated(one) for one in value] if isinstance(value, (list, tuple)) else value
