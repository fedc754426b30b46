"""What Prometheus answers to an instant query, made into one number per cluster, and into what is wrong with it.

https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries. Nothing in an answer is relied on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from tocsin import ClusterMetrics, ConfigurationError
from tocsin.http import excerpt

__all__ = ["Answer", "read_answer"]

_ROUNDING: Final = 1e-6
"""By how much of it a share may be below 0 or above 100: sums of floating-point numbers are."""

_LONGEST_NAME: Final = 512


@attrs.frozen(slots=True)
class Answer:
    """The numbers of one answer, by cluster; ``problems`` is what is wrong with it, by what it is about.

    ``at`` is when the query was evaluated, by the server's clock. ``failed`` is why there are no numbers at all.
    """

    values: Mapping[str, float] = attrs.field(factory=dict)
    problems: Mapping[str, str] = attrs.field(factory=dict)
    at: float | None = None
    failed: str | None = None


def read_answer(content: bytes, field: str, cluster_label: str) -> Answer:
    """Return what *content*, the body of an answer of 200, says of *field*.

    A number that is missing is never zero: NaN is "not measured"; what cannot have been measured (an infinity, a share
    above 100) and a cluster that is there twice are left out, and are problems. A warning, with which a part may be
    missing, is a problem beside the numbers.
    """
    try:
        document = json.loads(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return Answer(failed="what came back is no JSON, or is too long")
    if not isinstance(document, dict) or document.get("status") != "success":
        return Answer(failed="what came back is no answer of Prometheus' query API")
    data = document.get("data")
    kind = data.get("resultType") if isinstance(data, dict) else None
    result = data.get("result") if isinstance(data, dict) else None
    if kind != "vector" or not isinstance(result, list):
        shown = kind if kind in ("scalar", "string", "matrix") else "something else"
        return Answer(failed=f"the query gives no instant vector, with a series for each cluster, but a {shown}")
    return _read_vector(result, field, cluster_label, dict(_warnings(document)))


def _warnings(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    found = document.get("warnings")
    if found:
        first = found[0] if isinstance(found, list) else found
        yield "warning", f"answered with a warning: {excerpt(str(first)[:1000])}"


def _read_vector(result: list[Any], field: str, label: str, problems: dict[str, str]) -> Answer:
    values: dict[str, float] = {}
    seen: set[str] = set()
    at: float | None = None
    for series in result:
        cluster, instant, text = _parts(series, label)
        at = instant if at is None or (instant is not None and instant > at) else at
        if cluster is None or text is None:
            problems["label"] = f"a series does not say its cluster in the label {label!r}"
        elif cluster in seen:
            values.pop(cluster, None)
            problems[f"twice {cluster}"] = f"several series for {_named(cluster)}: aggregate them by ({label})"
        else:
            seen.add(cluster)
            number = _number(text)
            if math.isnan(number):
                continue
            taken = _taken(field, number)
            if taken is None:
                problems[f"value {cluster}"] = f"{number:g} of {_named(cluster)} cannot have been measured"
            else:
                values[cluster] = taken
    return Answer(values, problems, at)


def _parts(series: Any, label: str) -> tuple[str | None, float | None, str | None]:
    """Return cluster, instant and value of a series; None for what it does not have."""
    metric = series.get("metric") if isinstance(series, dict) else None
    sample = series.get("value") if isinstance(series, dict) else None
    cluster = metric.get(label) if isinstance(metric, dict) else None
    if not isinstance(cluster, str) or not 0 < len(cluster) <= _LONGEST_NAME:
        cluster = None
    if not isinstance(sample, list) or len(sample) != 2:
        return cluster, None, None
    instant = sample[0] if isinstance(sample[0], (int, float)) and not isinstance(sample[0], bool) else None
    return cluster, instant, sample[1] if isinstance(sample[1], str) else None


def _number(text: str) -> float:
    """Return a sample's value, which Prometheus writes as a string; NaN for what is no number."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _taken(field: str, number: float) -> float | None:
    """Return *number* as ClusterMetrics takes it for *field*; None: it does not."""
    for candidate in (number, min(max(number, 0.0), 100.0)):
        if abs(candidate - number) > _ROUNDING * max(1.0, abs(candidate)):
            continue
        try:
            ClusterMetrics("any", **{field: candidate})  # type: ignore[arg-type]  # field is the name of a number
        except ConfigurationError:
            continue
        return candidate
    return None


def _named(cluster: str) -> str:
    return excerpt(cluster[:100]) or "a cluster"
