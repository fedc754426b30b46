"""The plot of a run: every operation that befalls it, drawn from one seed before anything runs.

An operation is a name and plain arguments, so that a plot can be printed, cut short and played again. What an
argument means may depend on the run (an alert is resolved only if it fires); what is drawn does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from tests.simulation.settings import (
    CHANNELS,
    CLUSTERS,
    METRICS,
    SERVICES,
    SEVERITIES,
    Plain,
    altered,
    random_settings,
)

__all__ = ["MODES", "Operation", "Plot", "random_plot"]

Operation = tuple[str, dict[str, Any]]
Plot = tuple[Plain, list[Operation]]
"""The first configuration, and what happens then."""

ALERTS: Final = tuple(f"a{n}" for n in range(12))
MODES: Final = (
    "well",
    "well",
    "well",
    "down",
    "hanging",
    "lying",
    "mute",
    "throttling",
    "refusing",
    "raising",
    "flaky",
)
"""How a receiver behaves: see ``network.py``."""

_WEIGHTS: Final[dict[str, float]] = {
    "fire": 10.0,
    "storm": 2.0,
    "refresh": 2.0,
    "change": 4.0,
    "resolve": 7.0,
    "flap": 1.5,
    "acknowledge": 3.0,
    "snooze": 2.0,
    "silence": 2.0,
    "unsilence": 1.0,
    "receiver": 5.0,
    "jump": 0.8,
    "freeze": 0.5,
    "reload": 1.5,
    "explain": 1.5,
    "kill": 1.0,
    "crash": 1.5,
    "leave": 0.4,
    "store_fails": 0.7,
}
_ALWAYS: Final = frozenset({"fire", "resolve", "receiver", "refresh"})


class _Author:
    """Draws operations; each seed has its own inclinations, some kinds it never draws."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.settings = random_settings(random)
        self.weights = {
            kind: weight * random.choice((0.3, 1.0, 1.0, 3.0))
            for kind, weight in _WEIGHTS.items()
            if kind in _ALWAYS or random.random() < 0.75
        }
        self.pace = random.choice((20.0, 60.0, 180.0))
        self.metric_of = {alert: random.choice(METRICS) for alert in ALERTS}
        self.silences = 0

    def alert(self, alert_id: str | None = None) -> Plain:
        random = self.random
        name = alert_id or random.choice(ALERTS)
        metric = self.metric_of[name] if random.random() < 0.95 else random.choice(METRICS)
        labels = {"service": random.choice(SERVICES)} if random.random() < 0.5 else {}
        return {
            "alert_id": name,
            "cluster_id": random.choice(CLUSTERS),
            "severity": random.choice(SEVERITIES),
            "metric_name": metric,
            "labels": labels,
            "message": random.choice(("", "too much")),
        }

    def operation(self) -> Operation:
        kinds = list(self.weights)
        kind = self.random.choices(kinds, [self.weights[name] for name in kinds])[0]
        return kind, getattr(self, f"_{kind}")()

    def wait(self) -> float:
        """Seconds until the next operation, in eighths, so that instants are exact in floating point."""
        random = self.random
        chosen = random.choices(
            (0.0, random.uniform(0.0, 5.0), random.expovariate(1.0 / self.pace), random.uniform(300.0, 5400.0)),
            (2.0, 3.0, 8.0, 0.5),
        )[0]
        return round(chosen * 8.0) / 8.0

    def _fire(self) -> Plain:
        return {"alerts": [self.alert()], "waits": self.random.random() < 0.3}

    def _storm(self) -> Plain:
        count = self.random.randint(3, 12)
        alerts = [self.alert(name) for name in self.random.sample(ALERTS, count)]
        if self.random.random() < 0.6:
            metric = self.random.choice(METRICS)
            alerts = [{**alert, "metric_name": metric} for alert in alerts]
        return {"alerts": alerts, "together": self.random.random() < 0.5}

    def _refresh(self) -> Plain:
        return {"alert_id": self.random.choice(ALERTS)}

    def _change(self) -> Plain:
        return {"alert_id": self.random.choice(ALERTS), "severity": self.random.choice(SEVERITIES)}

    def _resolve(self) -> Plain:
        count = self.random.choice((1, 1, 1, 2, 5, len(ALERTS)))
        return {"alert_ids": self.random.sample(ALERTS, count), "together": self.random.random() < 0.5}

    def _flap(self) -> Plain:
        return {"alert_id": self.random.choice(ALERTS)}

    def _target(self) -> Plain:
        return {"alert_id": self.random.choice(ALERTS), "incident": self.random.random() < 0.4}

    def _acknowledge(self) -> Plain:
        return {**self._target(), "seconds": self.random.choice((None, None, 60.0, 700.0))}

    def _snooze(self) -> Plain:
        return {**self._target(), "seconds": self.random.choice((30.0, 300.0, 1200.0))}

    def _silence(self) -> Plain:
        self.silences = (self.silences + 1) % 4
        matcher = self.random.choice(
            (
                ("metric_name", "=", METRICS[0]),
                ("severity", "=~", "info|warning"),
                ("cluster_id", "!=", CLUSTERS[0]),
                ("service", "=", SERVICES[0]),
                ("alert_id", "!~", "a[0-5]"),
                ("alert_id", "=~", ".*"),
            )
        )
        return {
            "silence_id": f"s{self.silences}",
            "matcher": list(matcher),
            "after": self.random.choice((0.0, 0.0, -60.0, 30.0, 400.0)),
            "lasts": self.random.choice((45.0, 300.0, 1800.0)),
        }

    def _unsilence(self) -> Plain:
        return {"silence_id": f"s{self.random.randrange(4)}"}

    def _receiver(self) -> Plain:
        return {"channel_id": self.random.choice(CHANNELS), "mode": self.random.choice(MODES)}

    def _jump(self) -> Plain:
        return {"seconds": self.random.choice((-7200.0, -3600.0, -400.0, -30.0, 30.0, 400.0, 3600.0, 7200.0))}

    def _freeze(self) -> Plain:
        return {"seconds": self.random.choice((20.0, 700.0, 4000.0))}

    def _reload(self) -> Plain:
        self.settings = altered(self.random, self.settings)
        return {"settings": self.settings}

    def _explain(self) -> Plain:
        return {"alert": self.alert()}

    def _downtime(self) -> Plain:
        new: Plain = {"jump": self._jump()["seconds"]} if self.random.random() < 0.1 else {}
        if self.random.random() < 0.2:
            self.settings = altered(self.random, self.settings)
            new["settings"] = self.settings
        return {"down": self.random.choice((0.0, 0.0, 5.0, 120.0, 1800.0)), **new}

    def _kill(self) -> Plain:
        return self._downtime()

    def _crash(self) -> Plain:
        where = self.random.choice(("before", "during", "after", "after"))
        return {"where": where, "commits": self.random.randint(0, 6), **self._downtime()}

    def _leave(self) -> Plain:
        return self._downtime()

    def _store_fails(self) -> Plain:
        return {"commits": self.random.randint(1, 4)}


def random_plot(seed: int, hours: float) -> Plot:
    """Return the plot of *seed*: operations over that many hours of virtual time."""
    author = _Author(Random(f"plot {seed}"))
    first = author.settings
    operations: list[Operation] = []
    left = hours * 3600.0
    while left > 0:
        operations.append(author.operation())
        seconds = author.wait()
        if seconds:
            operations.append(("wait", {"seconds": seconds}))
        left -= seconds
    plot = list(_vanishing(Random(f"vanishing {seed}"), operations))
    for kind, draws in _PEOPLE.items():  # drawn apart, so that the rest stays
        plot = list(_among(Random(f"{kind} {seed}"), plot, draws))
    return first, plot


def _among(random: Random, operations: list[Operation], draw: Callable[[Random], Operation]) -> Iterator[Operation]:
    """Let people do something between the operations, in a third of the plots."""
    chance = random.choice((0.03, 0.08)) if random.random() < 0.35 else 0.0
    for operation in operations:
        yield operation
        if random.random() < chance:
            yield draw(random)


def _works(random: Random) -> Operation:
    """A cluster is worked on, or that is over before its time."""
    name = f"m{random.randrange(2)}"
    if random.random() < 0.3:
        return "unsilence", {"silence_id": name}
    after, lasts = random.choice((0.0, 0.0, 60.0, -30.0)), random.choice((60.0, 400.0, 2400.0))
    return "maintain", {"silence_id": name, "cluster_id": random.choice(CLUSTERS), "after": after, "lasts": lasts}


def _redrive(random: Random) -> Operation:
    return "redrive", {"place": random.random()}


def _call(random: Random) -> Operation:
    """Somebody wants the next level now, or writes something down."""
    kind = random.choice(("escalate", "escalate", "note"))
    return kind, {"alert_id": random.choice(ALERTS), "incident": random.random() < 0.4}


_PEOPLE: Final = {"works": _works, "given up": _redrive, "hurry": _call}


def _vanishing(random: Random, operations: list[Operation]) -> Iterator[Operation]:
    """Let channels go and return between the operations, in one of five plots; drawn apart, so that the rest stays."""
    chance = 0.12 if random.random() < 0.2 else 0.0
    gone = False
    for operation in operations:
        yield operation
        if random.random() < chance:
            yield ("reappear", {}) if gone else ("vanish", {"channel_id": random.choice(CHANNELS)})
            gone = not gone
