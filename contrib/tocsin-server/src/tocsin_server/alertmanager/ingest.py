"""``POST /api/v2/alerts``: what is valid is committed in one batch, and then answered; nobody waits for a send."""

from __future__ import annotations

from typing import Any, Final

import anyio.to_thread
import attrs

from tocsin import AlertFired, AlertResolved, Clock, Fact
from tocsin_server.alertmanager.posted import Posted, Reader
from tocsin_server.alertmanager.reports import Report, Reports
from tocsin_server.intake import Intake
from tocsin_server.web.refusal import Refused

__all__ = ["Ingest"]

_FEW: Final = 200


class Ingest:
    """Takes posted alerts in.

    :param most: so many alerts one request may have.
    """

    def __init__(
        self,
        reader: Reader,
        reports: Reports,
        clock: Clock,
        intake: Intake,
        *,
        most: int = 10_000,
    ) -> None:
        self._reader = reader
        self._reports = reports
        self._clock = clock
        self._intake = intake
        self._most = most

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
        if len(document) > _FEW:  # so many are not read while everybody waits
            posted = await anyio.to_thread.run_sync(self._read, document)
        else:
            posted = self._read(document)
        latest = self._clock.wall() + self._reports.resolve_timeout
        posted = [_with_end(one, latest) for one in posted]
        valid = [one for one in posted if one.problem is None]
        if valid:
            await self._take(valid)
        problems = [one.problem for one in posted if one.problem is not None]
        self._intake.refuse(len(problems))
        if problems:
            raise Refused(400, "\n".join(problems))

    def _read(self, document: list[Any]) -> list[Posted]:
        """Read every item; what is of another type anywhere goes before what is missing, as in Alertmanager."""
        posted: list[Posted] = []
        missing: Refused | None = None
        for index, item in enumerate(document):
            try:
                posted.append(self._reader.read(index, item))
            except Refused as refusal:
                if refusal.status == 400:
                    raise
                missing = missing or refusal
        if missing is not None:
            raise missing
        return posted

    async def _take(self, posted: list[Posted]) -> None:
        """Keep what is reported, and commit it; what was surely not committed is taken back."""
        facts: list[Fact] = []
        changed: list[tuple[str, Report | None, Report | None]] = []
        wall = self._clock.wall()
        for one in posted:
            alert_id = one.alert_id
            if one.ends_at is not None and one.ends_at <= wall:
                facts.append(AlertResolved(alert_id))
                changed.append((alert_id, None, self._reports.drop(alert_id)))
            else:
                known = self._reports.get(alert_id)
                report = self._reports.note(alert_id, one.starts_at, one.ends_at)
                facts.append(AlertFired(self._reader.alert(one, report.starts_at)))
                changed.append((alert_id, report, known))
        try:
            await self._intake.take(*facts)
        except BaseException as error:  # raised again
            lost = isinstance(error, Exception)
            for alert_id, kept, known in reversed(changed):
                if lost or kept is None:  # cut off, it may be committed: then what fires still has its end
                    self._reports.take_back(alert_id, kept, known)
            raise


def _with_end(posted: Posted, latest: float) -> Posted:
    """Refuse what begins after it ends, where no end was told and the timeout stands for one."""
    if posted.ends_at is None and posted.starts_at is not None and posted.starts_at > latest:
        return attrs.evolve(posted, problem=posted.problem or "start time must be before end time")
    return posted
