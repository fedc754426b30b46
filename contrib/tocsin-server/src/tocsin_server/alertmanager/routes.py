"""The routes of a configuration, as Alertmanager's groups need them: receivers and groups by rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from tocsin import Aggregation, AlertRoutingRule, AlertView, Configuration
from tocsin_server.alertmanager.alerts import Shown

__all__ = ["Route", "Routes"]

_ALL: Final = "..."


@attrs.frozen(slots=True)
class Route:
    """Where a rule sends, and how its alerts are grouped; both also as inherited."""

    receivers: tuple[str, ...]
    aggregation: Aggregation

    def group(self, shown: Shown) -> dict[str, str]:
        """Return the labels by which the alert is grouped, in order of name: those of them that it has."""
        if self.aggregation.strategy == "none":
            return dict(shown.labels)
        if self.aggregation.strategy != "grouping":
            return {"alertname": shown.state.alert.metric_name}
        names = self.aggregation.settings.get("group_by", ())
        if _ALL in names:
            return dict(shown.labels)
        if self.aggregation.settings.get("labels_alone"):
            return {name: value for name in sorted(names) if (value := shown.labels.get(name))}
        view = AlertView(shown.state.alert)
        return {name: value for name in sorted(names) if (value := shown.labels.get(name) or view.label(name))}


class Routes:
    """The routes by the ids of their rules, and the names of all receivers.

    Names of channels that rules name themselves are receivers too.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._catch_all = configuration.catch_all_channel
        self._default = configuration.aggregation
        self._routes: dict[str, Route] = {}
        names: dict[str, None] = dict.fromkeys(configuration.receivers)
        for rule_id, route in self._walk(configuration.routing_rules, Route((), self._default)):
            self._routes[rule_id] = route
            names |= dict.fromkeys(route.receivers)
        if self._catch_all is not None:
            names[self._catch_all] = None
        self.receivers = tuple(names)

    def _walk(self, rules: Iterable[AlertRoutingRule], above: Route) -> Iterable[tuple[str, Route]]:
        for rule in rules:
            own = rule.target_channels if rule.receiver is None else (rule.receiver,)
            route = Route(own or above.receivers, rule.aggregation or above.aggregation)
            yield rule.rule_id, route
            yield from self._walk(rule.routes, route)

    def of(self, shown: Shown) -> list[Route]:
        """Return the routes that the alert takes, in their order."""
        taken = [self._routes[rule_id] for rule_id in shown.state.rule_ids if rule_id in self._routes]
        if not taken and shown.state.receivers:
            return [Route(shown.state.receivers, self._default)]
        return taken

    def receivers_of(self, shown: Shown) -> list[str]:
        """Return the names of the alert's receivers: one for each route, as Alertmanager has them."""
        return [name for route in self.of(shown) for name in route.receivers]
