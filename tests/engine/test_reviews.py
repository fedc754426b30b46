"""What changes for many is decided anew in bounded steps; in the end the same is told as if it were done at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.harness import ORIGIN, Bench, channel, configuration, fired, rule
from tests.engine.records import Keeper, as_text, reloaded

from tocsin import (
    Acknowledged,
    AlertResolved,
    AttemptEnded,
    Configuration,
    EscalationPolicy,
    LabelMatcher,
    LevelReached,
    Outcome,
    Silence,
    SilenceExpired,
    SilenceSet,
)
from tocsin.engine import machine, reviews, walk
from tocsin.engine.compile import compile_plan
from tocsin.engine.machine import Engine, Instant, PlanChanged
from tocsin.model.inhibition import InhibitionRule

DELIVERED = Outcome.delivered()
STEP = 3
DEV = channel("dev", "wide")
OPS = channel("ops", "wide")
EVERYTHING = Silence("s", (LabelMatcher("alert_id", "=~", ".*"),), ORIGIN, ORIGIN + 100)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step decides few episodes and meets few deadlines."""
    monkeypatch.setattr(reviews, "EPISODES_PER_STEP", STEP)
    monkeypatch.setattr(machine, "DEADLINES_PER_STEP", STEP)


def silenced(count: int, *, metrics: int = 1, config: Configuration | None = None, **options: Any) -> Bench:
    """Return a bench on which so many alerts fire, and are silenced until 100."""
    bench = Bench(config or configuration(DEV), **options)
    bench.step(SilenceSet(EVERYTHING))
    for place in range(count):
        assert bench.fire(f"a{place:02}", metric=f"m{place % metrics}") == []
    return bench


def told(bench: Bench, channel_id: str = "dev") -> list[str]:
    """Return whom a channel was told of as firing, once for each time."""
    return sorted(name for one in bench.on(channel_id) for name in one.firing)


def names(count: int) -> list[str]:
    return [f"a{place:02}" for place in range(count)]


def test_one_step_decides_no_more_than_its_share() -> None:
    bench = silenced(10, metrics=10)
    bench.at = 100.0
    steps = []
    while (deadline := bench.engine.next_deadline()) is not None and deadline <= ORIGIN + 100:
        steps.append(len([name for one in bench.step() for name in one.firing]))
    assert max(steps) <= STEP
    assert sum(steps) == 10
    assert told(bench) == names(10)


def test_what_is_left_wants_to_be_done_at_once() -> None:
    bench = silenced(10, metrics=10)
    bench.at = 100.0
    bench.step()
    assert bench.engine.next_deadline() == ORIGIN + 100


def test_an_incident_with_many_members_is_told_in_one_notification() -> None:
    bench = silenced(10)
    bench.at = 100.0
    assert bench.step() == []
    (only,) = bench.finish()
    assert only.firing == names(10)


def test_new_alerts_are_taken_in_between() -> None:
    bench = silenced(10, metrics=10)
    bench.at = 100.0
    bench.step()
    assert ["new"] in [one.firing for one in bench.fire("new", metric="other")]
    bench.finish()
    assert told(bench) == [*names(10), "new"]


def test_a_new_member_of_the_incident_that_is_being_looked_at_is_told_with_the_rest() -> None:
    bench = silenced(10)
    bench.at = 100.0
    bench.step()
    bench.fire("new", metric="m0")
    bench.finish()
    assert [one.firing for one in bench.on("dev")] == [[*names(10), "new"]]


@pytest.mark.parametrize("metrics", [1, 4, 10])
def test_what_resolves_or_is_acknowledged_meanwhile_is_not_told(metrics: int) -> None:
    bench = silenced(10, metrics=metrics)
    bench.at = 100.0
    bench.step()
    before = told(bench)
    bench.step(AlertResolved("a08"), Acknowledged("a09", "bob"))
    bench.finish()
    late = {"a08", "a09"} - set(before)
    assert late, "the last ones were not decided in the first step"
    assert told(bench) == [name for name in names(10) if name not in late]


def test_a_silence_that_begins_meanwhile_keeps_the_rest_quiet() -> None:
    bench = silenced(10, metrics=10)
    bench.at = 100.0
    bench.step()
    before = told(bench)
    assert 0 < len(before) < 10
    bench.silence("again", until=200, cluster_id="cluster-a09")
    bench.finish()
    assert told(bench) == names(9)
    bench.wake(200)
    bench.finish()
    assert told(bench) == names(10)


def test_a_silence_that_ends_twice_on_the_way_tells_nobody_twice() -> None:
    bench = silenced(10, metrics=10)
    bench.at = 100.0
    bench.step()
    bench.step(SilenceSet(attrs.evolve(EVERYTHING, silence_id="again", ends_at=ORIGIN + 300)))
    bench.step()
    bench.step(SilenceExpired("again", "bob"))
    bench.finish()
    assert told(bench) == names(10)


def test_a_restart_in_the_middle_does_the_rest_in_steps() -> None:
    """What was under way is sent again first, with the same id."""
    bench = silenced(10, metrics=10)
    bench.at = 100.0
    first = bench.step()
    rest = bench.restart(100)
    assert {one.name for one in first} < {one.name for one in rest}
    assert len(rest) - len(first) <= STEP
    rest += bench.finish()
    assert sorted(name for one in rest for name in one.firing) == names(10)


@pytest.mark.parametrize("metrics", [1, 4])
def test_records_that_are_read_back_in_the_middle_go_on_where_they_stood(metrics: int) -> None:
    bench = silenced(10, metrics=metrics)
    bench.at = 100.0
    bench.step()
    while walk.active(bench.engine.state):
        bench.engine = Engine(bench.plan, state=reloaded(bench.engine.state, bench.plan))
        bench.step()
    assert told(bench) == names(10)
    assert len(bench.on("dev")) == metrics


def test_a_checkpoint_of_what_changed_misses_nothing_of_a_review() -> None:
    bench, keeper = silenced(10, metrics=4), Keeper()
    keeper.take(bench.engine)
    bench.at = 100.0
    while walk.active(bench.engine.state) or bench.engine.next_deadline() == ORIGIN + 100:
        bench.step()
        keeper.take(bench.engine)
    assert told(bench) == names(10)


def test_a_reload_in_the_middle_of_a_review_starts_it_anew_and_routes() -> None:
    """Each channel that is newly reached gets one digest; nobody told is told again."""
    config = configuration(DEV, OPS, rules=[rule("all", "dev")])
    bench = silenced(10, metrics=10, config=config)
    bench.at = 100.0
    bench.step()
    assert 0 < len(told(bench)) < 10
    bench.reload(configuration(DEV, OPS, rules=[rule("all", "dev", "ops")]))
    assert told(bench, "ops") == []
    bench.finish()
    assert told(bench) == names(10)
    assert [(one.kind, one.firing) for one in bench.on("ops")] == [("digest", names(10))]


def test_while_all_is_routed_anew_what_fires_newly_waits_for_the_digests() -> None:
    bench = Bench(configuration(DEV, aggregator="none"))
    for name in names(10):
        bench.deliver(*bench.fire(name))
    assert bench.reload(configuration(DEV, OPS, rules=[rule("all", "dev", "ops")], aggregator="none")) == []
    assert bench.fire("new") == []
    bench.finish()
    assert told(bench, "ops") == [*names(10), "new"]
    assert told(bench) == [*names(10), "new"]


def test_a_second_reload_in_the_middle_counts() -> None:
    one = configuration(DEV, OPS, rules=[rule("all", "dev", "ops")], aggregator="none")
    two = configuration(DEV, "net", rules=[rule("all", "dev", "net")], aggregator="none")
    bench = Bench(configuration(DEV, aggregator="none"))
    for name in names(10):
        bench.deliver(*bench.fire(name))
    bench.reload(one)
    bench.reload(two)
    bench.finish()
    assert told(bench, "ops") == []
    assert told(bench, "net") == names(10)


def test_the_targets_of_a_source_that_ends_are_told_in_bounded_steps() -> None:
    inhibition = InhibitionRule((LabelMatcher("alert_id", "=", "source"),), (LabelMatcher("team", "=", "db"),))
    bench = Bench(configuration(DEV, aggregator="none", inhibition_rules=[inhibition]))
    bench.fire("source")
    for name in names(10):
        assert bench.fire(name, labels={"team": "db"}) == []
    steps = [len(bench.resolve("source"))]
    while walk.active(bench.engine.state):
        steps.append(len(bench.step()))
    assert max(steps) <= STEP
    assert told(bench) == [*names(10), "source"]


def test_escalations_that_begin_together_are_told_in_bounded_steps() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    config = configuration(DEV, channel("boss", "wide"), policies=[policy], aggregator="none")
    bench = Bench(config)
    bench.step(*[fired(name) for name in names(10)])
    bench.at = 300.0
    steps = []
    while (deadline := bench.engine.next_deadline()) is not None and deadline <= ORIGIN + 300:
        steps.append(len(bench.step()))
    assert max(steps) <= STEP
    assert told(bench, "boss") == names(10)


def test_explain_is_not_held_up_by_a_review() -> None:
    """It does all of it, and takes all of it back."""
    bench = silenced(10, metrics=10)
    bench.at = 100.0
    bench.step()
    before = as_text(bench.engine.state)
    (found,) = bench.explain("new", metric="other").channels
    assert found.action.value == "notify"
    assert as_text(bench.engine.state) == before


@pytest.mark.parametrize("count", [2, 4, 10])
def test_what_waited_in_its_lane_waits_until_its_incident_was_looked_at_whole(count: int) -> None:
    """So that one notification tells all of it, although the lane lets it start in between."""
    bench = Bench(configuration(channel("dev", "single"), settings={"burst": 100}))
    (first,) = bench.fire("first", metric="other")
    bench.step(SilenceSet(attrs.evolve(EVERYTHING, matchers=[LabelMatcher("alert_id", "=~", "a.*")])))
    assert bench.fire("loud", "critical", metric="m0") == []  # the lane is busy
    for name in names(count):
        assert bench.fire(name, "critical", metric="m0") == []
    bench.at = 100.0
    bench.step()
    sent = bench.deliver(first) + bench.finish()
    assert [one.firing for one in sent] == [[*names(count), "loud"]]


# --- against an engine that does everything in one step


class _Drive:
    """An engine with receivers that take everything at once, stepped whole or in small steps."""

    def __init__(self, config: Configuration, *, whole: bool) -> None:
        self.plan = compile_plan(config, Bench(config).registry)
        self.engine = Engine(self.plan, seed=3)
        self.whole = whole
        self.told: list[tuple[str, str, str]] = []
        self.at = ORIGIN

    def step(self, *facts: Any) -> None:
        """Hand facts in; what starts is delivered."""
        made = self.engine.step(Instant(self.at, self.at), facts, whole=self.whole)
        self.engine.accept()
        for start in made.starts:
            sent = start.notification
            self.told += [(sent.channel_id, one.alert.alert_id, one.status.value) for one in sent.alerts]
            self.step(AttemptEnded(sent.notification_id, sent.attempt, DELIVERED))

    def wait(self, until: float) -> None:
        """Let time pass, with a step at each deadline."""
        while (deadline := self.engine.next_deadline()) is not None and deadline <= until:
            self.at = max(self.at, deadline)
            self.step()
        self.at = until
        self.step()

    def finish(self) -> None:
        """Do what is left to be done now."""
        while (deadline := self.engine.next_deadline()) is not None and deadline <= self.at:
            self.step()


def _history(seed: int) -> Iterator[tuple[Any, ...]]:
    """Yield bursts of facts of one random history."""
    random_ = random.Random(seed)
    firing: set[str] = set()
    for _ in range(random_.randint(3, 8)):
        new = [f"b{random_.randrange(20)}" for _ in range(random_.randint(1, 12))]
        yield tuple(
            fired(name, random_.choice(["warning", "error", "critical"]), f"m{int(name[1:]) % 5}") for name in new
        )
        firing |= set(new)
        pattern = random_.choice([".*", "b1.*", "b[0-4]"])
        name = f"s{random_.randrange(2)}"
        silence = Silence(name, (LabelMatcher("alert_id", "=~", pattern),), ORIGIN, ORIGIN + 10_000.0)
        yield (SilenceSet(silence),) if random_.random() < 0.5 else (SilenceExpired(name),)
        gone = random_.sample(sorted(firing), k=min(len(firing), random_.randint(0, 4)))
        firing -= set(gone)
        yield tuple(AlertResolved(one) for one in gone)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), aggregator=st.sampled_from(["none", "window"]), reload=st.booleans())
def test_in_the_end_the_same_is_told_as_by_an_engine_that_does_all_at_once(
    seed: int, aggregator: str, reload: bool
) -> None:
    """However small the steps: the same alerts, as firing or as resolved, on the same channels, equally often."""
    config = configuration(DEV, OPS, rules=[rule("all", "dev")], aggregator=aggregator)
    other = configuration(DEV, OPS, rules=[rule("all", "dev", "ops")], aggregator=aggregator)
    drives = [_Drive(config, whole=whole) for whole in (True, False)]
    for drive in drives:
        for place, facts in enumerate(_history(seed)):
            drive.step(*facts)
            drive.finish()
            if reload and place == 4:
                drive.plan = compile_plan(other, Bench(other, checked=False).registry, drive.plan)
                drive.step(PlanChanged(drive.plan))
                drive.finish()
        drive.wait(drive.at + 20_000.0)
    whole, small = drives
    assert sorted(whole.told) == sorted(small.told)


def test_facts_between_the_steps_lose_nobody() -> None:
    """Random facts in the midst of reviews: whoever fires unmuted in the end was told, and every end follows."""
    for seed in range(20):
        drive = _Drive(configuration(DEV, aggregator="none"), whole=False)
        for facts in _history(seed):
            drive.step(*facts)
        for name in ("s0", "s1"):
            drive.step(SilenceExpired(name))
        drive.wait(drive.at + 3600.0)
        state = drive.engine.state
        for alert_id in state.firing:
            told_firing = [one for one in drive.told if one[1] == alert_id and one[2] == "firing"]
            assert told_firing, f"seed {seed}: nobody heard of {alert_id}"
        for episode in state.episodes.values():
            line = state.incidents[episode.incident_id].lines.get("dev")
            assert line is None or not (line.due or line.waiting), f"seed {seed}: something is left"


@pytest.mark.parametrize("count", [1, 3 * STEP])
@pytest.mark.parametrize("how", ["oversleep", "restart", "punctual"])
def test_a_silence_that_passed_while_nobody_looked_paused_its_escalations(how: str, count: int) -> None:
    """What follows from each edge is decided at its own instant, whatever a step's share is."""
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    boss = channel("boss", "wide")
    bench = Bench(configuration(DEV, boss, policies=[policy], aggregator="none"), answer=DELIVERED)
    bench.step(*(fired(name) for name in names(count)))
    bench.step(SilenceSet(attrs.evolve(EVERYTHING, starts_at=ORIGIN + 100, ends_at=ORIGIN + 1100)))
    if how == "oversleep":
        bench.oversleep(1200)
    elif how == "restart":
        bench.restart(1200)
    bench.wake(1299)
    assert told(bench, "boss") == []
    bench.wake(1301)
    assert sorted((one.at, one.firing) for one in bench.on("boss")) == [(1300, [name]) for name in names(count)]


def test_a_clock_that_is_set_back_before_a_silence_lets_all_clocks_go_on_at_once() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    boss = channel("boss", "wide")
    bench = Bench(configuration(DEV, boss, policies=[policy], aggregator="none"), answer=DELIVERED)
    bench.step(*(fired(name) for name in names(3 * STEP)))
    bench.step(SilenceSet(attrs.evolve(EVERYTHING, starts_at=ORIGIN, ends_at=ORIGIN + 1100)))
    bench.wake(200)
    bench.jump(-10_000)
    bench.wake(2000)
    assert {one.at for one in bench.on("boss")} == {500}


def test_a_silence_that_began_while_nobody_looked_pauses_from_its_start() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    bench = Bench(configuration(DEV, "boss", policies=[policy], aggregator="none"), answer=DELIVERED)
    bench.fire("a00")
    bench.step(SilenceSet(attrs.evolve(EVERYTHING, starts_at=ORIGIN + 100, ends_at=ORIGIN + 1100)))
    bench.oversleep(250)
    assert [one.at for one in bench.wake(2000)] == [1300]


def test_a_silence_that_begins_in_the_instant_of_a_level_keeps_it_back() -> None:
    """What mutes comes before what is due."""
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    bench = Bench(configuration(DEV, "boss", policies=[policy], aggregator="none"), answer=DELIVERED)
    bench.fire("a00")
    bench.step(SilenceSet(attrs.evolve(EVERYTHING, starts_at=ORIGIN + 300, ends_at=ORIGIN + 400)))
    bench.wake(300)
    assert not [event for event in bench.events if isinstance(event, LevelReached)]
    assert [one.at for one in bench.wake(500)] == [400]


def test_incidents_that_an_undone_step_opened_do_not_keep_a_walk_from_its_end() -> None:
    """A walk goes by the order of the incidents; what a failed commit opened is no part of it."""
    bench = silenced(3, metrics=3, checked=False)
    bench.engine.step(bench._now(), [fired(f"lost{place}", metric=f"n{place}") for place in range(5)])
    bench.engine.undo()
    bench.step(fired("after", metric="other"))
    bench.at = 100.0
    for _ in range(50):
        bench.step()
    assert not walk.active(bench.engine.state)
    assert told(bench) == ["a00", "a01", "a02", "after"]


def test_a_walk_passes_over_what_is_over_without_a_step_for_it() -> None:
    """What resolved is remembered for a day, and is nobody who could be told."""
    bench = Bench(configuration(DEV, aggregator="none"), answer=DELIVERED)
    for name in names(30):
        bench.fire(name)
        bench.resolve(name)
    bench.fire("last")
    bench.step(SilenceSet(EVERYTHING))
    assert not walk.active(bench.engine.state)


def test_a_level_is_kept_back_by_a_silence_of_its_instant_however_much_is_remembered() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss"]})
    bench = Bench(configuration(DEV, "boss", policies=[policy], aggregator="none"), answer=DELIVERED)
    for name in names(30):
        bench.fire(name)
        bench.resolve(name)
    bench.fire("last")
    bench.step(SilenceSet(attrs.evolve(EVERYTHING, starts_at=ORIGIN + 300, ends_at=ORIGIN + 400)))
    bench.wake(300)
    assert not [event for event in bench.events if isinstance(event, LevelReached)]


def test_an_incident_that_ends_while_it_is_walked_through_keeps_nobody_waiting() -> None:
    """The walk goes on with the next one, from its first member on."""
    bench = silenced(6, metrics=2)  # a00, a02 and a04 in one incident, the others in the next
    for name in ("b", "c"):
        bench.fire(name, metric="m0")
    bench.at = 100.0
    bench.step()
    assert bench.engine.state.review_member > 0
    bench.step(*[AlertResolved(name) for name in ("a00", "a02", "a04", "b", "c")])
    bench.finish()
    assert told(bench) == ["a01", "a03", "a05"]


def test_a_group_that_fires_again_before_its_end_was_told_is_walked_through() -> None:
    settings = {"group_by": ["metric_name"], "group_interval_seconds": 300.0}
    bench = Bench(configuration(DEV, aggregator="grouping", settings=settings), answer=DELIVERED)
    bench.fire("a00", metric="m0")
    bench.fire("a01", metric="m1")
    bench.wake(60)
    bench.resolve("a00")
    bench.fire("a00", metric="m0")
    bench.step(SilenceSet(attrs.evolve(EVERYTHING, ends_at=ORIGIN + 10_000)))
    bench.finish()
    bench.fire("late", metric="m0")
    bench.wake(9_999)
    assert "late" not in told(bench)
    bench.wake(11_000)
    assert "late" in told(bench)
