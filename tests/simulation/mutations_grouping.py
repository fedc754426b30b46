"""Broken groups: what is said of ``grouping``, and of aggregations of single rules, does not hold in one thing."""

from __future__ import annotations

from typing import Any, Final

import attrs
import pytest
from tests.simulation.breaking import Mutation, into, nothing, replace

from tocsin.engine import ends, incidents, lines
from tocsin.engine.plan import Plan
from tocsin.model.notification import AlertStatus
from tocsin.roles.aggregator import AT_ONCE, Cause
from tocsin_plugins.grouping import Grouping

__all__ = ["MUTATIONS"]

MUTATIONS: Final[list[Mutation]] = []
mutation = into(MUTATIONS)


def _configured(**changes: Any) -> Any:
    """Return what lets a group have other settings than it was configured with."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        def make(original: Any) -> Any:
            def init(self: Grouping, config: Any) -> None:
                original(self, attrs.evolve(config, **{name: change(config) for name, change in changes.items()}))

            return init

        replace(patch, Grouping, "__init__", make)

    return apply


@mutation(seed=18)
def does_not_wait_for_a_group(patch: pytest.MonkeyPatch) -> None:
    _configured(group_wait_seconds=lambda config: 0.0)(patch)


@mutation(seed=18)
def tells_groups_half_as_often(patch: pytest.MonkeyPatch) -> None:
    _configured(group_interval_seconds=lambda config: 2.0 * config.group_interval_seconds)(patch)


@mutation(seed=18)
def reminds_of_groups_at_each_flush(patch: pytest.MonkeyPatch) -> None:
    """Though nothing changed."""
    _configured(repeat_interval_seconds=lambda config: config.group_interval_seconds)(patch)


@mutation(seed=10)
def never_reminds_of_groups(patch: pytest.MonkeyPatch) -> None:
    _configured(repeat_interval_seconds=lambda config: None)(patch)


@mutation(seed=24)
def puts_all_into_one_group(patch: pytest.MonkeyPatch) -> None:
    _configured(group_by=lambda config: ())(patch)


@mutation(seed=28)
def takes_every_label_for_a_label(patch: pytest.MonkeyPatch) -> None:
    """What is called ``...`` is a label that no alert has."""
    _configured(group_by=lambda config: tuple(f"{name}?" if name == "..." else name for name in config.group_by))(patch)


@mutation(seed=24)
def groups_by_labels_alone(patch: pytest.MonkeyPatch) -> None:
    _configured(labels_alone=lambda config: not config.labels_alone)(patch)


@mutation(seed=18)
def tells_what_is_new_to_a_group_at_once(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def release(self: Grouping, state: Any, telling: Any) -> Any:
            told = telling.last_told_at is not None and telling.cause is not Cause.RESOLVED
            return AT_ONCE if told else original(self, state, telling)

        return release

    replace(patch, Grouping, "release", make)


@mutation(seed=12)
def lists_what_resolved_again(patch: pytest.MonkeyPatch) -> None:
    """Once more in the notification after the one that told it."""
    told: dict[str, dict[str, Any]] = {}

    def make(original: Any) -> Any:
        def compose(turn: Any, line: Any) -> Any:
            listed = original(turn, line)
            if listed and turn.grouping(turn.incident(line)).lists_all:
                before = told.get(line.line_id, {})
                told[line.line_id] = {e: mark for e, mark in listed.items() if mark[0] is AlertStatus.RESOLVED}
                listed.update((e, mark) for e, mark in before.items() if e in turn.state.episodes and e not in listed)
            return listed

        return compose

    replace(patch, lines, "compose", make)


@mutation(seed=12)
def leaves_out_the_rest_of_a_group(patch: pytest.MonkeyPatch) -> None:
    replace(patch, lines, "_fires_too", lambda _: lambda turn, line, episode: False)


@mutation(seed=10)
def bridges_no_short_ends(patch: pytest.MonkeyPatch) -> None:
    replace(patch, ends, "bridge", lambda _: nothing)


@mutation(seed=18)
def opens_a_group_anew_before_its_end_is_told(patch: pytest.MonkeyPatch) -> None:
    replace(patch, incidents, "_is_being_told", lambda _: lambda turn, incident: False)


@mutation(seed=28)
def keeps_a_group_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Also when all of it resolved and was told so, alerts join it."""
    replace(patch, incidents, "_is_being_told", lambda _: lambda turn, incident: True)


@mutation(seed=7)
def ignores_the_aggregation_of_rules(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def init(self: Plan, config: Any, channels: Any, nodes: Any, *rest: Any, **options: Any) -> None:
            original(self, config, channels, [attrs.evolve(node, grouping="") for node in nodes], *rest, **options)

        return init

    replace(patch, Plan, "__init__", make)


@mutation(seed=15)
def lets_the_last_rule_decide_how_alerts_are_grouped(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def decide(self: Plan, mask: int) -> Any:
            verdict = original(self, mask)
            nodes = [node for node in self.nodes if node.rule.rule_id in verdict.rule_ids]
            last = next((node.grouping for node in reversed(nodes) if node.grouping), verdict.grouping)
            return attrs.evolve(verdict, grouping=last)

        return decide

    replace(patch, Plan, "_decide", make)


@mutation(seed=19)
def mixes_the_groups_of_two_rules(patch: pytest.MonkeyPatch) -> None:
    replace(patch, incidents, "_open_key", lambda _: lambda grouping, key: key)
