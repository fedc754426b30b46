"""A replay's report as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tocsin.lab.replay.report import Report
from tocsin.model.severity import AlertSeverity
from tocsin.model.template import iso_time

__all__ = ["lines_of_report"]

_SEVERITIES: Final = tuple(severity.value for severity in reversed(AlertSeverity))
_NOTIFICATIONS: Final = "Notifications"
_BUSIEST: Final = 5
_MINUTE: Final = 60.0
_HOUR: Final = 3600.0


def lines_of_report(report: Report) -> Iterator[str]:
    """Yield the lines of a report, without their line ends."""
    yield f"{iso_time(report.began)} to {iso_time(report.ended)}"
    yield (
        f"{_count(report.episodes, 'alert')} fired, {_count(report.sent, 'notification')} "
        f"in {_count(report.attempts, 'attempt')}"
    )
    yield from (f"Note: {remark}" for remark in report.remarks)
    yield from _channels(report)
    yield from _times(report)
    yield from _busiest(report)
    yield from _ranked("Noisiest rules", report.rules)
    yield from _ranked("Noisiest metrics", report.metrics)
    yield from _ranked("Noisiest alerts", report.alerts)
    yield from _levels(report)
    yield from _saved(report)
    yield from _ranked("Gaps", report.gaps)


def _channels(report: Report) -> Iterator[str]:
    if not report.notifications:
        return
    used = [name for name in _SEVERITIES if any(name in found for found in report.notifications.values())]
    width = max(len(_NOTIFICATIONS) - 2, *(len(name) for name in report.notifications))
    yield ""
    yield _NOTIFICATIONS.ljust(width + 2) + "".join(name.rjust(11) for name in (*used, "in all"))
    for channel_id, found in report.notifications.items():
        counts = [found.get(name, 0) for name in used]
        yield f"  {channel_id.ljust(width)}" + "".join(str(count).rjust(11) for count in (*counts, sum(counts)))


def _times(report: Report) -> Iterator[str]:
    yield ""
    if report.first_told:
        spread = ", ".join(f"{name} {_seconds(value)}" for name, value in report.first_told.items())
        yield f"From firing to the first delivery: {spread}"
    yield f"Never told to anybody: {_count(report.never_told, 'alert')}, {report.unrouted} of them routed nowhere"


def _busiest(report: Report) -> Iterator[str]:
    busiest = sorted(report.hours.items(), key=lambda item: (-sum(item[1].values()), item[0]))[:_BUSIEST]
    if busiest:
        yield ""
        yield "Busiest hours"
        for hour, found in busiest:
            channels = ", ".join(f"{channel_id} {count}" for channel_id, count in found.items())
            yield f"  {iso_time(hour)}  {sum(found.values())}: {channels}"


def _ranked(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    if counts:
        yield ""
        yield title
        yield from (f"  {count:>8}  {name}" for name, count in counts.items())


def _levels(report: Report) -> Iterator[str]:
    if report.levels:
        yield ""
        yield "Escalation levels reached"
        for policy_id, found in report.levels.items():
            yield f"  {policy_id}: " + ", ".join(f"{level} {count}" for level, count in found.items())


def _saved(report: Report) -> Iterator[str]:
    yield ""
    folded = sum(report.reasons.get("fold", {}).values())
    yield (
        f"Aggregation and limits: {_count(report.tellings, 'telling')} in {_count(report.sent, 'notification')}; "
        f"{folded} folded into a summary, {report.states.get('merged', 0)} merged into a digest, "
        f"{report.states.get('held', 0)} held for a while"
    )
    skipped = report.reasons.get("skip", {})
    if skipped:
        reasons = ", ".join(
            f"{reason} {count}" for reason, count in sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
        )
        yield f"Not told, and why: {reasons}"


def _count(number: int, word: str) -> str:
    return f"{number} {word if number == 1 else f'{word}s'}"


def _seconds(value: float) -> str:
    if value < _MINUTE:
        return f"{value:.3g} s"
    return f"{value / _MINUTE:.3g} min" if value < _HOUR else f"{value / _HOUR:.3g} h"
