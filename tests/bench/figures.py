"""What was measured: runs, their medians and ratios, what limited them, the table and the document."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from typing import Any, Final

import attrs

_FULL: Final = 0.9
"""From this share of a core on, the core is taken to be what limits."""


@attrs.frozen
class Run:
    """One measurement of one daemon; CPU shares are cores in use on average, 1.0 is one core."""

    value: float
    daemon: float
    load: float


@attrs.frozen
class Figure:
    """What one line of the table is about; ``target`` is the ratio to reach, None where none is set.

    With *absolute*, the target is about tocsin's own value, in the figure's unit.
    """

    name: str
    unit: str
    target: float | None = None
    more_is_better: bool = True
    absolute: bool = False

    def reached(self, value: float) -> bool | None:
        """Whether a ratio, or with *absolute* a value, is good enough; None without a target."""
        if self.target is None:
            return None
        return value >= self.target if self.more_is_better else value <= self.target


@attrs.frozen
class Result:
    """A figure and its runs, those of Alertmanager empty where it was not measured."""

    figure: Figure
    tocsin: Sequence[Run]
    alertmanager: Sequence[Run] = ()

    @property
    def ratio(self) -> float | None:
        """tocsin's median by Alertmanager's; None where one of both is missing or zero."""
        theirs = median(self.alertmanager)
        return median(self.tocsin) / theirs if theirs else None

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None where there is none, or nothing to compare with."""
        judged = median(self.tocsin) if self.figure.absolute else self.ratio
        return None if judged is None else self.figure.reached(judged)


def median(runs: Sequence[Run]) -> float:
    """The value in the middle; 0 without runs."""
    return statistics.median(run.value for run in runs) if runs else 0.0


def limit(runs: Sequence[Run], cores: int | None = None) -> str:
    """What kept the daemon from being faster, told from who was busy."""
    if not runs:
        return "-"
    daemon, load = statistics.median(run.daemon for run in runs), statistics.median(run.load for run in runs)
    if load >= _FULL:
        return "the load generator"
    if daemon + load >= _FULL * (cores or os.cpu_count() or 1):
        return "all cores"
    return "one core" if daemon >= _FULL else "waiting"


def table(results: Sequence[Result]) -> str:
    """The lines of the table, aligned."""
    head = ("what", "unit", "tocsin", "Alertmanager", "ratio", "target", "load", "limits tocsin", "limits Alertmanager")
    rows = [head, *map(_row, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in {0, 1, 7, 8} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(result: Result) -> tuple[str, ...]:
    figure, ratio = result.figure, result.ratio
    sign = ">=" if figure.more_is_better else "<="
    unit = f" {figure.unit}" if figure.absolute else ""
    met = " missed" if result.reached is False else ""
    busiest = max(run.load for run in (*result.tocsin, *result.alertmanager))
    return (
        figure.name,
        figure.unit,
        _shown(median(result.tocsin)),
        _shown(median(result.alertmanager)) if result.alertmanager else "-",
        "-" if ratio is None else f"{ratio:.2f}",
        "-" if figure.target is None else f"{sign} {figure.target:g}{unit}{met}",
        f"{busiest:.0%}",
        limit(result.tocsin),
        limit(result.alertmanager),
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def document(results: Sequence[Result]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "cores": os.cpu_count(),
        "results": [
            {
                **attrs.asdict(result),
                "median": {"tocsin": median(result.tocsin), "alertmanager": median(result.alertmanager) or None},
                "ratio": result.ratio,
                "limits": {"tocsin": limit(result.tocsin), "alertmanager": limit(result.alertmanager)},
            }
            for result in results
        ],
    }
