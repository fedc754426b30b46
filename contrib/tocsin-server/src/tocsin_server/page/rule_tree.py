"""The tree of rules, indexed once for each configuration, so that a part of it is found without going through all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from tocsin import AlertRoutingRule, Configuration

__all__ = ["Branch", "RuleTree"]

ROOT: Final = ""


@attrs.frozen(slots=True, eq=False)
class Branch:
    """A rule in its place: the rule above it, those below it in the order in which they are asked, and how many in all.

    ``channels`` and ``policy`` are those that hold, which may be those of a rule above. ``off`` is the rule that is
    switched off: this one, or one above; empty: none is.
    """

    rule: AlertRoutingRule
    above: str
    routes: tuple[str, ...]
    size: int
    channels: tuple[str, ...]
    policy: str | None
    off: str

    @property
    def inherits(self) -> bool:
        """Whether the channels are those of a rule above."""
        return not self.rule.target_channels and self.rule.receiver is None

    @property
    def continues(self) -> bool:
        """Whether later siblings are asked too where it applies."""
        wanted = self.rule.continue_matching
        return self.above == ROOT if wanted is None else wanted


class RuleTree:
    """The rules of one configuration, by id; the top ones are below :data:`ROOT`."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._branches: dict[str, Branch] = {}
        self.top = self._add(configuration.routing_rules, ())
        self.size = len(self._branches)

    def _add(self, rules: Iterable[AlertRoutingRule], way: tuple[AlertRoutingRule, ...]) -> tuple[str, ...]:
        ordered = sorted(rules, key=lambda rule: rule.priority)
        for rule in ordered:
            path = (*way, rule)
            routes = self._add(rule.routes, path)
            self._branches[rule.rule_id] = Branch(
                rule,
                way[-1].rule_id if way else ROOT,
                routes,
                len(routes) + sum(self._branches[one].size for one in routes),
                self._channels(path),
                next((one.escalation_policy_id for one in reversed(path) if one.escalation_policy_id), None),
                next((one.rule_id for one in path if not one.enabled), ""),
            )
        return tuple(rule.rule_id for rule in ordered)

    def _channels(self, path: tuple[AlertRoutingRule, ...]) -> tuple[str, ...]:
        for rule in reversed(path):
            if rule.receiver is not None:
                return tuple(self.configuration.receivers.get(rule.receiver, (rule.receiver,)))
            if rule.target_channels:
                return rule.target_channels
        return ()

    @property
    def branches(self) -> Mapping[str, Branch]:
        """All of them, by the id of the rule."""
        return self._branches

    def below(self, rule_id: str) -> tuple[str, ...]:
        """Return the ids of the rules right below one, in the order in which they are asked."""
        return self.top if rule_id == ROOT else self._branches[rule_id].routes

    def way(self, rule_id: str) -> tuple[str, ...]:
        """Return the ids of the rules that lead to one, from the top, and its own."""
        found: list[str] = []
        while rule_id != ROOT:
            found.append(rule_id)
            rule_id = self._branches[rule_id].above
        return tuple(reversed(found))
