"""The ledger: reads what the journal kept about one alert, and decides the rules' verdicts anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, Final

from tocsin.engine.compile import recorded_plan
from tocsin.engine.plan import Plan
from tocsin.engine.verdicts import rule_verdicts
from tocsin.errors import ConfigurationError
from tocsin.journal import Entry, Input
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.model.event import (
    AlertRouted,
    AttemptFinished,
    Event,
    FactAccepted,
    LevelReached,
    NotificationChanged,
    TellingDecided,
)
from tocsin.model.explanation import RuleExplanation
from tocsin.model.facts import Acknowledged, AlertFired, AlertResolved, Escalated, Noted, Redriven, Snoozed
from tocsin.model.ledger import LedgerKind, LedgerLine
from tocsin.registry import Registry
from tocsin.stores.interface import Reader

__all__ = ["Ledger"]

_CHUNK: Final = 64
_RULES: Final = 1000
"""Verdicts of more rules than this are left to ``explain``; those that applied are always named."""


class Ledger:
    """Reads *store*, which is called under *lock* only, and never for long."""

    def __init__(self, store: Reader, registry: Registry, lock: AbstractContextManager[Any]) -> None:
        self._store = store
        self._registry = registry
        self._lock = lock

    def read(self, alert_id: str, known: PerformanceAlert | None = None) -> tuple[LedgerLine, ...]:
        """Return everything that the journal still knows of the alert, the oldest first.

        *known* is its latest report, for where the journal does not reach back to one.
        """
        page = _Page(self, alert_id, known)
        page.look_ahead(self._entries({alert_id}))
        incidents = page.incidents
        for entry in self._entries({alert_id, *incidents}):
            page.take(entry)
        return tuple(page.lines)

    def _entries(self, subjects: set[str]) -> Iterator[Entry]:
        with self._lock:
            entries = self._store.entries(subjects=subjects)
        while True:
            with self._lock:
                chunk = list(islice(entries, _CHUNK))
            if not chunk:
                return
            yield from chunk

    def plan(self, digest: str) -> Plan | None:
        """Return the plan of a configuration, if it is kept and can be read."""
        with self._lock:
            plain = self._store.configuration(digest)
        try:
            return None if plain is None else recorded_plan(plain, self._registry)[0]
        except ConfigurationError:
            return None


class _Page:
    """The lines about one alert, as the entries come.

    What concerns an incident concerns the alert while it fires there. A journal that does not reach back to its first
    report begins while it fires.
    """

    def __init__(self, ledger: Ledger, alert_id: str, alert: PerformanceAlert | None) -> None:
        self.lines: list[LedgerLine] = []
        self.incidents: set[str] = set()
        self._ledger = ledger
        self._alert_id = alert_id
        self._alert = alert
        self._fires = False
        self._place: tuple[str, str | None] | None = None
        self._plans: dict[str, Plan | None] = {}
        self._notifications: set[str] = set()

    def look_ahead(self, entries: Iterable[Entry]) -> None:
        """Learn from the entries that name the alert which incidents it was in, and whether it fired before them."""
        for place, entry in enumerate(entries):
            mine = [one for one in entry.events if isinstance(one, AlertRouted) and one.alert_id == self._alert_id]
            self.incidents |= {event.incident_id for event in mine}
            self._fires |= place == 0 and not mine

    def take(self, entry: Entry) -> None:
        for event in entry.events:
            if isinstance(event, FactAccepted):
                self._fact(entry, event.at, event.fact)
            else:
                self._event(entry, event)

    def _write(self, entry: Entry, at: float, kind: LedgerKind, **fields: Any) -> None:
        wall = entry.wall_time - (entry.engine_time - at)
        self.lines.append(LedgerLine(wall, entry.ordinal, kind, **fields))

    def _fact(self, entry: Entry, at: float, fact: Input) -> None:
        match fact:
            case AlertFired(alert) if alert.alert_id == self._alert_id:
                self._alert, self._fires = alert, True
                self._write(entry, at, LedgerKind.RECEIVED, severity=alert.severity.value, detail=alert.message)
            case AlertResolved(alert_id) if alert_id == self._alert_id:
                self._write(entry, at, LedgerKind.RESOLVED, by=fact.by)
                self._fires = False
            case Acknowledged(target) if target == self._alert_id or self._is_in(target):
                self._write(entry, at, LedgerKind.ACKNOWLEDGED, by=fact.by, detail=fact.comment)
            case Redriven(notification_id, by) if notification_id in self._notifications:
                self._write(entry, at, LedgerKind.REDRIVEN, by=by, notification_id=notification_id)
            case Snoozed(target) if target == self._alert_id or self._is_in(target):
                self._write(entry, at, LedgerKind.SNOOZED, by=fact.by, due=entry.wall_time + fact.seconds)
            case Escalated(target) if target == self._alert_id or self._is_in(target):
                self._write(entry, at, LedgerKind.ESCALATED, by=fact.by, detail=fact.comment)
            case Noted(target) if target == self._alert_id or target in self.incidents:
                self._write(entry, at, LedgerKind.NOTED, by=fact.by, detail=fact.text)

    def _event(self, entry: Entry, event: Event) -> None:
        match event:
            case AlertRouted(alert_id=alert_id) if alert_id == self._alert_id:
                self._routed(entry, event)
            case TellingDecided(alert_id=alert_id) if alert_id == self._alert_id:
                due = None if event.due is None else event.due + (entry.wall_time - entry.engine_time)
                self._write(
                    entry,
                    event.at,
                    LedgerKind.DECIDED,
                    incident_id=event.incident_id,
                    channel_id=event.channel_id,
                    action=event.action,
                    reason=event.reason,
                    due=due,
                )
            case NotificationChanged() if self._concerns(event.alert_ids, event.incident_id):
                self._notification(entry, event)
            case AttemptFinished(delivery=delivery) if self._concerns(delivery.alert_ids, delivery.incident_id):
                self._attempt(entry, event)
            case LevelReached(incident_id=incident_id) if self._is_in(incident_id, event.policy_id):
                self._write(
                    entry,
                    event.at,
                    LedgerKind.LEVEL,
                    incident_id=incident_id,
                    policy_id=event.policy_id,
                    level=event.level,
                    channel_ids=event.channel_ids,
                )

    def _is_in(self, incident_id: str, policy_id: str | None = None) -> bool:
        """Whether the alert fires in that incident now, and under that policy if one is named."""
        if not self._fires or incident_id not in self.incidents:
            return False
        if self._place is None:
            return True
        incident, policy = self._place
        return incident == incident_id and policy_id in (None, policy)

    def _concerns(self, alert_ids: tuple[str, ...], incident_id: str) -> bool:
        return self._alert_id in alert_ids if alert_ids else incident_id in self.incidents

    def _routed(self, entry: Entry, event: AlertRouted) -> None:
        self._place = event.incident_id, event.policy_id
        self._write(
            entry,
            event.at,
            LedgerKind.ROUTED,
            incident_id=event.incident_id,
            rule_ids=event.rule_ids,
            channel_ids=event.channel_ids,
            policy_id=event.policy_id or "",
            rules=self._verdicts(entry.configuration, event),
        )

    def _verdicts(self, digest: str, event: AlertRouted) -> tuple[RuleExplanation, ...]:
        if digest not in self._plans:
            self._plans[digest] = self._ledger.plan(digest)
        plan = self._plans[digest]
        if plan is None or self._alert is None or len(plan.nodes) > _RULES:
            return ()
        return rule_verdicts(plan, AlertView(self._alert), event.rule_ids)

    def _notification(self, entry: Entry, event: NotificationChanged) -> None:
        self._notifications.add(event.notification_id)
        self._write(
            entry,
            event.at,
            LedgerKind.NOTIFICATION,
            incident_id=event.incident_id,
            channel_id=event.channel_id,
            notification_id=event.notification_id,
            notification_kind=event.kind,
            state=event.state,
            reason=event.reason,
            attempt=event.attempt,
            detail=event.detail,
            level=event.level or "",
            policy_id=event.policy_id or "",
        )

    def _attempt(self, entry: Entry, event: AttemptFinished) -> None:
        delivery = event.delivery
        self._write(
            entry,
            event.at,
            LedgerKind.ATTEMPT,
            incident_id=delivery.incident_id,
            channel_id=delivery.channel_id,
            notification_id=delivery.notification_id,
            notification_kind=delivery.kind,
            attempt=delivery.retry_count + 1,
            outcome=delivery.outcome,
            code=delivery.response_code,
            latency_seconds=delivery.delivery_time_ms / 1000.0,
            detail=delivery.response_message,
        )
