"""A history that Prometheus kept: the series ``ALERTS``, as its API gives it for a range."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from tocsin.errors import ConfigurationError
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.spans import Span

__all__ = ["spans_of_series"]

_NAMES: Final = frozenset({"__name__", "alertstate"})


def spans_of_series(document: Mapping[str, Any], labels: Labels) -> Iterator[Span]:
    """Yield the spans of an answer of ``/api/v1/query_range`` to ``ALERTS``; ``alertstate="pending"`` is left out.

    Two samples that are further apart than the range's step have a span between them that ended one step after the
    earlier one. What has a sample at the very end of the range still fires.

    :raises ConfigurationError: when *document* is no such answer; its place in it is said.
    """
    data = document.get("data")
    result = data.get("result") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or data.get("resultType") != "matrix" or not isinstance(result, list):
        raise ConfigurationError(
            'expected the answer of /api/v1/query_range: {"data": {"resultType": "matrix", "result": […]}}', "data"
        )
    series = [_series(item, f"data.result[{index}]") for index, item in enumerate(result)]
    step = _step([at for _, samples in series for at in samples], [samples for _, samples in series])
    last = max((samples[-1] for _, samples in series if samples), default=0.0)
    for own, samples in series:
        if own.get("alertstate", "firing") == "firing":
            yield from _spans({k: v for k, v in own.items() if k not in _NAMES}, samples, step, last, labels)


def _series(item: Any, where: str) -> tuple[dict[str, str], list[float]]:
    metric, values = (item.get("metric"), item.get("values")) if isinstance(item, Mapping) else (None, None)
    if not isinstance(metric, Mapping) or not all(isinstance(value, str) for value in metric.values()):
        raise ConfigurationError("expected a label set of strings", f"{where}.metric")
    if not isinstance(values, list):
        raise ConfigurationError('expected a list of [instant, "1"]', f"{where}.values")
    samples = []
    for index, value in enumerate(values):
        at = value[0] if isinstance(value, Sequence) and len(value) == 2 else None
        if not isinstance(at, (int, float)) or isinstance(at, bool) or not math.isfinite(at):
            raise ConfigurationError('expected [instant, "1"]', f"{where}.values[{index}]")
        if value[1] != "0":
            samples.append(float(at))
    return dict(metric), sorted(samples)


def _step(instants: list[float], series: list[list[float]]) -> float:
    """Return the range's step: the smallest distance of two samples, of one series or of several."""
    own = [after - before for samples in series for before, after in pairwise(samples)]
    known = [distance for distance in own if distance > 0]
    if not known:
        distinct = sorted(set(instants))
        known = [after - before for before, after in pairwise(distinct)]
    return min(known, default=60.0)


def _spans(own: dict[str, str], samples: list[float], step: float, last: float, labels: Labels) -> Iterator[Span]:
    began = 0.0
    for index, at in enumerate(samples):
        if index == 0 or at - samples[index - 1] > 1.5 * step:
            began = at
        after = samples[index + 1] if index + 1 < len(samples) else None
        if after is None or after - at > 1.5 * step:
            still = after is None and at >= last
            yield Span(labels.alert(own, {}, began), began, None if still else at + step)
