"""Which rules apply to an alert and where they send it: docs and design.md §6, "Routing", written down once more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.simulation.checks.reading import Plain

__all__ = ["GAP", "Route", "aggregation", "is_gap", "label", "route", "watchman"]

GAP = "tocsin:gap:"

_FIELDS = ("severity", "cluster_id", "node_id", "metric_name", "alert_id")


@dataclass
class Route:
    """Where an alert goes, and which rules bring it to which channel.

    ``grouping`` is the rule whose aggregation forms its incident; empty: the configuration's own does.
    """

    rules: list[str]
    channels: list[str]
    policy: str | None
    by_channel: dict[str, list[str]] = field(default_factory=dict)
    grouping: str = ""


def label(alert: Plain, name: str) -> str:
    """The label view: a label, or the field of that name where there is no such label; what is absent is empty."""
    if name in alert["labels"]:
        return str(alert["labels"][name])
    return str(alert[name] or "") if name in _FIELDS else ""


def is_gap(alert: Plain) -> bool:
    """Whether the alert is tocsin's own, and tells of a gap."""
    return str(alert["alert_id"]).startswith(GAP)


def watchman(settings: Plain) -> str | None:
    """The channel that is told of gaps, if there is one."""
    found: str | None = settings["watchdog"].get("channel")
    return found if found in settings["channels"] else None


def _meets(conditions: Plain, alert: Plain) -> bool:
    for name, wanted in conditions.items():
        if name == "severity":
            holds = alert["severity"] in wanted
        elif name == "metric_name":
            holds = alert["metric_name"] in wanted
        elif name == "cluster_pattern":
            holds = re.fullmatch(wanted, alert["cluster_id"], re.DOTALL) is not None
        elif name == "labels":
            holds = all(label(alert, key) == value for key, value in wanted.items())
        else:
            raise ValueError(f"no condition {name!r} is known here")
        if not holds:
            return False
    return True


def _walk(rules: list[Plain], alert: Plain, parent: Plain, top: bool) -> Iterator[Plain]:
    for rule in sorted((rule for rule in rules if rule["enabled"]), key=lambda rule: rule["priority"]):
        if not _meets(rule["conditions"], alert):
            continue
        full = {
            "id": rule["id"],
            "channels": rule["channels"] or parent.get("channels", []),
            "policy": rule["policy"] or parent.get("policy"),
            "grouping": rule["id"] if rule.get("aggregation") else parent.get("grouping", ""),
        }
        yield from list(_walk(rule["routes"], alert, full, False)) or [full]
        if not (top if rule["continue"] is None else rule["continue"]):
            return


def route(settings: Plain, alert: Plain) -> Route:
    """Return where *alert* goes: every matching rule adds its channels; the first that names a policy gives it.

    What tells of a gap goes where the watchdog says, whatever the rules say.
    """
    if is_gap(alert):
        told = watchman(settings)
        return Route([], [] if told is None else [told], None)
    applying = list(_walk(settings["rules"], alert, {}, True))
    channels = [name for rule in applying for name in rule["channels"]]
    if not applying and settings["catch_all"] is not None:
        channels = [settings["catch_all"]]
    known = [name for name in dict.fromkeys(channels) if name in settings["channels"]]
    policy = next((rule["policy"] for rule in applying if rule["policy"]), None)
    bringing = {name: [rule["id"] for rule in applying if name in rule["channels"]] for name in known}
    grouping = next((rule["grouping"] for rule in applying if rule["grouping"]), "")
    return Route([rule["id"] for rule in applying], known, policy, bringing, grouping)


def aggregation(settings: Plain, grouping: str) -> Plain:
    """Return the aggregation of the rule of that id; the configuration's own where it has none, or is no more."""
    rules = [one for rule in settings["rules"] for one in (rule, *rule["routes"])]
    found: list[Plain] = [rule["aggregation"] for rule in rules if rule["id"] == grouping and rule.get("aggregation")]
    return found[0] if found else settings["aggregation"]
