"""What can be read from a service: alerts, incidents, silences, deliveries, gaps, explanations and the ledger."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from tocsin.engine.explain import explain
from tocsin.engine.notice import alert_state, incident_view
from tocsin.engine.turn import Instant
from tocsin.engine.upcoming import upcoming
from tocsin.errors import ConfigurationError
from tocsin.journal import Entry
from tocsin.model._check import is_double, shown
from tocsin.model.alert import PerformanceAlert
from tocsin.model.alert_state import AlertState
from tocsin.model.delivery import NotificationDelivery
from tocsin.model.explanation import Explanation
from tocsin.model.gap import Gap
from tocsin.model.incident import AggregatedAlert
from tocsin.model.ledger import LedgerLine
from tocsin.model.outgoing import OutgoingNotification
from tocsin.model.severity import AlertSeverity
from tocsin.model.silence import SilenceRecord, SilenceState
from tocsin.model.undelivered import UndeliveredNotification
from tocsin.model.upcoming import Upcoming
from tocsin.runtime.deliveries import Deliveries
from tocsin.runtime.ledger import Ledger
from tocsin.runtime.setup import Setup, instance
from tocsin.runtime.statistics import statistics
from tocsin.runtime.store_watch import StoreWatch
from tocsin.runtime.threads import in_thread
from tocsin.runtime.writer import Writer

__all__ = ["Readable"]

_CHUNK: Final = 32
"""So many entries are read while nothing is taken in."""


class Readable:
    """The reading side of the service. Nothing here changes anything; all of it may be called from any thread."""

    _closed: bool
    _deliveries: Deliveries
    _setup: Setup
    _store_watch: StoreWatch
    _writer: Writer

    @property
    def enabled(self) -> bool:
        """Whether it takes alerts: until it was left."""
        return not self._closed

    def get_active_alerts(self) -> list[PerformanceAlert]:
        """Return the alerts that fire, the most severe first, then by id."""
        with self._writer.lock:
            state = self._writer.engine.state
            firing = [state.alerts[alert_id].alert for alert_id in state.firing]
        return sorted(firing, key=lambda alert: (-alert.severity.rank, alert.alert_id))

    def get_resolved_alerts(self) -> list[PerformanceAlert]:
        """Return the alerts that resolved and are not forgotten yet, the most severe first, then by id."""
        with self._writer.lock:
            resolved = [one.alert for one in self._writer.engine.state.alerts.values() if not one.firing]
        return sorted(resolved, key=lambda alert: (-alert.severity.rank, alert.alert_id))

    @property
    def active_alert_ids(self) -> tuple[str, ...]:
        """The ids of the alerts that fire, the oldest first."""
        with self._writer.lock:
            return tuple(self._writer.engine.state.firing)

    @property
    def firing_by_severity(self) -> dict[AlertSeverity, int]:
        """How many alerts of each severity fire; every severity is there."""
        counts = dict.fromkeys(AlertSeverity, 0)
        with self._writer.lock:
            state = self._writer.engine.state
            for alert_id in state.firing:
                counts[state.alerts[alert_id].severity] += 1
        return counts

    def alert_states(self, alert_ids: Iterable[str]) -> tuple[AlertState, ...]:
        """Return where these alerts stand, in their order; those that nobody knows, any more, are left out.

        Nothing is taken in meanwhile: of very many, ask for some hundreds at a time.
        """
        with self._writer.lock:
            turn = self._writer.engine.glance(self._writer.now())
            episodes = (turn.state.alerts.get(alert_id) for alert_id in alert_ids)
            return tuple(alert_state(turn, episode) for episode in episodes if episode is not None)

    def upcoming(self, alert_id: str) -> tuple[Upcoming, ...]:
        """Return what comes by itself for an alert that fires: levels, summaries, ends; the next first."""
        with self._writer.lock:
            turn = self._writer.engine.glance(self._writer.now())
            episode = turn.state.alerts.get(alert_id)
            return () if episode is None else upcoming(turn, episode)

    @property
    def aggregated_alerts(self) -> dict[str, AggregatedAlert]:
        """The incidents that fire, by id."""
        with self._writer.lock:
            engine = self._writer.engine
            turn = engine.glance(self._writer.now())
            return {
                incident_id: incident_view(turn, incident)
                for incident_id, incident in engine.state.incidents.items()
                if incident.firing
            }

    @property
    def silences(self) -> dict[str, tuple[SilenceRecord, SilenceState]]:
        """The silences and maintenances, by id, with their state now; those that are over stay for a while."""
        with self._writer.lock:
            wall = self._writer.now().wall
            records = self._writer.engine.state.silences
            return {silence_id: (record, record.state(wall)) for silence_id, record in sorted(records.items())}

    @property
    def undelivered(self) -> tuple[UndeliveredNotification, ...]:
        """The notifications that were given up, the oldest first; :meth:`redrive` sends one again."""
        with self._writer.lock:
            kept = sorted(self._writer.engine.state.undelivered.values(), key=lambda out: out.serial)
            return tuple(
                UndeliveredNotification(
                    out.notification_id,
                    out.incident_id,
                    out.channel_id,
                    out.kind,
                    out.state,
                    out.reason,
                    out.detail,
                    out.attempts,
                    out.alert_ids,
                    out.ended_at or 0.0,
                )
                for out in kept
            )

    @property
    def outgoing(self) -> tuple[OutgoingNotification, ...]:
        """The notifications that have not ended, the oldest first."""
        with self._writer.lock:
            state = self._writer.engine.state
            return tuple(
                OutgoingNotification(
                    out.notification_id,
                    out.incident_id,
                    out.channel_id,
                    out.kind,
                    out.state,
                    out.reason,
                    out.attempts,
                    tuple(dict.fromkeys(state.episodes[name].alert.alert_id for name in out.listed)),
                )
                for out in sorted(state.outgoing.values(), key=lambda out: out.serial)
            )

    @property
    def open_circuits(self) -> dict[str, float]:
        """The channels that are left alone since their receivers fail, with the instant (engine time) of the probe."""
        with self._writer.lock:
            lanes = self._writer.engine.state.lanes.values()
            return {lane.channel_id: lane.probe_at for lane in lanes if lane.probe_at is not None}

    @property
    def delivery_history(self) -> list[NotificationDelivery]:
        """The newest 10,000 attempts since the service was made, the newest last; the ledger has older ones."""
        with self._writer.lock:
            return list(self._deliveries.history)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was owed and could not be given, and parts that failed; the newest last.

        A store that fails is among them while it does, although nothing can be recorded then.
        """
        with self._writer.lock:
            known = (*self._writer.engine.state.gaps.values(), *self._store_watch.gaps)
        gaps = {(gap.kind, gap.subject): gap for gap in known}
        return tuple(sorted(gaps.values(), key=lambda gap: (gap.last_at, gap.kind, gap.subject)))

    @property
    def store_fails(self) -> bool:
        """Whether the store did not take what was to be kept last."""
        with self._writer.lock:
            return bool(self._store_watch.gaps)

    def get_alerting_statistics(self) -> dict[str, Any]:
        """Return counts: of what is there now, and of deliveries since the service was made."""
        with self._writer.lock:
            state = self._writer.engine.state
            gaps = len(self.gaps)
            return statistics(state, self._setup.config, self._deliveries, gaps=gaps, enabled=self.enabled)

    def explain(self, alert: PerformanceAlert, at: float | None = None) -> Explanation:
        """Say what would happen if *alert* fired now, or at the later instant *at* (engine time): nothing does.

        :meth:`ledger` has what happened before; ``tocsin explain --state STORE --at TIME`` plays the journal again.

        :raises ConfigurationError: when *at* is in the past.
        """
        instance(alert, PerformanceAlert)
        with self._writer.lock:
            if self._setup.stale:
                self._writer.commit()
            now = self._writer.now()
            if at is not None and (not is_double(at) or not math.isfinite(at)):
                raise ConfigurationError(f"an instant is a finite number of seconds, not {shown(at)}", "at")
            if at is not None and at < now.engine:
                raise ConfigurationError(
                    f"a running service cannot go back: {at!r} is before now, {now.engine!r}; the ledger has the past, "
                    "and 'tocsin explain --state STORE --at TIME' plays its journal",
                    "at",
                )
            instant = now if at is None else Instant(at, at + (now.wall - now.engine))
            return explain(self._writer.engine, alert, instant)

    @property
    def journal_ordinal(self) -> int:
        """The ordinal of the newest entry of the journal; 0: there is none."""
        with self._writer.lock:
            return self._writer.ordinal

    @property
    def records_behind(self) -> int:
        """How many records changed since they last followed the journal: what is decided again after a crash."""
        with self._writer.lock:
            return self._writer.engine.unsaved

    async def journal(self, after: int = 0, limit: int = 100) -> tuple[Entry, ...]:
        """Return the entries that come after the ordinal *after*, the oldest first, *limit* at most.

        :raises StoreError: when the store cannot be read.
        """
        if self._writer.blocking:
            return await in_thread(self._entries, after, limit)
        return self._entries(after, limit)

    def _entries(self, after: int, limit: int) -> tuple[Entry, ...]:
        found: list[Entry] = []
        while len(found) < limit:
            wanted = min(_CHUNK, limit - len(found))
            with self._writer.lock:
                chunk = list(islice(self._writer.store.entries(found[-1].ordinal if found else after), wanted))
            found += chunk
            if len(chunk) < wanted:
                break
        return tuple(found)

    async def ledger(self, alert_id: str) -> tuple[LedgerLine, ...]:
        """Return everything that happened to an alert, the oldest first, as far back as the journal is kept.

        :raises StoreError: when the store cannot be read.
        """
        ledger = Ledger(self._writer.store, self._setup.registry, self._writer.lock)
        with self._writer.lock:
            episode = self._writer.engine.state.alerts.get(alert_id)
            known = None if episode is None else episode.alert
        if self._writer.blocking:
            return await in_thread(ledger.read, alert_id, known)
        return ledger.read(alert_id, known)
