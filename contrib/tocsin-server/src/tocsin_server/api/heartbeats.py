"""Heartbeats: who has to be heard from regularly, and an alert for each that is not.

A heartbeat that is heard in time costs no commit. After a restart each has its whole time again, for time in which
nobody listened does not count; neither does time in which this process was suspended.
"""

from __future__ import annotations

import logging
from typing import Final

import anyio
import anyio.to_thread
import attrs

from tocsin import AlertFired, AlertResolved, Clock, FederationAlertingService, PerformanceAlert, StoreError, iso_time
from tocsin_server.api.heartbeat_file import Expected, HeartbeatFile
from tocsin_server.standstill import standstill

__all__ = ["Heartbeat", "Heartbeats", "heartbeat_alert_id"]

_log: Final = logging.getLogger("tocsin")
_AGAIN: Final = 5.0
_FAR_OFF: Final = 3600.0
MOST: Final = 10_000


def heartbeat_alert_id(name: str) -> str:
    """Return the id of the alert that a missed heartbeat raises."""
    return f"heartbeat/{name}"


@attrs.frozen(slots=True)
class Heartbeat:
    """A heartbeat that is expected, until when (wall time); None: it was missed."""

    name: str
    expected: Expected
    until: float | None


@attrs.define(slots=True)
class _Beat:
    """``due`` is engine time; None once it was missed. ``may_fire`` says that its alert may be firing."""

    expected: Expected
    due: float | None
    may_fire: bool = True


class Heartbeats:
    """The heartbeats that are expected."""

    def __init__(self, alerting: FederationAlertingService, clock: Clock, file: HeartbeatFile) -> None:
        self._alerting = alerting
        self._clock = clock
        self._file = file
        now = clock.now()
        self._beats = {name: _Beat(one, now + one.every_seconds) for name, one in file.read().items()}
        self._lock = anyio.Lock()
        self._sooner = anyio.Event()

    def __len__(self) -> int:
        return len(self._beats)

    def __contains__(self, name: str) -> bool:
        return name in self._beats

    @property
    def known(self) -> list[Heartbeat]:
        """Those that are expected: first those that were missed, by name, then those that are due next."""
        ahead = self._clock.wall() - self._clock.now()
        beats = sorted(self._beats.items(), key=lambda one: (one[1].due is not None, one[1].due or 0.0, one[0]))
        return [Heartbeat(name, one.expected, None if one.due is None else one.due + ahead) for name, one in beats]

    async def heard(self, name: str, expected: Expected) -> str:
        """Take in that somebody is alive, who has to be heard again in time; return until when.

        :raises StoreError: when that could not be kept, or the alert not be resolved.
        """
        async with self._lock:
            beat = self._beats.get(name)
            if beat is None or beat.expected != expected:
                await self._keep({**self._expected(), name: expected})
            if beat is None:
                beat = self._beats[name] = _Beat(expected, None)
            beat.expected = expected
            if beat.may_fire:
                await self._resolve(name)
                beat.may_fire = False
            beat.due = self._clock.now() + expected.every_seconds
            self._sooner.set()
            return iso_time(self._clock.wall() + expected.every_seconds)

    async def end(self, name: str) -> bool:
        """Expect a heartbeat no longer; return whether it was expected."""
        async with self._lock:
            if name not in self._beats:
                return False
            await self._keep({known: one for known, one in self._expected().items() if known != name})
            del self._beats[name]
            await self._resolve(name)
            return True

    def _expected(self) -> dict[str, Expected]:
        return {name: beat.expected for name, beat in self._beats.items()}

    async def _keep(self, expected: dict[str, Expected]) -> None:
        await anyio.to_thread.run_sync(self._file.write, expected)

    async def _resolve(self, name: str) -> None:
        alert_id = heartbeat_alert_id(name)
        states = await anyio.to_thread.run_sync(self._alerting.alert_states, [alert_id])
        if any(state.firing for state in states):
            await self._alerting.submit(AlertResolved(alert_id))

    async def run(self) -> None:
        """Raise alerts for those that are missed, for as long as the daemon runs."""
        while True:
            due = min((beat.due for beat in self._beats.values() if beat.due is not None), default=None)
            self._sooner = anyio.Event()
            late = await standstill(self._clock, self._clock.now() + _FAR_OFF if due is None else due, self._sooner)
            if late:
                self._begin_anew(late)
            else:
                await self._raise()

    def _begin_anew(self, late: float) -> None:
        """Nobody listened for a while: each has its whole time again."""
        _log.warning("the process stood still for %.0f s, which does not count towards any heartbeat", late)
        now = self._clock.now()
        for beat in self._beats.values():
            if beat.due is not None:
                beat.due = now + beat.expected.every_seconds

    async def _raise(self) -> None:
        async with self._lock:
            now = self._clock.now()
            missed = {name: beat for name, beat in self._beats.items() if beat.due is not None and beat.due <= now}
            if not missed:
                return
            for beat in missed.values():
                beat.may_fire = True
            try:
                await self._alerting.submit(*(AlertFired(self._alert(name, beat)) for name, beat in missed.items()))
            except StoreError as error:
                _log.error("%d heartbeats were missed, which is tried again to be kept: %s", len(missed), error)
                for beat in missed.values():
                    beat.due = now + _AGAIN
            else:
                for beat in missed.values():
                    beat.due = None

    def _alert(self, name: str, beat: _Beat) -> PerformanceAlert:
        every = beat.expected.every_seconds
        return PerformanceAlert(
            alert_id=heartbeat_alert_id(name),
            cluster_id="",
            severity=beat.expected.severity,
            metric_name="heartbeat",
            threshold_value=every,
            message=f"nothing was heard from {name} for {every:g} s",
            timestamp=self._clock.wall(),
            labels={"heartbeat": name},
        )
