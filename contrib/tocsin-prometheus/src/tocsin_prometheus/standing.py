"""How a source itself does: what is missing of its measurements is said, and, when it lasts, told like any alert.

Pure: rounds go in, facts come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tocsin import AlertFired, AlertResolved, AlertSeverity, Fact, GapFound, GapKind, PerformanceAlert
from tocsin.http import excerpt
from tocsin_prometheus.collector import MOST_CLUSTERS, Round
from tocsin_prometheus.settings import PrometheusConfig

__all__ = ["METRICS_MISSING", "Standing"]

METRICS_MISSING: Final = "metrics_missing"
"""The metric name of the alert about a source that does not measure what it should."""

_PATIENCE: Final = 3
_SHOWN: Final = 5


class Standing:
    """What a source is short of, from round to round.

    What is new is a *gap* at once. What lasts for as many rounds as make a cluster silent
    (``thresholds.silent_after_intervals``; 3 where that is off) is an alert, critical where no query is answered, until
    a round brings all that is expected. An alert of an earlier process ends so, too.
    """

    def __init__(self, config: PrometheusConfig) -> None:
        self._config = config
        self._patience = config.thresholds.silent_after_intervals or _PATIENCE
        self._lasted: dict[str, int] = {}
        self._seen: set[str] = set()
        self._told: tuple[AlertSeverity, str] | None = None
        self._over = False

    @property
    def alert_id(self) -> str:
        """The id of the one alert about this source."""
        return f"{self._config.called}:{METRICS_MISSING}"

    def take(self, over: Round) -> Sequence[Fact]:
        """Return what *over*, a round that has ended, changes."""
        problems = dict(self._problems(over))
        new = [text for key, text in problems.items() if key not in self._lasted]
        self._lasted = {key: self._lasted.get(key, 0) + 1 for key in problems}
        facts: list[Fact] = []
        if new:
            facts.append(GapFound(GapKind.PLUGIN_FAILED, f"prometheus {self._config.called}", _some(new)))
        lasting = [text for key, text in problems.items() if self._lasted[key] >= self._patience]
        if lasting:
            facts += self._fire(lasting, AlertSeverity.CRITICAL if over.failed else AlertSeverity.WARNING)
        elif not problems and not self._over:
            facts.append(AlertResolved(self.alert_id))
            self._told, self._over = None, True
        return facts

    def _fire(self, lasting: Sequence[str], severity: AlertSeverity) -> Iterator[Fact]:
        self._over = False
        message = f"Prometheus at {self._config.called} does not say all that is watched: {_some(lasting)}"
        if self._told == (severity, message):
            return
        self._told = severity, message
        alert = PerformanceAlert(
            alert_id=self.alert_id,
            cluster_id=self._config.called,
            severity=severity,
            metric_name=METRICS_MISSING,
            current_value=float(len(lasting)),
            threshold_value=0.0,
            message=message,
            labels=self._config.labels,
        )
        yield AlertFired(alert)

    def _problems(self, over: Round) -> Iterator[tuple[str, str]]:
        """Yield what is missing, under a key that stays the same while it lasts."""
        for field, answer in over.answers.items():
            if answer.failed is not None:
                yield f"{field} failed", f"{field}: {answer.failed}"
            for key, text in answer.problems.items():
                yield f"{field} {key}", f"{field}: {text}"
        if over.crowded_out:
            label = self._config.cluster_label
            yield "crowded", f"more than {MOST_CLUSTERS} clusters: others are not watched; is {label!r} their label?"
        if not over.failed:
            yield from self._missing(over, over.measured())

    def _missing(self, over: Round, measured: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, str]]:
        self._seen |= measured.keys()
        for cluster in self._config.clusters:
            if cluster not in self._seen:
                yield f"cluster {cluster}", f"nothing is known of {cluster}"
        for field, query in self._config.queries.items():
            answer = over.answers[field]
            if query.optional or answer.failed is not None:
                continue
            if not answer.values:
                yield f"{field} empty", f"{field}: no cluster has a value"
                continue
            for cluster in measured.keys() - answer.values.keys():
                yield f"{field} missing {cluster}", f"{field}: {excerpt(cluster[:100])} has no value"


def _some(texts: Sequence[str]) -> str:
    shown = "; ".join(sorted(texts)[:_SHOWN])
    rest = len(texts) - _SHOWN
    return f"{shown}; and {rest} more" if rest > 0 else shown
