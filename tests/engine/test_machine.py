"""The engine as a state machine: any history of facts, outcomes, reloads, restarts and clocks keeps every promise.

What is promised is design.md §6; the promises are spelt out in ``promises.py``. ``TOCSIN_FUZZ=20`` runs twenty times
as many histories, each twice as long.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import attrs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.engine.pair import START, Pair
from tests.engine.promises import REPORTED
from tests.engine.world import is_own

from tocsin import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    AttemptEnded,
    Configuration,
    GapFound,
    GapKind,
    LabelMatcher,
    Outcome,
    PerformanceAlert,
    Redriven,
    Registry,
    RetryPolicy,
    Silence,
    SilenceExpired,
    SilenceSet,
    Snoozed,
    discovery,
)
from tocsin.engine.compile import compile_plan
from tocsin.engine.machine import Engine, Instant
from tocsin.model.outcome import CircuitPolicy
from tocsin.testing import strategies
from tocsin.testing.recording import RecordingBackend

FUZZ = int(os.environ.get("TOCSIN_FUZZ", "1"))
RETRY = RetryPolicy(base_seconds=2.0, cap_seconds=60.0, max_attempts=4, max_age_seconds=600.0)
FRAGILE = CircuitPolicy(failures=2, open_seconds=20.0, cap_seconds=70.0)
BACKENDS = ("recording", "tool", "brittle")


@functools.cache
def registry() -> Registry:
    """The bundled plugins, and backends: ``recording`` merges under a limit, the receiver of ``tool`` keeps
    incidents, ``brittle`` is left alone after two failures.
    """
    found = discovery.load(
        extra=[
            RecordingBackend(retry=RETRY, circuit=None),
            RecordingBackend("tool", retry=RETRY, per_incident=True, concurrency=1),
            RecordingBackend("brittle", retry=RETRY, circuit=FRAGILE),
        ]
    )
    assert not found.failures
    return found.registry


def _mutations(config: Configuration) -> st.SearchStrategy[Configuration]:
    """One change to the configuration, of any kind."""
    channel = st.sampled_from(strategies.CHANNEL_IDS)
    others = st.sampled_from(strategies.CHANNEL_IDS).flatmap(
        lambda name: strategies.channels(name, BACKENDS, [other for other in strategies.CHANNEL_IDS if other != name])
    )
    known = st.sampled_from(sorted(config.channels)) if config.channels else st.nothing()

    def with_field(name: str, values: list[Any]) -> st.SearchStrategy[Configuration]:
        return st.builds(
            lambda one, value: config.with_channel(attrs.evolve(config.channels[one], **{name: value})),
            known,
            st.sampled_from(values),
        )

    return st.one_of(
        with_field("enabled", [False, True]),
        with_field("rate_limit_per_minute", [None, 1, 3]),
        with_field("send_resolved", [False, True]),
        with_field("min_severity", ["info", "critical"]),
        with_field("fallback", [None]),
        st.builds(config.without_channel, channel),
        st.builds(config.with_channel, others),
        st.builds(config.without_rule, st.just("r0")),
        st.builds(config.without_rule("r1").with_rule, strategies.rules("r1")),
        st.builds(config.with_policy, strategies.policies("p0")),
        st.builds(lambda new: attrs.evolve(config, aggregation=new), strategies.aggregations()),
        st.builds(lambda new: attrs.evolve(config, inhibition_rules=(new,)), strategies.inhibition_rules()),
        st.builds(lambda new: attrs.evolve(config, time_intervals=new), strategies.time_intervals()),
        st.builds(lambda new: attrs.evolve(config, watchdog=new), strategies.watchdogs()),
        strategies.configurations(BACKENDS),
    )


class EngineMachine(RuleBasedStateMachine):
    """Rules for every input; the promises are checked in every step."""

    pair: Pair

    @initialize(config=strategies.configurations(BACKENDS), restless=st.integers(0, 7))
    def begin(self, config: Configuration, restless: int) -> None:
        self.pair = Pair(config, registry(), restless)

    # alerts

    @rule(alert=strategies.alerts())
    def fire(self, alert: PerformanceAlert) -> None:
        self.pair.step(AlertFired(alert))

    @rule(alerts=st.lists(strategies.alerts(), min_size=2, max_size=5))
    def fire_many(self, alerts: list[PerformanceAlert]) -> None:
        self.pair.step(*map(AlertFired, alerts))

    def _some_firing(self, data: st.DataObject) -> PerformanceAlert:
        alerts = [span.alert for span in self.pair.promises.world.firing() if not is_own(span.alert)]
        return data.draw(st.sampled_from(alerts), label="alert")

    def _fires(self) -> bool:
        return any(not is_own(span.alert) for span in self.pair.promises.world.firing())

    @precondition(_fires)
    @rule(data=st.data(), severity=strategies.severities())
    def grow_worse_or_better(self, data: st.DataObject, severity: Any) -> None:
        self.pair.step(AlertFired(attrs.evolve(self._some_firing(data), severity=severity)))

    @precondition(_fires)
    @rule(data=st.data())
    def report_again(self, data: st.DataObject) -> None:
        self.pair.step(AlertFired(self._some_firing(data)))

    @rule(alert_id=st.sampled_from((*strategies.ALERT_IDS, "nobody")))
    def resolve(self, alert_id: str) -> None:
        self.pair.step(AlertResolved(alert_id))

    @precondition(_fires)
    @rule(data=st.data())
    def resolve_and_fire_again(self, data: st.DataObject) -> None:
        alert = self._some_firing(data)
        self.pair.step(AlertResolved(alert.alert_id), AlertFired(alert))

    # people

    def _target(self, data: st.DataObject) -> str:
        firing = self.pair.promises.world.firing()
        named = sorted({name for span in firing for name in (span.alert.alert_id, span.incident_id)})
        return data.draw(st.sampled_from([*named, "nobody"]), label="target")

    @rule(data=st.data(), seconds=st.sampled_from([None, None, 60, 700]))
    def acknowledge(self, data: st.DataObject, seconds: float | None) -> None:
        self.pair.step(Acknowledged(self._target(data), "ann", for_seconds=seconds))

    @rule(data=st.data(), seconds=st.sampled_from([30, 300, 1200]))
    def snooze(self, data: st.DataObject, seconds: float) -> None:
        self.pair.step(Snoozed(self._target(data), seconds))

    @rule(data=st.data())
    def silence(self, data: st.DataObject) -> None:
        self.pair.step(SilenceSet(data.draw(strategies.silences(self.pair.wall))))

    @rule(silence_id=st.sampled_from(["s0", "s1", "s2"]))
    def expire_silence(self, silence_id: str) -> None:
        self.pair.step(SilenceExpired(silence_id))

    # receivers

    def _sends(self) -> bool:
        return bool(self.pair.promises.under_way())

    @precondition(_sends)
    @rule(data=st.data(), outcome=strategies.outcomes())
    def attempt_ends(self, data: st.DataObject, outcome: Outcome) -> None:
        self.pair.end(data.draw(st.sampled_from(self.pair.promises.under_way()), label="attempt"), outcome)

    @precondition(_sends)
    @rule()
    def everything_arrives(self) -> None:
        self.pair.deliver_all()

    @precondition(_sends)
    @rule(outcome=strategies.outcomes())
    def everything_ends(self, outcome: Outcome) -> None:
        for notification in self.pair.promises.under_way():
            self.pair.end(notification, outcome)

    @rule(data=st.data(), outcome=strategies.outcomes())
    def stale_report(self, data: st.DataObject, outcome: Outcome) -> None:
        self.pair.pass_time(0)
        stale = [AttemptEnded("ntf_none", 1, outcome)]
        stale += [AttemptEnded(n.notification_id, n.attempt, outcome) for n in self.pair.promises.ended()]
        stale += [AttemptEnded(n.notification_id, n.attempt + 1, outcome) for n in self.pair.promises.under_way()]
        step = self.pair.step(data.draw(st.sampled_from(stale), label="stale"))
        assert step.answers == (False,)
        assert not step.changed

    @rule(data=st.data())
    def redrive(self, data: st.DataObject) -> None:
        names = [*self.pair.promises.given_up, "ntf_none"]
        names += [notification.notification_id for notification in self.pair.promises.ended()][-2:]
        self.pair.step(Redriven(data.draw(st.sampled_from(names), label="notification"), "ann"))

    # time

    @rule()
    def wait_for_the_next_deadline(self) -> None:
        self.pair.to_next_deadline()

    @rule(seconds=st.sampled_from([1, 10, 59, 60, 300]))
    def wait(self, seconds: float) -> None:
        self.pair.pass_time(seconds)

    @rule(hours=st.sampled_from([1, 5, 25]))
    def wait_for_hours(self, hours: int) -> None:
        self.pair.pass_time(hours * 3600.0)

    @rule(seconds=st.sampled_from([20, 700, 4000]))
    def oversleep(self, seconds: float) -> None:
        self.pair.oversleep(seconds)

    @rule(seconds=st.sampled_from([400, 4000]))
    def waking_late_decides_the_same(self, seconds: float) -> None:
        self.pair.compare_sleepers(seconds)

    @rule(seconds=st.sampled_from([-3600, -400, -30, 30, 400, 3600]))
    def wall_clock_jumps(self, seconds: float) -> None:
        self.pair.jump(seconds)

    # the process

    @rule(data=st.data())
    def change_the_configuration(self, data: st.DataObject) -> None:
        self.pair.change(data.draw(_mutations(self.pair.config), label="configuration"))

    @rule(seconds=st.sampled_from([0, 30, 1000]))
    def restart(self, seconds: float) -> None:
        self.pair.restart(seconds)

    @rule()
    def reload_records(self) -> None:
        self.pair.reload_records()

    @rule(kind=st.sampled_from(GapKind))
    def find_gap(self, kind: GapKind) -> None:
        self.pair.step(GapFound(kind, REPORTED, "a part failed"))

    @rule()
    def calm_down(self) -> None:
        self.pair.calm_down()

    def teardown(self) -> None:
        """However it went: once receivers work and nothing is muted, everything was told, resolved and forgotten."""
        if hasattr(self, "pair") and not self.pair.broken:
            self.pair.calm_down()
            self.pair.come_to_an_end()


@settings(max_examples=100 * FUZZ, deadline=None)
@given(
    offset=st.floats(-1e6, 1e6),
    ends=st.lists(st.floats(1e-3, 1e4), min_size=1, max_size=4),
    at=st.floats(0.0, 1e3),
)
@example(offset=106109.23980796337, ends=[107.77428601830857], at=49.01226288731342)
@example(offset=711395.3995972872, ends=[5705.875749240965], at=769.0673858593793)
def test_waking_at_a_deadline_of_the_wall_clock_gets_past_it(offset: float, ends: list[float], at: float) -> None:
    """However the difference of the two clocks is rounded, a runtime that wakes when it is asked to never spins."""
    engine = Engine(compile_plan(Configuration(), registry()))
    now = START + at
    everything = (LabelMatcher("alert_id", "=~", ".*"),)
    wall = now + offset
    facts = [SilenceSet(Silence(f"s{n}", everything, wall - 1.0, wall + end)) for n, end in enumerate(ends)]
    engine.step(Instant(now, wall), facts)
    engine.accept()
    wakes = 0
    while (deadline := engine.next_deadline()) is not None:
        now = max(now, deadline)
        engine.step(Instant(now, now + offset))
        engine.accept()
        wakes += 1
        assert wakes <= 2 * len(ends), f"woken for nothing at {now}"


TestEngine = EngineMachine.TestCase
TestEngine.settings = settings(
    max_examples=60 * FUZZ,
    derandomize=FUZZ == 1,  # a run that gates a change judges that change; TOCSIN_FUZZ looks for what is new
    stateful_step_count=30 if FUZZ == 1 else 50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
