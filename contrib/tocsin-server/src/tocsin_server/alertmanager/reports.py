"""Reports: until when each alert that came through this interface fires, unless it is reported again.

The end of an alert is its source's to say, and no report is a promise: when it passes without another report, the
alert has resolved. This is kept in memory alone. After a restart every alert has the whole timeout again, for time in
which nobody listened does not count; neither does time in which this process was suspended.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import anyio
import attrs

from tocsin import AlertResolved, AlertState, Clock, StoreError, fingerprint
from tocsin_server.standstill import standstill

__all__ = ["Report", "Reports"]

_log: Final = logging.getLogger("tocsin")

_TOGETHER: Final = 500
"""So many are resolved in one commit."""

_AGAIN: Final = 5.0


@attrs.frozen(slots=True)
class Report:
    """What is known of the latest report of an alert that fires. Instants are wall time, ``deadline`` is engine time.

    ``guessed`` says that its sender gave no end, so that the timeout stands for one.
    """

    starts_at: float
    ends_at: float
    updated_at: float
    deadline: float
    guessed: bool


class Reports:
    """The reports of the alerts that fire.

    :param resolve_timeout: the seconds after which an alert has resolved of which no end was told.
    """

    def __init__(self, clock: Clock, resolve_timeout: float) -> None:
        self._clock = clock
        self.resolve_timeout = resolve_timeout
        self._reports: dict[str, Report] = {}
        self._deadlines: list[tuple[float, str]] = []
        self._sooner = anyio.Event()

    def __len__(self) -> int:
        return len(self._reports)

    def get(self, alert_id: str) -> Report | None:
        """Return the latest report of an alert, or None."""
        return self._reports.get(alert_id)

    def note(self, alert_id: str, starts_at: float | None, ends_at: float | None) -> Report:
        """Take in a report of an alert that fires, before that is committed; return it, merged with the one before.

        As in Alertmanager the earliest start counts, and the latest end that was told counts before a guessed one.
        """
        known, now, wall = self._reports.get(alert_id), self._clock.now(), self._clock.wall()
        guessed = ends_at is None
        end = wall + self.resolve_timeout if ends_at is None else ends_at
        start = wall if starts_at is None else starts_at
        if known is not None:
            start = min(start, known.starts_at) if starts_at is not None else known.starts_at
            if known.ends_at > end and not known.guessed:
                end, guessed = known.ends_at, False
        report = Report(start, end, wall, now + max(0.0, end - wall), guessed)
        self._keep(alert_id, report)
        return report

    def _keep(self, alert_id: str, report: Report) -> None:
        known = self._reports.get(alert_id)
        self._reports[alert_id] = report
        if known is None or report.deadline < known.deadline:  # a later one is met where the earlier one stood
            self._expect(alert_id, report.deadline)

    def drop(self, alert_id: str) -> Report | None:
        """Forget an alert, which resolves; return what was known of it."""
        return self._reports.pop(alert_id, None)

    def take_back(self, alert_id: str, kept: Report | None, known: Report | None) -> None:
        """What was *kept* (None: dropped) in the place of what was *known* was not taken in after all."""
        if self._reports.get(alert_id) is not kept:
            return  # another report came meanwhile
        self._reports.pop(alert_id, None)
        if known is not None:
            self._keep(alert_id, known)

    def adopt(self, states: Iterable[AlertState]) -> None:
        """Take over alerts that fire and came through this interface before a restart, with the whole timeout."""
        for state in states:
            alert = state.alert
            if alert.alert_id not in self._reports and alert.alert_id == fingerprint(alert.labels):
                start = state.fired_at if alert.timestamp is None else alert.timestamp
                now, wall, timeout = self._clock.now(), self._clock.wall(), self.resolve_timeout
                self._keep(alert.alert_id, Report(start, wall + timeout, wall, now + timeout, guessed=True))

    async def run(self, submit: Callable[..., Awaitable[Any]]) -> None:
        """Resolve what is not reported any more, for as long as the daemon runs."""
        while True:
            self._sooner = anyio.Event()
            late = await standstill(self._clock, self._next(), self._sooner)
            if late:
                self._put_off(late)
            elif self._next() <= self._clock.now():
                await self._resolve(submit)

    def _expect(self, alert_id: str, deadline: float) -> None:
        heapq.heappush(self._deadlines, (deadline, alert_id))
        if self._deadlines[0][1] == alert_id:
            self._sooner.set()

    def _next(self) -> float:
        """Return the first deadline that still stands, or an instant that is far off."""
        while self._deadlines:
            deadline, alert_id = self._deadlines[0]
            report = self._reports.get(alert_id)
            if report is not None and report.deadline <= deadline:
                return deadline
            heapq.heappop(self._deadlines)
            if report is not None:  # it was reported again meanwhile
                heapq.heappush(self._deadlines, (report.deadline, alert_id))
        return self._clock.now() + 3600.0

    def _put_off(self, late: float) -> None:
        """Nothing was heard for a while, for nobody listened: as after a restart, what ended meanwhile goes on."""
        _log.warning("the process stood still for %.0f s, which does not count towards the end of any alert", late)
        now = self._clock.now()
        for alert_id, report in self._reports.items():
            if report.deadline <= now:
                self._reports[alert_id] = attrs.evolve(report, deadline=now + self.resolve_timeout)

    async def _resolve(self, submit: Callable[..., Awaitable[Any]]) -> None:
        now, due = self._clock.now(), list[str]()
        while len(due) < _TOGETHER and self._next() <= now:
            _, alert_id = heapq.heappop(self._deadlines)
            due.append(alert_id)
        # taken out first, for a report that comes meanwhile is of another episode
        ended = {alert_id: self._reports.pop(alert_id) for alert_id in dict.fromkeys(due)}
        try:
            await submit(*map(AlertResolved, ended))
        except StoreError as error:
            _log.error("%d alerts that ended could not be resolved, and are tried again: %s", len(ended), error)
            for alert_id, report in ended.items():
                if alert_id not in self._reports:
                    self._keep(alert_id, attrs.evolve(report, deadline=now + _AGAIN))
