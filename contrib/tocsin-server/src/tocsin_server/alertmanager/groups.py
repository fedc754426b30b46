"""``GET /api/v2/alerts/groups``: alerts that fire, by receiver and by the labels that group them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tocsin_server.alertmanager.alerts import Shown, Wanted
from tocsin_server.alertmanager.routes import Routes

__all__ = ["groups"]

_Group = tuple[str, tuple[tuple[str, str], ...]]


def _label_order(labels: tuple[tuple[str, str], ...]) -> tuple[Any, ...]:
    """Return what orders label sets as Prometheus' ``LabelSet.Before`` does.

    There a set with fewer labels comes first; of two with as many, the first name that differs decides, then its value.
    """
    return len(labels), labels


def _alert_order(shown: Shown) -> tuple[Any, ...]:
    """Alertmanager shows the alerts of a group by job, then instance, then all labels; those without one come last."""
    labels = shown.labels
    first = tuple((name not in labels, labels.get(name, "")) for name in ("job", "instance"))
    return first, _label_order(tuple(sorted(labels.items())))


def groups(
    alerts: Iterable[Shown], routes: Routes, wanted: Wanted, document: Callable[[Shown, list[str]], Any]
) -> list[Any]:
    """Return the groups of the alerts, which are wanted, in Alertmanager's order.

    :param document: makes the document of an alert, with the names of its receivers.
    """
    found: dict[_Group, list[Shown]] = {}
    receivers: dict[str, list[str]] = {}
    for shown in alerts:
        for route in routes.of(shown):
            labels = tuple(route.group(shown).items())
            for name in route.receivers:
                if wanted.receivers([name]):
                    found.setdefault((name, labels), []).append(shown)
                    receivers.setdefault(shown.state.alert.alert_id, []).append(name)
    ordered = sorted(found.items(), key=lambda item: (_label_order(item[0][1]), item[0][0]))
    return [
        {
            "alerts": [
                document(shown, sorted(receivers[shown.state.alert.alert_id]))
                for shown in sorted(members, key=_alert_order)
            ],
            "labels": dict(labels),
            "receiver": {"name": name},
        }
        for (name, labels), members in ordered
    ]
