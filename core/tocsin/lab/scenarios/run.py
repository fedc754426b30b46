"""Runs scenarios, and says what was not as expected."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError, nearest
from tocsin.lab.instants import duration_text
from tocsin.lab.rehearsal import Rehearsal, Told
from tocsin.lab.scenarios.scenario import Expectation, Scenario, Step
from tocsin.model.facts import Acknowledged, AlertFired, AlertResolved, Fact, SilenceSet, Snoozed
from tocsin.model.silence import Silence

__all__ = ["Result", "run_scenario"]


@attrs.frozen(slots=True)
class Result:
    """What came of a scenario: the problems, none if all was as expected, and all that was told."""

    scenario: Scenario
    problems: tuple[str, ...]
    told: tuple[Told, ...]


def run_scenario(scenario: Scenario, plan: Plan) -> Result:
    """Run a scenario with a configuration's plan, and compare what is told with what it expects.

    :raises ConfigurationError: when it names a channel that the configuration has not, with the step's place.
    """
    _check_channels(scenario, plan)
    rehearsal = Rehearsal(plan, scenario.start)
    problems: list[str] = []
    for number, step in enumerate(scenario.steps):
        rehearsal.wait_until(step.at)
        problems += [f"{step.where}: at T+{duration_text(step.at)}: {text}" for text in _strangers(rehearsal, step)]
        _do(rehearsal, step, number)
        if step.expect is not None:
            news = rehearsal.news()
            problems += [f"{step.where}: at T+{duration_text(step.at)}: {text}" for text in _missed(step.expect, news)]
    return Result(scenario, tuple(problems), rehearsal.told)


def _check_channels(scenario: Scenario, plan: Plan) -> None:
    for step in scenario.steps:
        expected = step.expect
        names = () if expected is None else (*(expected.told or ()), *expected.at_least, *expected.not_told)
        for name in (*step.receivers, *names):
            if name not in plan.channels:
                problem = f"no channel is called {name!r}{nearest(name, plan.channels)}"
                raise ConfigurationError(problem, step.where)


def _strangers(rehearsal: Rehearsal, step: Step) -> list[str]:
    """Return what is done about alerts that do not fire then: it would do nothing, and nobody would notice."""
    firing = {*rehearsal.firing(), *(alert.alert_id for alert in step.alert)}
    done = [
        *(("resolve", name) for name in step.resolve),
        *(("acknowledge", one.alert) for one in step.acknowledge),
        *(("snooze", one.alert) for one in step.snooze),
    ]
    return [
        f"{what}: no alert {name!r} fires then{nearest(name, firing) if firing else ''}"
        for what, name in done
        if name not in firing
    ]


def _do(rehearsal: Rehearsal, step: Step, number: int) -> None:
    for channel_id, mode in step.receivers.items():
        rehearsal.receiver(channel_id, mode)
    wall = rehearsal.wall
    facts: list[Fact] = [
        SilenceSet(Silence(f"silence {number}.{place}", quiet.matchers, wall, wall + quiet.for_seconds))
        for place, quiet in enumerate(step.silence)
    ]
    facts += map(AlertFired, step.alert)
    facts += map(AlertResolved, step.resolve)
    facts += [Acknowledged(one.alert, one.by, for_seconds=one.for_seconds) for one in step.acknowledge]
    facts += [Snoozed(one.alert, one.for_seconds, one.by) for one in step.snooze]
    if facts:
        rehearsal.submit(*facts)


def _missed(expected: Expectation, news: Sequence[Told]) -> list[str]:
    """Return in what the news are not as expected."""
    about = [one for one in news if expected.about is None or expected.about in one.alert_ids]
    told = {one.channel_id for one in about}
    problems: list[str] = []
    if expected.told is not None and told != set(expected.told):
        problems.append(f"expected {_names(expected.told)} to be told, and told was {_listed(about)}")
    missing = set(expected.at_least) - told
    if missing:
        problems.append(f"expected {_names(missing)} to be told too, and told was {_listed(about)}")
    wrong = told.intersection(expected.not_told)
    if wrong:
        some = [one for one in about if one.channel_id in wrong]
        problems.append(f"expected {_names(wrong)} not to be told, and told was {_listed(some)}")
    return problems


def _names(names: Sequence[str] | set[str]) -> str:
    return " and ".join(sorted(names)) or "nobody"


def _listed(told: Sequence[Told]) -> str:
    return "; ".join(f"T+{duration_text(one.at)} {one}" for one in told) or "nobody"
