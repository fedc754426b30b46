"""What ended is let go after the retention time, also where a restart finds that time long over."""

from __future__ import annotations

import pytest
from tests.engine.harness import ORIGIN, Bench, channel, configuration, fired
from tests.engine.records import reloaded

from tocsin import AlertResolved, Outcome
from tocsin.engine import machine
from tocsin.engine.agenda import Deadline
from tocsin.engine.machine import Engine, Instant, Restarted
from tocsin.engine.meeting import meet
from tocsin.engine.turn import Turn

DAY = 86_400.0
DOWN = Outcome.unavailable("down", retry_after_seconds=3000.0)


def _told_and_resolved(count: int = 1) -> Bench:
    """So many alerts, each told alone; their ends wait behind one that is under way."""
    bench = Bench(configuration(channel("ops", "single"), aggregator="none"))
    bench.step(*[fired(f"a{place}") for place in range(count)])
    while bench.under_way:
        bench.deliver()
    bench.step(*[AlertResolved(f"a{place}") for place in range(count)])
    return bench


@pytest.mark.parametrize("days", [0.5, 1, 1.25, 1.3, 8])
@pytest.mark.parametrize("failed", [False, True])
def test_an_end_that_is_still_owed_after_a_long_downtime_is_told(days: float, failed: bool) -> None:
    """Longer than the retention time, which does not count while something has to be told.

    One whose attempt failed is given up after its time, for everybody to see, and that is kept for a week.
    """
    bench = _told_and_resolved(2)
    if failed:
        for one in list(bench.under_way.values()):
            bench.outcome(one, DOWN)
    bench.restart(days * DAY)
    while bench.under_way:
        bench.deliver()
    bench.wake(bench.at + 10)
    told = {name for one in bench.on("ops") if one.at >= days * DAY for name in one.resolved}
    given_up = {name for out in bench.engine.state.undelivered.values() for name in out.alert_ids}
    assert (told, given_up) == (({"a1"}, {"a0"} if days < 7 else set()) if failed else ({"a0", "a1"}, set()))
    bench.wake(bench.at + 3 * DAY)
    assert not bench.engine.state.incidents
    assert not bench.engine.state.episodes


def test_a_downtime_is_not_looked_through_minute_by_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = _told_and_resolved(20)
    met: list[Deadline] = []

    def counted(turn: Turn, kind: Deadline, name: str) -> None:
        met.append(kind)
        meet(turn, kind, name)

    monkeypatch.setattr(machine, "meet", counted)
    engine = Engine(bench.plan, state=reloaded(bench.engine.state, bench.plan))
    engine.step(Instant(ORIGIN + 30 * DAY, ORIGIN + 30 * DAY), [Restarted()])
    assert met.count(Deadline.FORGET) <= 20


def test_an_incident_is_let_go_a_day_after_its_end() -> None:
    bench = Bench(configuration("ops"), answer=Outcome.delivered())
    bench.fire("a")
    bench.resolve("a")
    bench.wake(DAY - 1)
    assert bench.engine.state.incidents
    bench.wake(2 * DAY)
    assert not bench.engine.state.incidents
