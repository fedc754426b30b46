"""``explain`` against the engine: whatever it says would happen is what then does happen, to the second.

Any configuration, any short history, any alert, now or a while later: it is explained, and then it really fires. Every
channel has to do what was said, a fold has to end and each level to come at the instant that was named.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.engine.records import as_text
from tests.engine.test_machine import BACKENDS, FUZZ, registry

from tocsin import (
    Acknowledged,
    Action,
    AlertFired,
    AlertResolved,
    AttemptEnded,
    Configuration,
    LevelReached,
    Outcome,
    PerformanceAlert,
    Reason,
    SilenceSet,
    Snoozed,
    TellingDecided,
)
from tocsin.engine.compile import compile_plan
from tocsin.engine.explain import explain
from tocsin.engine.machine import Engine, Input, Instant, PlanChanged, StartAttempt
from tocsin.engine.state import Episode, Line
from tocsin.model.event import Event
from tocsin.model.explanation import ChannelExplanation, EscalationExplanation, Explanation
from tocsin.testing import strategies

START = 1_700_000_000.0
CLOSE = 1e-6
FAR = 7200.0


class Driven:
    """An engine that is stepped punctually; ``said`` and ``starts`` are what came of it since they were cleared."""

    def __init__(self, config: Configuration) -> None:
        self.engine = Engine(compile_plan(Configuration(), registry()), seed=3)
        self.now = START
        self.said: list[Event] = []
        self.starts: list[tuple[float, StartAttempt]] = []
        self.under_way: dict[str, StartAttempt] = {}
        self.step(PlanChanged(compile_plan(config, registry())))

    def step(self, *inputs: Input) -> None:
        """Hand the inputs in now, and do whatever wants to be done at once."""
        self._once(*inputs)
        while (at := self.engine.next_deadline()) is not None and at <= self.now:
            self._once()

    def _once(self, *inputs: Input) -> None:
        step = self.engine.step(Instant(self.now, self.now), inputs)
        self.engine.accept()
        self.said += step.events
        for start in step.starts:
            self.starts.append((self.now, start))
            self.under_way[start.notification.notification_id] = start

    def wake(self) -> bool:
        """Let time pass until the next deadline, within two hours of the start of what is watched."""
        at = self.engine.next_deadline()
        if at is None:
            return False
        self.now = max(self.now, at)
        self._once()
        return True

    def wait(self, seconds: float) -> None:
        """Let time pass; deadlines at its very end are left to the step that follows."""
        until = self.now + seconds
        while (at := self.engine.next_deadline()) is not None and at < until:
            self.wake()
        self.now = until

    def end(self, outcome: Outcome, which: int) -> None:
        """Let one of the attempts that are under way end."""
        if self.under_way:
            name = sorted(self.under_way)[which % len(self.under_way)]
            start = self.under_way.pop(name)
            self.step(AttemptEnded(name, start.notification.attempt, outcome, 0.5))

    def lives(self, alert_id: str) -> tuple[Episode, dict[str, Line]]:
        """Return an alert's latest episode and the lines of its incident."""
        episode = self.engine.state.alerts[alert_id]
        return episode, self.engine.state.incidents[episode.incident_id].lines


def _acts() -> st.SearchStrategy[list[Any]]:
    ids = st.sampled_from(strategies.ALERT_IDS)
    seconds = st.sampled_from([30.0, 300.0, 1200.0])
    return st.lists(
        st.one_of(
            st.builds(AlertFired, strategies.alerts()),
            st.builds(AlertFired, strategies.alerts()),
            st.builds(AlertResolved, ids),
            st.builds(Acknowledged, ids, st.just("ann"), for_seconds=st.none() | seconds),
            st.builds(Snoozed, ids, seconds),
            st.builds(SilenceSet, strategies.silences(START)),
            st.sampled_from([1.0, 29.0, 61.0, 300.0, 4000.0]),
            st.tuples(strategies.outcomes(), st.integers(0, 3)),
            st.tuples(st.just(Outcome.delivered()), st.integers(0, 3)),
            strategies.configurations(BACKENDS),
        ),
        max_size=12,
    )


def _live(driven: Driven, act: Any) -> None:
    if isinstance(act, float):
        driven.wait(act)
    elif isinstance(act, tuple):
        driven.end(*act)
    elif isinstance(act, Configuration):
        driven.step(PlanChanged(compile_plan(act, registry(), driven.engine.plan)))
    else:
        driven.step(act)


@settings(
    max_examples=100 * FUZZ,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(
    config=strategies.configurations(BACKENDS),
    history=_acts(),
    alert=strategies.alerts(),
    later=st.sampled_from([0.0, 0.0, 45.0, 600.0]),
)
def test_what_was_foretold_is_what_happens(
    config: Configuration, history: list[Any], alert: PerformanceAlert, later: float
) -> None:
    driven = Driven(config)
    for act in history:
        _live(driven, act)
    driven.step()
    before = as_text(driven.engine.state)
    at = driven.now + later
    foretold = explain(driven.engine, alert, Instant(at, at))
    assert as_text(driven.engine.state) == before, "explaining left a trace"
    driven.wait(later)
    assert explain(driven.engine, alert, Instant(at, at)) == foretold, "explained later, it says something else"
    driven.said.clear()
    driven.starts.clear()
    driven.step(AlertFired(alert))
    _everybody_did_as_was_said(driven, foretold)
    _what_comes_later_comes_then(driven, foretold)


def _everybody_did_as_was_said(driven: Driven, foretold: Explanation) -> None:
    alert_id = foretold.alert_id
    episode, lines = driven.lives(alert_id)
    assert foretold.incident_id == episode.incident_id
    assert [rule.rule_id for rule in foretold.rules if rule.matched] == list(episode.rule_ids)
    decided = {e.channel_id: e for e in driven.said if isinstance(e, TellingDecided) and e.alert_id == alert_id}
    told = {
        start.notification.channel_id
        for _, start in driven.starts
        for listed in start.notification.firing
        if (listed.alert.alert_id, listed.episode) == (alert_id, episode.n)
    }
    assert set(driven.engine.plan.channels) <= {one.channel_id for one in foretold.channels}
    for one in foretold.channels:
        line, happened = lines.get(one.channel_id), decided.get(one.channel_id)
        assert (one.action is Action.NOTIFY) is (one.channel_id in told), (one, happened)
        if one.action is Action.FOLD:
            assert line is not None
            assert line.waiting[episode.episode_id].due == one.due
        if one.action is Action.HOLD:
            assert line is not None
            assert episode.episode_id in line.due or line.current is not None
        if one.action is Action.SKIP:
            _was_left_out(episode, line, one)
        if happened is not None and happened.action in (Action.FOLD, Action.SKIP) and one.action is happened.action:
            assert (one.reason, one.due) == (happened.reason, happened.due)


def _was_left_out(episode: Episode, line: Line | None, one: ChannelExplanation) -> None:
    if one.gate is not None and line is not None and one.reason is not Reason.CHANNEL_MISSING:
        assert line.blocked[episode.episode_id] is one.reason
    elif line is not None:
        assert episode.episode_id not in {*line.due, *line.waiting}
        if one.reason is not Reason.UNROUTED:  # what kept it back while it was routed there is of no account then
            assert line.blocked.get(episode.episode_id, one.reason) is one.reason


def _what_comes_later_comes_then(driven: Driven, foretold: Explanation) -> None:
    """Nobody does anything, and no attempt ends: each fold ends and each level comes at the instant that was named."""
    episode, lines = driven.lives(foretold.alert_id)
    incident = driven.engine.state.incidents[episode.incident_id]
    folds = {one.channel_id: one.due or 0.0 for one in foretold.channels if one.action is Action.FOLD}
    running = incident.escalations.get(foretold.escalation.policy_id) if foretold.escalation else None
    awake = None if running is None else list(running.awake)
    levels = _pending(foretold.escalation)
    until = driven.now + FAR
    while folds or levels:
        driven.said.clear()
        driven.starts.clear()
        if not driven.wake() or driven.now > until:
            break
        for channel_id, due in list(folds.items()):
            if episode.episode_id not in lines[channel_id].waiting:
                del folds[channel_id]
                told = any(start.notification.channel_id == channel_id for _, start in driven.starts)
                if episode.episode_id in lines[channel_id].due or not told:
                    kept = episode.episode_id in lines[channel_id].blocked
                    assert kept or abs(driven.now - due) < CLOSE, f"folded until {due} and released at {driven.now}"
        if running is None or list(running.awake) != awake:
            levels = []  # somebody else has to answer, or nobody: then it is another clock
        for event in driven.said:
            if not isinstance(event, LevelReached) or event.incident_id != episode.incident_id or not levels:
                continue
            if foretold.escalation is not None and event.policy_id == foretold.escalation.policy_id:
                at, level, tells = levels.pop(0)
                assert abs(event.at - at) < CLOSE
                assert (event.level, event.channel_ids) == (level, tells)
    left = [at for at, _, _ in levels if at < driven.now - CLOSE]
    assert not left, f"levels that never came: {left}"


def _pending(escalation: EscalationExplanation | None) -> list[tuple[float, str, tuple[str, ...]]]:
    """Return the levels to come that can tell somebody, with their instants."""
    levels = () if escalation is None else escalation.levels
    return [(one.at, one.level, one.tells) for one in levels if one.at is not None and not one.told and one.tells]
