"""``POST /api/v2/alerts``: what is valid is committed in one batch, and then answered; nobody waits for a send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from tocsin import AlertFired, AlertResolved, Clock, Fact
from tocsin_server.alertmanager.posted import Posted, Reader
from tocsin_server.alertmanager.reports import Report, Reports
from tocsin_server.web.refusal import Refused

__all__ = ["Counts", "Ingest"]


@attrs.define(slots=True)
class Counts:
    """How many alerts came in: those that fire, those that ended, those that could not be taken."""

    firing: int = 0
    resolved: int = 0
    invalid: int = 0


class Ingest:
    """Takes posted alerts in.

    :param submit: the service's door; it returns once all of a batch is committed.
    :param most: so many alerts one request may have.
    """

    def __init__(
        self,
        reader: Reader,
        reports: Reports,
        clock: Clock,
        submit: Callable[..., Awaitable[Any]],
        counts: Counts,
        *,
        most: int = 10_000,
    ) -> None:
        self._reader = reader
        self._reports = reports
        self._clock = clock
        self._submit = submit
        self._most = most
        self._counts = counts

    async def take(self, document: Any) -> None:
        """Take in the alerts of a decoded body.

        :raises Refused: when it has not the form of a list of alerts: nothing of it was taken. Also when some of the
            alerts are invalid; the others were taken then, as Alertmanager does.
        """
        if document is None:
            return
        if not isinstance(document, list):
            raise Refused(400, f"the body is a list of alerts, not {type(document).__name__}")
        if len(document) > self._most:
            raise Refused(413, f"{len(document)} alerts in one request are more than {self._most}")
        posted = [self._reader.read(index, item) for index, item in enumerate(document)]
        valid = [one for one in posted if one.problem is None]
        if valid:
            await self._take(valid)
        problems = [one.problem for one in posted if one.problem is not None]
        self._counts.invalid += len(problems)
        if problems:
            raise Refused(400, "\n".join(problems))

    async def _take(self, posted: list[Posted]) -> None:
        facts: list[Fact] = []
        reported: dict[str, Report | None] = {}
        wall = self._clock.wall()
        for one in posted:
            alert_id = one.alert_id
            if one.ends_at is not None and one.ends_at <= wall:
                facts.append(AlertResolved(alert_id))
                reported[alert_id] = None
            else:
                report = self._reports.merged(alert_id, one.starts_at, one.ends_at)
                facts.append(AlertFired(self._reader.alert(one, report.starts_at)))
                reported[alert_id] = report
        await self._submit(*facts)
        for alert_id, last in reported.items():
            if last is None:
                self._reports.drop(alert_id)
            else:
                self._reports.keep(alert_id, last)
        ended = sum(isinstance(fact, AlertResolved) for fact in facts)
        self._counts.resolved += ended
        self._counts.firing += len(facts) - ended
