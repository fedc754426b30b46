"""What keeps alerts quiet beside silences: others that fire, and the time of day; written down once more, in UTC."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator

from tests.simulation.checks.reading import Plain
from tests.simulation.checks.routing import label

__all__ = ["crosses_an_edge", "holds", "inhibits", "muted_rules"]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = 86_400.0


def holds(matcher: Iterable[str], alert: Plain) -> bool:
    """Whether the alert meets a matcher: a name, an operator and a value."""
    name, operator, value = matcher
    found = label(alert, name)
    same = found == value if operator in ("=", "!=") else re.fullmatch(value, found, re.DOTALL) is not None
    return same is not operator.startswith("!")


def inhibits(rule: Plain, others: list[Plain], alert: Plain) -> bool:
    """Whether one of *others* keeps the alert from being told, by that rule.

    One that meets both sides is not inhibited by its like.
    """
    if not _meets(rule["target"], alert):
        return False
    sources = [other for other in others if _meets(rule["source"], other)]
    if _meets(rule["source"], alert):
        sources = [other for other in sources if not _meets(rule["target"], other)]
    return any(all(label(other, name) == label(alert, name) for name in rule["equal"]) for other in sources)


def _meets(matchers: list[list[str]], alert: Plain) -> bool:
    return all(holds(matcher, alert) for matcher in matchers)


def _rules(settings: Plain) -> Iterator[Plain]:
    for rule in settings["rules"]:
        yield rule
        yield from rule["routes"]


def muted_rules(settings: Plain, wall: float) -> set[str]:
    """The rules that tell nobody at that instant: one of their intervals mutes, or none of the active ones is on."""
    on = {name for name, intervals in settings["intervals"].items() if any(_on(one, wall) for one in intervals)}
    return {
        rule["id"]
        for rule in _rules(settings)
        if on.intersection(rule.get("mute", ())) or (rule.get("active") and not on.intersection(rule["active"]))
    }


def _on(interval: Plain, wall: float) -> bool:
    now = time.gmtime(wall)
    minute = now.tm_hour * 60 + now.tm_min
    in_time = not interval["times"] or any(_minutes(a) <= minute < _minutes(b) for a, b in interval["times"])
    return in_time and (not interval["weekdays"] or _DAYS[now.tm_wday] in interval["weekdays"])


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def crosses_an_edge(settings: Plain, before: float, after: float) -> bool:
    """Whether an interval may begin or end between two instants of the wall clock."""
    edges = {0} if settings["intervals"] else set()
    for intervals in settings["intervals"].values():
        edges |= {_minutes(text) for one in intervals for times in one["times"] for text in times}
    return any((before - 60.0 * edge) // _DAY != (after - 60.0 * edge) // _DAY for edge in edges)
