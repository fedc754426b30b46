"""The tree of routes as one routing rule; each rule says its receiver and its grouping, inherited or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from tocsin import nearest
from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.grouping import DEFAULTS, Grouping, inherited
from tocsin_server.convert.matchers import Keys, matcher_texts
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks

__all__ = ["routing_rule"]

_FIELDS: Final = (
    "receiver",
    "group_by",
    "match",
    "match_re",
    "matchers",
    "mute_time_intervals",
    "active_time_intervals",
    "continue",
    "routes",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "labels",
)
_NOT_AT_THE_ROOT: Final = ("match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals")


_DEEPEST: Final = 45
"""How many routes stand in one another at most: tocsin's files are bounded in depth."""


@attrs.frozen(slots=True)
class _Parent:
    """What a route inherits."""

    rule_id: str
    receiver: str
    grouping: Grouping


def routing_rule(
    root: Section, receivers: Mapping[str, Any], intervals: Mapping[str, Any], remarks: Remarks
) -> dict[str, Any]:
    """Return the rule of the root route, without conditions, with all others below it.

    :raises NotAlertmanagerError: when there is no such tree, or it names a receiver or an interval that is not there.
    """
    value = root.get("route")
    if value is None:
        raise NotAlertmanagerError("no route is provided", root.line)
    section = value.section(known=_FIELDS)
    if not section.text("receiver"):
        raise NotAlertmanagerError("the root route needs a receiver", section.line)
    for key in _NOT_AT_THE_ROOT:
        if section.read(key, _filled, False):
            raise NotAlertmanagerError(f"the root route takes no {key}: it is for every alert", section.line_of(key))
    if section.read("continue", Value.boolean, False):
        raise NotAlertmanagerError("the root route has no siblings to continue with", section.line_of("continue"))
    return _Tree(receivers, intervals, remarks).rule(value, "route", _Parent("", "", DEFAULTS))


def _filled(value: Value) -> bool:
    return bool(value.node.value)


class _Tree:
    """Walks the tree; what it looks names up in stays the same."""

    def __init__(self, receivers: Mapping[str, Any], intervals: Mapping[str, Any], remarks: Remarks) -> None:
        self._receivers = receivers
        self._intervals = intervals
        self._remarks = remarks

    def rule(self, value: Value, rule_id: str, parent: _Parent) -> dict[str, Any]:
        if value.absent:
            raise NotAlertmanagerError(
                f"{value.name} is empty; a route at least continues or names a receiver", value.line
            )
        section = value.section(known=_FIELDS)
        receiver = section.text("receiver") or parent.receiver
        if receiver not in self._receivers:
            raise NotAlertmanagerError(
                f"no receiver is called {receiver!r:.80}{nearest(receiver, self._receivers)}",
                section.line_of("receiver"),
            )
        if rule_id.count(".") == _DEEPEST + 1:
            self._remarks.serious(
                section.line, "routes stand in one another more deeply than tocsin reads: bring them closer to the root"
            )
        grouping = inherited(section, parent.grouping, self._remarks)
        rule: dict[str, Any] = {"rule_id": rule_id}
        if matchers := matcher_texts(section, Keys(), self._remarks):
            rule["conditions"] = {"matchers": matchers}
        rule["receiver"] = receiver
        if section.read("continue", Value.boolean, False):
            rule["continue"] = True
        rule["aggregation"] = grouping.settings()
        for key in ("mute_time_intervals", "active_time_intervals"):
            if names := self._named(section, key):
                rule[key] = names
        self._remark_labels(section)
        own = _Parent(rule_id, receiver, grouping)
        routes = [
            self.rule(child, f"{rule_id}.{number}", own) for number, child in enumerate(section.values("routes"), 1)
        ]
        if routes:
            rule["routes"] = routes
            self._remark_groups(section.values("routes"), routes)
        return rule

    def _named(self, section: Section, key: str) -> list[str]:
        names = section.texts(key)
        for name in names:
            if name not in self._intervals:
                problem = f"no time interval is called {name!r:.80}{nearest(name, self._intervals)}"
                raise NotAlertmanagerError(problem, section.line_of(key))
        return list(dict.fromkeys(names))

    def _remark_labels(self, section: Section) -> None:
        labels = section.get("labels")
        if labels is not None:
            labels.section()
            self._remarks.add(labels.line, "labels of a route have no counterpart, and are left out")

    def _remark_groups(self, values: list[Value], routes: list[dict[str, Any]]) -> None:
        """Say so where an alert that goes on to a later route would be grouped there in another way."""
        for index, (value, route) in enumerate(zip(values, routes, strict=True)):
            later = routes[index + 1 :]
            if route.get("continue") and any(found != route["aggregation"] for found in _aggregations(later)):
                self._remarks.add(
                    value.line,
                    "continue: an alert that later routes take as well is grouped once for all of them, as the first "
                    "route says; Alertmanager groups it in each by that route's own group_by and timers",
                )


def _aggregations(routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [route["aggregation"] for route in routes]
    for route in routes:
        found += _aggregations(route.get("routes", []))
    return found
