"""Small configurations that are drawn, and a plain search over all alerts that can matter: the engine decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Any

import attrs
from hypothesis import strategies as st

from tocsin import (
    Aggregation,
    AlertRoutingRule,
    AlertSeverity,
    Configuration,
    EscalationPolicy,
    NotificationChannel,
    PerformanceAlert,
    Registry,
    TimeInterval,
)
from tocsin.engine.compile import compile_plan
from tocsin.engine.plan import Plan
from tocsin.engine.turn import Instant
from tocsin.lab.hearing import heard
from tocsin.lab.prove.verdict import Question
from tocsin.model.alert import AlertView

__all__ = ["CLUSTERS", "MONDAY", "configurations", "missed", "plan_of", "question_of"]

MONDAY = 1_767_571_200.0
"""Monday, 2026-01-05, midnight in UTC."""

CLUSTERS = ("", "a", "b", "ab", "aa", "ba", "z")
PATTERNS = ("a.*", ".*b", "a|b", "[^a].*", "a?b?", ".*", "b+", "(ab)*", "|.*a.*")
LABELS = ("", "x", "y")
CHANNELS = ("person", "other", "robot", "spare")
INTERVALS: Mapping[str, tuple[TimeInterval, ...]] = {
    "sunday": (TimeInterval(weekdays=["sunday"]),),
    "night": (TimeInterval(times=[{"start_time": "22:00", "end_time": "24:00"}]),),
    "blink": (TimeInterval(times=[{"start_time": "12:00", "end_time": "12:05"}]),),
}
DELAYS = (0.0, 60.0, 300.0)


def _some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


@st.composite
def _conditions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kind = draw(st.integers(0, 8))
    if kind in (1, 4):
        found["cluster_pattern"] = draw(st.sampled_from(PATTERNS[:-1]))
    if kind == 2:
        found["labels"] = {"team": draw(_some(LABELS))}
    if kind in (3, 4):
        operator = draw(st.sampled_from(["=~", "!~"]))
        name = draw(st.sampled_from(["cluster_id", "team", '"labels.cluster_id"']))
        found["matchers"] = f'{name}{operator}"{draw(st.sampled_from(PATTERNS))}"'
    if kind == 5:
        found["severity"] = draw(_some(("critical", "error")))
    return found


@st.composite
def _rule(draw: st.DrawFn, name: str, depth: int) -> AlertRoutingRule:
    count = draw(st.integers(0, 2)) if depth else 0
    intervals = (
        st.lists(st.sampled_from(sorted(INTERVALS)), max_size=1) if draw(st.integers(0, 3)) == 3 else st.just([])
    )
    return AlertRoutingRule(
        rule_id=name,
        conditions=draw(_conditions()),
        target_channels=draw(
            st.lists(st.sampled_from(CHANNELS), min_size=draw(st.sampled_from([0, 1, 1, 1])), max_size=2, unique=True)
        ),
        escalation_policy_id=draw(st.sampled_from([None, None, "p", "q"])),
        priority=draw(st.sampled_from([1, 100])),
        enabled=draw(st.sampled_from([True, True, True, False])),
        continue_matching=draw(st.sampled_from([None, True, False])),
        mute_time_intervals=draw(intervals),
        active_time_intervals=draw(st.sampled_from([[], [], [], [], [], ["night"]])),
        aggregation=draw(st.sampled_from([None, None, None, Aggregation("none")])),
        routes=[draw(_rule(f"{name}.{index}", depth - 1)) for index in range(count)],
    )


@st.composite
def _channel(draw: st.DrawFn, name: str) -> NotificationChannel:
    others = [None, *(other for other in CHANNELS if other != name)]
    return NotificationChannel(
        name,
        "console",
        min_severity=draw(st.sampled_from(["info"] * 6 + ["emergency"])),
        enabled=draw(st.sampled_from([True] * 8 + [False])),
        human=name != "robot",
        fallback=draw(st.sampled_from(others)),
        fallback_after_seconds=draw(st.sampled_from([60.0, 400.0])),
    )


@st.composite
def _policy(draw: st.DrawFn, name: str) -> EscalationPolicy:
    levels = draw(st.lists(st.sampled_from(["immediate", "first"]), unique=True, max_size=2))
    return EscalationPolicy(
        policy_id=name,
        escalation_levels={level: draw(st.lists(st.sampled_from(CHANNELS), max_size=2)) for level in levels},
        default_channels=draw(st.lists(st.sampled_from(CHANNELS), max_size=1)),
        level_delays_seconds={"first": draw(st.sampled_from(DELAYS))},
    )


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """A few rules over few strings, with everything that decides who is told."""
    return Configuration(
        channels={name: draw(_channel(name)) for name in CHANNELS},
        routing_rules=[draw(_rule(str(index), 1)) for index in range(draw(st.integers(1, 4)))],
        escalation_policies={name: draw(_policy(name)) for name in draw(st.sampled_from([("p", "q"), ("p",)]))},
        time_intervals=INTERVALS,
        catch_all_channel=draw(st.sampled_from([None, *CHANNELS])),
        aggregation=draw(
            st.sampled_from(
                [Aggregation("none"), Aggregation("window"), Aggregation("grouping", {"group_wait_seconds": 30})]
            )
        ),
    )


def plan_of(configuration: Configuration, registry: Registry) -> Plan:
    """Compile it."""
    return compile_plan(configuration, registry)


def question_of(plan: Plan, *, within: float, tolerate: int) -> Question:
    """Does each critical alert of a week reach a person?"""
    humans = frozenset(name for name, found in plan.channels.items() if found.human)
    return Question(AlertSeverity.CRITICAL, humans, "a person", within, MONDAY, tolerate, 7 * 86_400.0)


def _alerts() -> Iterator[PerformanceAlert]:
    alert = PerformanceAlert("some", "a", AlertSeverity.CRITICAL, "m")
    for cluster, team, label in product(CLUSTERS, LABELS, (None, "", "a", "b", "ab")):
        labels = {"team": team} if team else {}
        labels |= {} if label is None else {"cluster_id": label}
        yield attrs.evolve(alert, cluster_id=cluster, labels=labels)


def _instants(plan: Plan, question: Question) -> list[float]:
    """Instants on both sides of all that changes in two days, and in the last two of the week."""
    edges = [question.start]
    while (at := plan.next_time_edge(edges[-1])) is not None and at < question.start + question.seconds:
        edges.append(at)
    offsets = (0.0, question.within, *DELAYS, 1.0, -1.0, 400.0)
    found = {edge - offset for edge in (*edges[:5], *edges[-5:]) for offset in offsets}
    return sorted(at for at in found if question.start <= at < question.start + question.seconds)


def missed(plan: Plan, question: Question) -> Iterator[tuple[PerformanceAlert, float, frozenset[str]]]:
    """Yield alerts, instants and failing channels with which the engine tells nobody in time."""
    names = sorted(plan.channels)
    failing = [frozenset(some) for size in range(question.tolerate + 1) for some in combinations(names, size)]
    kinds: dict[Any, PerformanceAlert] = {}
    for alert in _alerts():
        kinds.setdefault(plan.route(AlertView(alert)), alert)
    for alert, at, some in product(kinds.values(), _instants(plan, question), failing):
        sent = heard(plan, alert, Instant(at, at), question.within, some)
        assert sent is not None
        if not any(one.delivered and one.channel_id in question.goal for one in sent):
            yield alert, at, some
