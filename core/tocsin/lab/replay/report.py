"""The report of a replay: what a tally counted, for people and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import attrs

from tocsin.lab.replay.tally import Tally

__all__ = ["Report", "report_of"]

_NOISIEST: Final = 10


@attrs.frozen(slots=True)
class Report:
    """What would have been sent from one instant to another (wall time, seconds since the epoch).

    ``notifications`` are by channel and severity, ``hours`` by the hour's beginning and channel. ``rules``, ``alerts``
    and ``metrics`` are the noisiest, with the notifications that told of them. ``first_told`` are seconds from firing
    to the first delivery: the median, the 90th and 99th percentile, the longest. ``reasons`` say how often an alert
    was not told of at once, and why; ``states`` how many notifications were held, merged into a digest, cancelled or
    given up.
    """

    began: float
    ended: float
    episodes: int
    unrouted: int
    never_told: int
    sent: int
    attempts: int
    tellings: int
    notifications: dict[str, dict[str, int]]
    kinds: dict[str, int]
    hours: dict[float, dict[str, int]]
    rules: dict[str, int]
    alerts: dict[str, int]
    metrics: dict[str, int]
    first_told: dict[str, float]
    levels: dict[str, dict[str, int]]
    reasons: dict[str, dict[str, int]]
    states: dict[str, int]
    outcomes: dict[str, dict[str, int]]
    gaps: dict[str, int]
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        return attrs.asdict(self)


def report_of(tally: Tally, began: float, ended: float, remarks: Sequence[str] = ()) -> Report:
    """Return the report of a tally."""
    return Report(
        began=began,
        ended=ended,
        episodes=tally.episodes,
        unrouted=tally.unrouted,
        never_told=max(0, tally.episodes - len(tally.first_told)),
        sent=sum(tally.notifications.values()),
        attempts=tally.attempts,
        tellings=tally.tellings,
        notifications=_nested(tally.notifications),
        kinds=_sorted(tally.kinds),
        hours=_nested(tally.hours),
        rules=_noisiest(tally.rules),
        alerts=_noisiest(tally.alerts),
        metrics=_noisiest(tally.metrics),
        first_told=_spread(sorted(tally.first_told)),
        levels=_nested(tally.levels),
        reasons=_nested(tally.reasons),
        states=_sorted(tally.states),
        outcomes=_nested(tally.outcomes),
        gaps=_sorted(tally.gaps),
        remarks=tuple(remarks),
    )


def _nested(counts: Counter[Any]) -> dict[Any, dict[str, int]]:
    found: dict[Any, dict[str, int]] = {}
    for (outer, inner), count in sorted(counts.items()):
        found.setdefault(outer, {})[inner] = count
    return found


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _noisiest(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_NOISIEST])


def _spread(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    last = len(seconds) - 1
    return {
        "p50": seconds[last // 2],
        "p90": seconds[round(last * 0.9)],
        "p99": seconds[round(last * 0.99)],
        "max": seconds[last],
    }
