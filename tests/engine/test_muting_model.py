"""Silences, inhibition and time intervals together, against a plain, slow model: who is muted when, and who is told.

The model knows the whole history beforehand. At an instant it looks at every alert, silence, rule and interval there
is; it remembers nothing and has no deadlines. One alert is one incident here, and every attempt is delivered at once,
so that a channel must be told of an episode exactly at the first instant at which it fires unmuted.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.harness import ORIGIN, Bench, configuration, fired, loaded, rule

from tocsin import AlertResolved, LabelMatcher, Outcome, Silence, SilenceExpired, SilenceSet
from tocsin.engine import incidents
from tocsin.engine.gates import shut_gate
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.interval import TimeInterval

HOURS: Final = 6
MINUTES: Final = HOURS * 60
_START: Final = datetime.fromtimestamp(ORIGIN, UTC)
_SECOND: Final = _START.hour * 3600 + _START.minute * 60 + _START.second
"""The second of the day at the origin; histories end before that day does not matter: the model wraps around."""

MATCHERS: Final = ("team=a", "team=b", "team=~a|b", "kind=cause", "kind=effect", "kind=~.*", "kind!=cause", "team!~a|")
"""Small, so that what is drawn meets."""


def _holds(matcher: str, labels: dict[str, str]) -> bool:
    name, operator, value = re.fullmatch(r"(\w+)(!=|!~|=~|=)(.*)", matcher).groups()  # type: ignore[union-attr]
    own = labels.get(name, "")
    met = re.fullmatch(value, own) is not None if operator.endswith("~") else own == value
    return met is not operator.startswith("!")


def _real(matcher: str) -> LabelMatcher:
    name, operator, value = re.fullmatch(r"(\w+)(!=|!~|=~|=)(.*)", matcher).groups()  # type: ignore[union-attr]
    return LabelMatcher(name, operator, value)


@attrs.frozen
class Spell:
    """An alert fires from one minute until another, with these labels."""

    alert_id: str
    labels: dict[str, str]
    start: int
    end: int

    def fires(self, second: float) -> bool:
        return self.start * 60 <= second < self.end * 60


@attrs.frozen
class Hush:
    """A silence, set at the beginning, perhaps ended by somebody before its time."""

    matcher: str
    start: int
    end: int
    ended: int | None

    def lasts(self, second: float) -> bool:
        end = self.end if self.ended is None else min(self.end, self.ended)
        return self.start * 60 <= second < end * 60


@attrs.frozen
class Hours:
    """A range of the day, in minutes after midnight."""

    start: int
    end: int

    def on(self, second: float) -> bool:
        minute = int(_SECOND + second) // 60 % 1440
        return self.start <= minute < self.end

    def real(self) -> TimeInterval:
        texts = (f"{minute // 60:02}:{minute % 60:02}" for minute in (self.start, self.end))
        return TimeInterval(times=[dict(zip(("start_time", "end_time"), texts, strict=True))])


@attrs.frozen
class History:
    """Everything that happens, and how it is configured: two rules, to one channel each."""

    spells: list[Spell]
    hushes: list[Hush]
    inhibitions: list[tuple[str, str, list[str]]]
    mute: list[Hours]
    active: list[Hours]

    # the model: what is the case at a second after the origin

    def _inhibited(self, spell: Spell, second: float) -> bool:
        for source, target, equal in self.inhibitions:
            if not _holds(target, spell.labels):
                continue
            for other in self.spells:
                same = all(other.labels.get(name, "") == spell.labels.get(name, "") for name in equal)
                if not (same and other.fires(second) and _holds(source, other.labels)):
                    continue
                both = _holds(source, spell.labels) and _holds(target, other.labels)
                if not both:
                    return True
        return False

    def why(self, spell: Spell, channel: str, second: float) -> str | None:
        """Return why the channel is not to be told then, of what fires; None: it is."""
        if any(hush.lasts(second) and _holds(hush.matcher, spell.labels) for hush in self.hushes):
            return "silenced"
        if self._inhibited(spell, second):
            return "inhibited"
        if channel == "muted" and any(hours.on(second) for hours in self.mute):
            return "muted_by_time"
        if channel == "active" and self.active and not any(hours.on(second) for hours in self.active):
            return "muted_by_time"
        return None

    def told_at(self, spell: Spell, channel: str) -> float | None:
        """Return the first second at which it fires and nothing is against telling; None: never."""
        for second in sorted(self.edges()):
            if spell.fires(second) and self.why(spell, channel, second) is None:
                return second
        return None

    def edges(self) -> set[float]:
        """Return every second at which anything may change; nothing changes between two of them."""
        edges = {float(60 * at) for spell in self.spells for at in (spell.start, spell.end)}
        edges |= {float(60 * at) for hush in self.hushes for at in (hush.start, hush.end, hush.ended or 0)}
        first = (_SECOND + 59) // 60 * 60 - _SECOND
        edges |= {float(first + 60 * minute) for minute in range(MINUTES + 1)}
        return edges

    # the same, for the engine

    def bench(self) -> Bench:
        rules = [
            rule("m", "muted", mute_time_intervals=["mute"] if self.mute else []),
            rule("a", "active", active_time_intervals=["active"] if self.active else []),
        ]
        return loaded(
            configuration(
                "muted",
                "active",
                rules=rules,
                aggregator="none",
                time_intervals={
                    name: tuple(h.real() for h in hours)
                    for name, hours in (("mute", self.mute), ("active", self.active))
                    if hours
                },
                inhibition_rules=[InhibitionRule((_real(s),), (_real(t),), e) for s, t, e in self.inhibitions],
            ),
            answer=Outcome.delivered(),
            checked=False,
        )

    def facts(self) -> dict[float, list[Any]]:
        """Return what is handed in at which second; ends come before beginnings."""
        facts: dict[float, list[Any]] = {0.0: []}
        for spell in self.spells:
            facts.setdefault(60.0 * spell.end, []).append(AlertResolved(spell.alert_id))
        for number, hush in enumerate(self.hushes):
            name, matchers = f"s{number}", (_real(hush.matcher),)
            facts[0.0].append(SilenceSet(Silence(name, matchers, ORIGIN + 60 * hush.start, ORIGIN + 60 * hush.end)))
            if hush.ended is not None:
                facts.setdefault(60.0 * hush.ended, []).append(SilenceExpired(name))
        for spell in self.spells:
            facts.setdefault(60.0 * spell.start, []).append(fired(spell.alert_id, labels=spell.labels))
        return facts


@st.composite
def _spells(draw: st.DrawFn, alert_id: str) -> list[Spell]:
    """Draw one to two spells of an alert; its labels may differ from spell to spell."""
    marks = sorted(draw(st.lists(st.integers(0, MINUTES), min_size=2, max_size=4, unique=True)))
    labels = st.fixed_dictionaries(
        {"kind": st.sampled_from(["cause", "effect"])}, optional={"team": st.sampled_from(["a", "b"])}
    )
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return [Spell(alert_id, draw(labels), start, end) for start, end in pairs]


@st.composite
def _hushes(draw: st.DrawFn) -> Hush:
    start = draw(st.integers(0, MINUTES - 1))
    end = draw(st.integers(start + 1, MINUTES))
    ended = draw(st.none() | st.integers(0, MINUTES))
    return Hush(draw(st.sampled_from(MATCHERS)), start, end, ended)


@st.composite
def _hours(draw: st.DrawFn) -> Hours:
    """Draw a range that history may touch: hours after 22:13, over midnight."""
    start = draw(st.integers(0, 4 * 60) | st.integers(22 * 60, 24 * 60 - 1))
    return Hours(start, draw(st.integers(start + 1, min(1440, start + 180))))


@st.composite
def histories(draw: st.DrawFn) -> History:
    names = [f"a{place}" for place in range(draw(st.integers(1, 4)))]
    side = st.sampled_from(MATCHERS)
    equal = st.lists(st.sampled_from(["team", "kind"]), max_size=1)
    return History(
        [spell for name in names for spell in draw(_spells(name))],
        draw(st.lists(_hushes(), max_size=3)),
        draw(st.lists(st.tuples(side, side, equal), max_size=3)),
        draw(st.lists(_hours(), max_size=2)),
        draw(st.lists(_hours(), max_size=2)),
    )


def _gate(bench: Bench, spell: Spell, channel: str) -> str | None:
    """Return what the engine's gates say now."""
    episode = bench.engine.state.alerts[spell.alert_id]
    reason = shut_gate(bench.engine.glance(bench._now()), episode, channel)
    return None if reason is None else reason.value


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(history=histories(), restart_at=st.none() | st.integers(1, MINUTES), few=st.sampled_from([0, 200]))
def test_who_is_muted_when_and_who_is_told(history: History, restart_at: int | None, few: int) -> None:
    """At each instant the gates say what the model says, and each channel is told at the instant that it names.

    So it is whether an inhibition's targets are few or many.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incidents, "_FEW", few)
        _live(history, restart_at)


def _live(history: History, restart_at: int | None) -> None:
    bench, facts = history.bench(), history.facts()
    for second in sorted(history.edges() | set(facts)):
        bench.wake(max(0.0, second - 0.5))
        bench.at = second  # what happens at an instant is known when its step decides
        bench.step(*facts.get(second, ()))
        bench.finish()
        if restart_at is not None and restart_at * 60 == second:
            bench.restart()
        for spell in history.spells:
            if spell.fires(second):
                for channel in ("muted", "active"):
                    assert _gate(bench, spell, channel) == history.why(spell, channel, second), (
                        f"{spell} on {channel}, {second} seconds after the origin"
                    )
    for channel in ("muted", "active"):
        _told_as_it_should(bench, history, channel)


def _told_as_it_should(bench: Bench, history: History, channel: str) -> None:
    expected = []
    for spell in history.spells:
        at = history.told_at(spell, channel)
        if at is not None:
            expected += [(at, spell.alert_id, "firing"), (60.0 * spell.end, spell.alert_id, "resolved")]
    told = [(one.at, name, "firing") for one in bench.on(channel) for name in one.firing]
    told += [(one.at, name, "resolved") for one in bench.on(channel) for name in one.resolved]
    assert sorted(told) == sorted(expected), channel
