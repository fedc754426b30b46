"""What concerns a crowd is listed, and looked at, so many at a time: by counts, for no test depends on speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from tests.engine.harness import ORIGIN, Bench, channel, configuration, fired, rule

from tocsin import (
    AlertResolved,
    EscalationPolicy,
    LabelMatcher,
    NotificationKind,
    Outcome,
    Silence,
    SilenceExpired,
    SilenceSet,
)
from tocsin.engine import crowds, gates, levels, lines, machine, owing, reminders

DELIVERED = Outcome.delivered()
CAP = 5
MANY = 60
DEV = channel("dev", "wide")
GROUP = {"group_by": [], "group_wait_seconds": 30.0, "group_interval_seconds": 300.0, "repeat_interval_seconds": 600.0}
WINDOW = {"window_seconds": 1e6, "repeat_interval_seconds": 600.0}
EVERYTHING = Silence("s", (LabelMatcher("alert_id", "=~", ".*"),), ORIGIN, ORIGIN + 1e6)
OF_ONE_STEP = 8 * CAP
"""A few looks at each of those that are looked at together, and fewer than there are."""


@pytest.fixture(autouse=True, params=[10**9, 1], ids=["gone through", "kept in order"])
def small_cap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notification lists few, whether the orders of a crowd are kept or made each time."""
    monkeypatch.setattr(crowds, "LISTED", CAP)
    monkeypatch.setattr(crowds, "CROWD", request.param)


@attrs.define
class Looks:
    """How often a gate was asked: in the step that is under way, and at most in one."""

    now: int = 0
    most: int = 0


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Count the looks of each step of an engine."""
    looks = Looks()
    shut_gate: Callable[..., Any] = gates.shut_gate
    step: Callable[..., Any] = machine.Engine.step

    def counted(*given: Any) -> Any:
        looks.now += 1
        return shut_gate(*given)

    def stepped(*given: Any, **options: Any) -> Any:
        looks.now = 0
        made = step(*given, **options)
        looks.most = max(looks.most, looks.now)
        return made

    for module in (levels, lines, owing, reminders):
        monkeypatch.setattr(module, "shut_gate", counted)
    monkeypatch.setattr(machine.Engine, "step", stepped)
    return looks


def names(count: int) -> list[str]:
    return [f"a{place:02}" for place in range(count)]


def bench_of(aggregator: str, settings: dict[str, Any], **options: Any) -> Bench:
    return Bench(configuration(DEV, aggregator=aggregator, settings=settings), answer=DELIVERED, **options)


def fire_all(bench: Bench, severity: str = "error") -> None:
    bench.step(*(fired(name, severity) for name in names(MANY)))
    bench.finish()


def test_a_group_is_told_so_many_at_a_time_and_nobody_twice() -> None:
    """All of it is new; what a notification does not list follows in the next, and each says how many fire."""
    bench = bench_of("grouping", GROUP)
    fire_all(bench)
    bench.wake(31)
    bench.finish()
    sent = bench.on("dev")
    assert max(len(one.firing) for one in sent) <= CAP
    assert sorted(name for one in sent for name in one.firing) == names(MANY)
    assert all(one.notification.incidents[0].firing_count == MANY for one in sent)


def test_what_is_new_in_a_group_goes_before_what_is_listed_again() -> None:
    bench = bench_of("grouping", GROUP)
    fire_all(bench)
    bench.wake(31)
    bench.finish()
    before = len(bench.on("dev"))
    bench.fire("new", "info")
    bench.wake(331)
    bench.finish()
    (last,) = bench.on("dev")[before:]
    assert "new" in last.firing
    assert len(last.firing) == CAP
    assert last.notification.incidents[0].firing_count == MANY + 1


@pytest.mark.parametrize(("aggregator", "settings"), [("grouping", GROUP), ("window", WINDOW)])
def test_a_repeat_lists_the_most_severe(aggregator: str, settings: dict[str, Any]) -> None:
    """The others stay told: their ends follow."""
    bench = bench_of(aggregator, settings)
    fire_all(bench)
    bench.fire("worst", "critical")
    bench.wake(400)
    bench.finish()
    before = len(bench.on("dev"))
    bench.wake(1000)
    bench.finish()
    (repeat,) = bench.on("dev")[before:]
    assert repeat.notification.kind is NotificationKind.REPEAT
    assert (len(repeat.firing), "worst" in repeat.firing) == (CAP, True)
    bench.step(*(AlertResolved(name) for name in [*names(MANY), "worst"]))
    bench.wake(2000)
    bench.finish()
    ended = sorted(name for one in bench.on("dev") for name in one.resolved)
    assert ended == sorted([*names(MANY), "worst"])
    assert max(len(one.resolved) for one in bench.on("dev")) <= CAP


@pytest.mark.parametrize(("aggregator", "settings"), [("grouping", GROUP), ("window", WINDOW)])
def test_no_step_looks_at_all_of_a_crowd(aggregator: str, settings: dict[str, Any], looks: Looks) -> None:
    """Neither at a flush, nor when a repeat is due, nor when that is held back and something resolves."""
    bench = bench_of(aggregator, settings, checked=False)
    fire_all(bench)
    looks.most = 0
    bench.wake(1000)
    bench.step(*(AlertResolved(name) for name in names(MANY // 2)))
    bench.wake(2000)
    assert 0 < looks.most <= OF_ONE_STEP


def test_a_repeat_that_is_held_back_costs_nothing_when_something_resolves(looks: Looks) -> None:
    bench = bench_of("window", WINDOW, checked=False)
    fire_all(bench)
    bench.at = 1.0
    bench.step(SilenceSet(EVERYTHING))
    bench.finish()
    bench.wake(700)
    bench.finish()
    looks.most = 0
    for name in names(10):
        bench.resolve(name)
    assert looks.most <= CAP


@pytest.mark.parametrize(("aggregator", "settings"), [("grouping", GROUP), ("window", WINDOW)])
def test_a_repeat_that_was_held_back_comes_when_the_last_of_a_crowd_is_not_muted_any_more(
    aggregator: str, settings: dict[str, Any]
) -> None:
    bench = bench_of(aggregator, settings)
    fire_all(bench)
    bench.wake(400)
    bench.finish()
    bench.step(SilenceSet(EVERYTHING))
    bench.finish()
    bench.wake(1500)
    bench.finish()
    before = len(bench.on("dev"))
    but_one = attrs.evolve(EVERYTHING, silence_id="t", matchers=[LabelMatcher("alert_id", "!=", names(MANY)[-1])])
    bench.step(SilenceSet(but_one))
    bench.step(SilenceExpired("s"))
    bench.finish()
    bench.wake(1700)
    bench.finish()
    sent = bench.on("dev")[before:]
    assert [one.firing for one in sent] == [[names(MANY)[-1]]]


@pytest.mark.parametrize("count", [CAP - 1, MANY])
def test_a_level_of_a_crowd_names_everyone_once(count: int, looks: Looks) -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    boss = channel("boss", "wide")
    config = configuration(
        DEV, boss, policies=[policy], rules=[rule("all", "dev", policy="p")], aggregator="window", settings=WINDOW
    )
    bench = Bench(config, answer=DELIVERED, checked=False)
    bench.step(*(fired(name) for name in names(count)))
    bench.finish()
    looks.most = 0
    bench.wake(302)
    assert 0 < looks.most <= OF_ONE_STEP
    sent = bench.on("boss")
    assert sorted(name for one in sent for name in one.firing) == names(count)
    assert max(len(one.firing) for one in sent) <= CAP
    assert len({one.notification.notification_id for one in sent}) == len(sent)


def test_no_firing_overtakes_the_end_of_the_same_alert() -> None:
    """However many ends are owed: whoever fires again is listed with its end, or after it."""
    bench = bench_of("window", {**WINDOW, "resolve_seconds": 0.0})
    fire_all(bench)
    bench.at, bench.answer = 100.0, None
    (busy,) = bench.fire("other", "critical")
    bench.step(*(AlertResolved(name) for name in names(MANY)))
    bench.step(*(fired(name, "critical") for name in names(MANY)))
    before = len(bench.on("dev"))
    bench.answer = DELIVERED
    bench.deliver(busy)
    bench.finish()
    ended: set[str] = set()
    for one in bench.on("dev")[before:]:
        ended |= set(one.resolved)
        assert set(one.firing) <= ended
    assert ended == set(names(MANY))


def test_a_level_and_what_is_due_are_listed_together_as_far_as_there_is_room() -> None:
    """What is due and left out follows, and nobody is lost."""
    policy = EscalationPolicy("p", escalation_levels={"first": ["dev"]})
    config = configuration(
        DEV, policies=[policy], rules=[rule("all", "dev", policy="p")], aggregator="window", settings=WINDOW
    )
    bench = Bench(config, answer=DELIVERED)
    bench.step(*(fired(name, "critical") for name in names(MANY)))
    bench.at, bench.answer = 290.0, None
    (busy,) = bench.fire("other", "critical")
    bench.step(*(fired(f"b{place}", "critical") for place in range(CAP)))
    bench.wake(310)
    before = len(bench.on("dev"))
    bench.answer = DELIVERED
    bench.deliver(busy)
    bench.wake(500)
    sent = bench.on("dev")[before:]
    assert max(len(one.firing) for one in sent) == CAP
    assert {name for one in sent for name in one.firing} >= {*names(MANY), *(f"b{place}" for place in range(CAP))}
