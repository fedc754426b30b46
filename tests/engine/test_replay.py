"""Replay: a journal of what changed, decided again by a new engine, leads to the same events and the same records.

The live engine is woken for nothing, has steps taken back, is reloaded from its records and lives through jumps of the
wall clock; the replaying one sees the entries alone, written as JSON and read back, as a restart does.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from typing import Any, Final

import attrs
import pytest
from tests.engine.harness import channel, configuration, fired, incident_tool, installed, rule
from tests.engine.records import as_text, reloaded

from tocsin import (
    Acknowledged,
    AlertResolved,
    AlertRoutingRule,
    AttemptEnded,
    Configuration,
    Escalated,
    EscalationLevel,
    EscalationPolicy,
    InhibitionRule,
    LabelMatcher,
    Noted,
    Outcome,
    Redriven,
    Registry,
    Silence,
    SilenceExpired,
    SilenceSet,
    Snoozed,
    TimeInterval,
    Watchdog,
)
from tocsin.engine import crowds, incidents, machine, reviews
from tocsin.engine.compile import compile_plan, recorded_plan
from tocsin.engine.due import Due
from tocsin.engine.machine import Engine, Input, Instant, PlanChanged, Step
from tocsin.engine.state import Line
from tocsin.journal import ConfigurationChanged, Entry, Restarted, entry_from_plain, entry_to_plain
from tocsin.roles.aggregator import Cause

START: Final = 1_700_000_000.0
STEPS: Final = 160
SEEDS: Final = range(int(os.environ.get("TOCSIN_FUZZ", "1")) * 12)
OUTCOMES: Final = (
    Outcome.delivered(),
    Outcome.delivered(),
    Outcome.unavailable("down"),
    Outcome.unknown("no answer"),
    Outcome.rejected("no"),
    Outcome.throttled("slow", retry_after_seconds=20.0),
)
LEVELS: Final = {
    EscalationLevel.IMMEDIATE: ["pager"],
    EscalationLevel.FIRST: ["boss"],
    EscalationLevel.SECOND: ["boss", "pager"],
}


def _rules(chance: random.Random) -> list[AlertRoutingRule]:
    policy = chance.choice((None, "levels"))
    return [
        rule("all", "ops", policy=policy, mute_time_intervals=chance.choice(((), ("hour",)))),
        rule("worst", *chance.choice((["pager"], ["pager", "boss"])), severity=["critical"], policy="levels"),
    ]


def _configuration(seed: int) -> Configuration:
    chance = random.Random(seed)
    limit = chance.choice((None, 2))
    channels = [
        channel("ops", chance.choice(("brittle", "frail")), rate_limit_per_minute=limit, fallback="boss"),
        incident_tool("pager", min_severity=chance.choice(("info", "error")), rate_limit_per_minute=limit),
        channel("boss", "single", send_resolved=chance.random() < 0.5),
    ]
    if chance.random() < 0.3:
        channels.pop(chance.randrange(3))
    return configuration(
        *channels,
        rules=_rules(chance),
        policies=[EscalationPolicy("levels", escalation_levels=LEVELS, default_channels=["ops"])],
        aggregator=chance.choice(("window", "none", "grouping")),
        inhibition_rules=(_INHIBITION,) if chance.random() < 0.5 else (),
        time_intervals={"hour": (TimeInterval(times=[{"start_time": "22:00", "end_time": "23:00"}]),)},
        watchdog=Watchdog(channel_id="boss", heartbeat_channel="ops", heartbeat_seconds=500.0),
        retain_resolved_seconds=chance.choice((86_400.0, 300.0)),
    )


_INHIBITION: Final = InhibitionRule(
    (LabelMatcher("severity", "=", "critical"),), (LabelMatcher("severity", "!=", "critical"),), ("cluster_id",)
)


class _Life:
    """A live engine and its journal."""

    def __init__(self, seed: int, registry: Registry) -> None:
        self.chance = random.Random(seed)
        self.registry = registry
        self.plan = compile_plan(_configuration(seed), registry)
        self.plans = {self.plan.digest: json.dumps(self.plan.plain)}
        self.engine = Engine(self.plan, seed=seed)
        self.first = as_text(self.engine.state)
        self.journal: list[str] = []
        self.now, self.ahead = START, 0.0
        self.under_way: dict[tuple[str, int], None] = {}

    def step(self, *inputs: Input) -> Step:
        """Take *inputs* in, perhaps after a step that is taken back, and keep an entry if anything changed."""
        instant = Instant(self.now, self.now + self.ahead)
        if self.chance.random() < 0.2:
            self.engine.step(instant, inputs)
            self.engine.undo()
        step = self.engine.step(instant, inputs)
        self.engine.accept()
        if step.changed:
            recorded = tuple(
                ConfigurationChanged(item.plan.digest) if isinstance(item, PlanChanged) else item
                for item in step.effective
            )
            entry = Entry(len(self.journal) + 1, instant.engine, instant.wall, recorded, step.events)
            self.journal.append(json.dumps(entry_to_plain(entry)))
        for start in step.starts:
            self.under_way[start.notification.notification_id, start.notification.attempt] = None
        return step

    def live(self) -> None:
        """Do one thing at random."""
        chance = self.chance
        name = f"a{chance.randrange(7)}"
        match chance.randrange(17):
            case 0 | 1 | 2 | 3:
                self.step(*[self._fired() for _ in range(chance.choice((1, 1, 4)))])
            case 4 | 5:
                self.step(AlertResolved(name))
            case 6 | 7 | 8:
                self._answer()
            case 9:
                self.step(Acknowledged(name, "li", for_seconds=chance.choice((None, 120.0))))
            case 10:
                self.step(Snoozed(name, 90.0))
            case 11:
                self._silence(name)
            case 12:
                self.ahead += chance.choice((-7200.0, -60.0, 60.0, 7200.0))
                self.step()
            case 13:
                self._change()
            case 14:
                self._restart()
            case 15:
                self.step(chance.choice((Escalated(name, "li"), Noted(name, "li", "seen"))))
            case _:
                self._redrive()
        self._pass_time(chance.choice((0.0, 0.5, 20.0, 200.0, 1500.0)))

    def _fired(self) -> Any:
        chance = self.chance
        severity = chance.choice(("info", "warning", "error", "critical"))
        return fired(f"a{chance.randrange(7)}", severity, chance.choice("xy"), cluster_id=chance.choice("pq"))

    def _answer(self) -> None:
        if self.under_way:
            name, attempt = self.chance.choice(list(self.under_way))
            del self.under_way[name, attempt]
            self.step(AttemptEnded(name, attempt, self.chance.choice(OUTCOMES), 0.1))

    def _silence(self, name: str) -> None:
        wall = self.now + self.ahead
        start = wall + self.chance.choice((-10.0, 100.0))
        silence = Silence(f"s{name}", (LabelMatcher("alert_id", "=", name),), start, start + 400.0)
        self.step(self.chance.choice((SilenceSet(silence), SilenceExpired(silence.silence_id))))

    def _change(self) -> None:
        self.plan = compile_plan(_configuration(self.chance.randrange(1000)), self.registry, self.plan)
        self.plans[self.plan.digest] = json.dumps(self.plan.plain)
        self.step(PlanChanged(self.plan))

    def _restart(self) -> None:
        self.engine = Engine(self.plan, state=reloaded(self.engine.state, self.plan))
        self.under_way.clear()
        self.now += self.chance.choice((0.0, 700.0))
        self.step(Restarted())

    def _redrive(self) -> None:
        for notification_id in sorted(self.engine.state.undelivered)[:1]:
            self.step(Redriven(notification_id))

    def _pass_time(self, seconds: float) -> None:
        """Let time pass; the engine is woken at some of its deadlines, and for nothing."""
        until = self.now + seconds
        while (at := self.engine.next_deadline()) is not None and at <= until and self.chance.random() < 0.9:
            self.now = max(self.now, at)
            self.step()
        self.now = until
        self.step()


class _Again:
    """An engine that is given the journal."""

    def __init__(self, life: _Life) -> None:
        self._life = life
        self._plans: dict[str, Any] = {}
        digest = life.engine.state.configuration if not life.journal else next(iter(life.plans))
        self.engine = Engine(self._plan(digest), seed=life.engine.state.seed)

    def _plan(self, digest: str) -> Any:
        if digest not in self._plans:
            self._plans[digest], problems = recorded_plan(json.loads(self._life.plans[digest]), self._life.registry)
            assert problems == []
            assert self._plans[digest].digest == digest, "a configuration that was kept has another digest when read"
        return self._plans[digest]

    def decide(self, line: str) -> None:
        entry = entry_from_plain(json.loads(line))
        inputs = tuple(
            PlanChanged(self._plan(item.digest)) if isinstance(item, ConfigurationChanged) else item
            for item in entry.inputs
        )
        step = self.engine.step(Instant(entry.engine_time, entry.wall_time), inputs)
        self.engine.accept()
        assert step.events == entry.events, f"entry {entry.ordinal} is decided otherwise"
        assert step.effective == inputs


@pytest.mark.parametrize("steps", ["whole", "tiny"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_journal_decided_again_leads_to_the_same(seed: int, steps: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where what changes for many is worked off in many steps."""
    if steps == "tiny":
        monkeypatch.setattr(reviews, "EPISODES_PER_STEP", 1)
        monkeypatch.setattr(machine, "DEADLINES_PER_STEP", 1)
    life = _Life(seed, installed())
    for _ in range(STEPS):
        life.live()
    again = _Again(life)
    assert as_text(again.engine.state) == life.first
    for line in life.journal:
        again.decide(line)
    mine, theirs = json.loads(as_text(again.engine.state)), json.loads(as_text(life.engine.state))
    assert mine == theirs
    assert len(life.journal) > STEPS / 2


def test_a_crowd_is_told_as_if_each_were_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of crowds agrees with the records after every step, also one taken back, and changes no decision."""
    assert sum(_live_with_crowds(seed, monkeypatch) for seed in SEEDS) > STEPS


def _live_with_crowds(seed: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(incidents, "_FEW", seed % 2 * 200)
    monkeypatch.setattr(crowds, "LISTED", 2)
    monkeypatch.setattr(crowds, "CROWD", 1)
    life = _Life(seed, installed())
    seen = 0
    for _ in range(STEPS):
        life.live()
        seen += _crowds_agree(life.engine)
    monkeypatch.setattr(crowds, "CROWD", 10**9)
    again = _Again(life)
    for line in life.journal:
        again.decide(line)
    assert not again.engine.state.dues
    assert not again.engine.state.tallies
    return seen


def _crowds_agree(engine: Engine) -> int:
    """Compare what is kept with the records; return how much there is of it."""
    state = engine.state
    for line_id, orders in state.dues.items():
        incident_id, _, channel_id = line_id.partition("/")
        line = state.incidents[incident_id].lines[channel_id]
        for due, order in orders.items():
            ranks = _ranks(engine, line, due)
            assert order.ranks == ranks
            assert list(order.in_order()) == sorted(ranks, key=lambda name: (ranks[name], name))
    for incident_id, tally in state.tallies.items():
        members = [state.episodes[episode_id] for episode_id in state.incidents[incident_id].members]
        assert tally.alerts == Counter(episode.alert.alert_id for episode in members)
        assert tally.clusters == Counter(episode.alert.cluster_id for episode in members)
        assert tally.severities == Counter(episode.severity for episode in members)
        assert tally.firing == Counter(episode.severity for episode in members if episode.firing)
        assert tally.first is min(members, key=lambda episode: episode.serial)
        assert tally.last is max(members, key=lambda episode: episode.serial)
        firing = sorted((episode for episode in members if episode.firing), key=lambda episode: episode.serial)
        assert list(tally.by_serial.names(from_=0)) == [episode.episode_id for episode in firing]
        firing.sort(key=lambda episode: -episode.severity.rank)
        assert list(tally.by_severity.names(from_=(-10, 0))) == [episode.episode_id for episode in firing]
        assert set(tally.taken) == {one.episode_id for one in firing if one.ack and one.severity <= one.ack.severity}
    return len(state.dues) + len(state.tallies)


def _ranks(engine: Engine, line: Line, due: Due) -> dict[str, Any]:
    """Return what is in one of a line's orders, and where, by the records."""
    ranks: dict[str, Any] = {}
    for episode_id, owed in (line.waiting if due in {Due.LATER, Due.LATER_END} else line.due).items():
        episode, ends = engine.state.episodes[episode_id], owed.cause is Cause.RESOLVED
        if (due is Due.END and ends) or (due is Due.PASSENGER and not ends and not episode.firing):
            ranks[episode_id] = 0
        elif due is Due.NEWS and not ends and episode.firing:
            ranks[episode_id] = -episode.severity.rank
        elif (due is Due.SINCE and (ends or episode.firing)) or (due is Due.LATER_END and ends):
            ranks[episode_id] = owed.due
        elif due is Due.LATER and not ends:
            ranks[episode_id] = (owed.due, -episode.severity.rank)
    return ranks


def test_a_step_that_changes_nothing_leaves_no_trace() -> None:
    """Not even of its time, since the journal does not have it."""
    life = _Life(1, installed())
    life.step(fired("a1", cluster_id="p"))
    before, entries = as_text(life.engine.state), len(life.journal)
    life.now += 0.25
    life.step(attrs.evolve(fired("a1", cluster_id="p")))
    assert (as_text(life.engine.state), len(life.journal)) == (before, entries)
