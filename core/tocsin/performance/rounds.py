"""The rounds: at the end of each interval the period is closed, and every idle collector is asked again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from tocsin.performance.book import Book
from tocsin.performance.collector import CollectorRecord
from tocsin.performance.crew import Crew
from tocsin.performance.metrics import ClusterMetrics
from tocsin.runtime.clocks import Clock
from tocsin.runtime.failure import describe_failure

__all__ = ["Rounds"]

_log: Final = logging.getLogger("tocsin.performance")

_LATE: Final = 0.5
"""By how much of an interval a round may be late and the next one keep to the timetable."""

_SMALL: Final = 1.0
"""Seconds; being late by no more is ordinary load, however short the interval: the period counts all the same."""


class Rounds:
    """Walks from interval to interval while a crew works.

    :param ingest: takes one measurement of a collector.
    :param after_round: called at the end of each round.
    """

    def __init__(
        self,
        clock: Clock,
        interval: float,
        timeout: float,
        book: Book,
        ingest: Callable[[ClusterMetrics], None],
        after_round: Callable[[], None],
    ) -> None:
        self.collectors: tuple[CollectorRecord, ...] = ()
        self.finished = 0
        self._clock = clock
        self._interval = interval
        self._timeout = timeout
        self._book = book
        self._ingest = ingest
        self._after_round = after_round

    def begin(self, crew: Crew) -> None:
        """Begin the first period now, and let *crew* do the rest: ask the collectors now and after every interval."""
        for record in self.collectors:
            record.busy = record.unanswered = False  # an earlier crew's, which has ended
        self._book.begin(self._clock.wall())
        crew.start(partial(self._run, crew, self._clock.now()), name="tocsin metrics: rounds")

    async def _run(self, crew: Crew, began: float) -> None:
        due = began + self._interval
        while True:
            self._ask(crew)
            await self._clock.sleep_until(due)
            now = self._clock.now()
            late = now - due > self._interval * _LATE
            held_up = late and now - due > _SMALL  # this process stood still
            self._book.end_period(self._clock.wall(), None if held_up else now - began)
            began = now
            due = now + self._interval if late else due + self._interval
            self.finished += 1
            self._after_round()

    def _ask(self, crew: Crew) -> None:
        for record in self.collectors:
            if not record.busy:
                if record.unanswered:
                    self._failed(record, "ended its own task")
                record.busy = record.unanswered = True
                crew.start(partial(self._collect, record), name=f"tocsin metrics: {record.name}")

    async def _collect(self, record: CollectorRecord) -> None:
        try:
            with self._clock.move_on_after(self._timeout) as scope:
                for metrics in await record.collector.collect():
                    self._ingest(metrics)
                record.collections += 1
                record.problem, record.unanswered = None, False
            if scope.cancelled_caught:
                self._failed(record, f"took longer than {self._timeout:g} s")
        except Exception as error:  # noqa: BLE001  # one collector's trouble must not end the others': logged and counted
            self._failed(record, describe_failure(error))
        finally:
            record.busy = False

    def _failed(self, record: CollectorRecord, problem: str) -> None:
        news, record.problem, record.unanswered = problem != record.problem, problem, False
        record.failures += 1
        if news:
            _log.warning("collector %s failed: %s", record.name, problem)
