"""What people do to alerts: acknowledge, put off, silence, work as planned, send again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.engine.gaps import RESERVED
from tocsin.errors import AlertError
from tocsin.model.alert import PerformanceAlert
from tocsin.model.facts import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    Escalated,
    Fact,
    Noted,
    Redriven,
    SilenceExpired,
    SilenceSet,
    Snoozed,
)
from tocsin.model.silence import Silence
from tocsin.roles.matcher import field_test
from tocsin.runtime.setup import instance
from tocsin.runtime.writer import Committed

__all__ = ["Operable", "check_alert", "check_fact", "check_silence"]


def check_silence(silence: Silence) -> Silence:
    """Return *silence*, or raise :exc:`PatternError` for a pattern in it that is none."""
    for matcher in instance(silence, Silence).matchers:
        field_test(matcher)
    return silence


def check_alert(alert: PerformanceAlert) -> PerformanceAlert:
    """Return *alert*, or raise :exc:`AlertError` when its id is one that tocsin gives to alerts of its own."""
    _check_id(instance(alert, PerformanceAlert).alert_id)
    return alert


def _check_id(alert_id: str) -> None:
    if alert_id.startswith(RESERVED):
        raise AlertError(f"alert ids that begin with {RESERVED!r} are tocsin's own: {alert_id!r:.80}", "alert_id")


def check_fact(fact: Any) -> None:
    """Raise for what is no fact, or one that cannot be taken in."""
    match instance(fact, Fact):
        case AlertFired(alert):
            check_alert(alert)
        case SilenceSet(silence):
            check_silence(silence)
        case AlertResolved(alert_id):
            _check_id(alert_id)


class Operable:
    """The operating side of the service. Every method is committed when it returns, and callable from any thread.

    All raise :exc:`StoreError` when the store could not commit; nothing happened then.
    """

    def _commit(self, facts: Sequence[Fact]) -> Committed:
        raise NotImplementedError

    def _one(self, kind: Any, *arguments: Any) -> bool:
        fact = kind(*arguments)
        check_fact(fact)
        return self._commit((fact,)).answers[0]

    def resolve_alert(self, alert_id: str, by: str = "") -> bool:
        """Take in that an alert is well again; return False if no such alert fires."""
        return self._one(AlertResolved, alert_id, by)

    def acknowledge_alert(
        self, alert_id: str, by: str = "", comment: str = "", for_seconds: float | None = None
    ) -> bool:
        """Take in that somebody has taken an alert or an incident (either's id), for good or *for_seconds*.

        Escalation stops for what is acknowledged, and nothing more is sent about it until it resolves or grows worse.
        Returns False if no such alert or incident fires.
        """
        return self._one(Acknowledged, alert_id, by, comment, for_seconds)

    def snooze_alert(self, alert_id: str, seconds: float, by: str = "") -> bool:
        """Put an alert or an incident (either's id) off; return False if no such one fires."""
        return self._one(Snoozed, alert_id, seconds, by)

    def escalate_alert(self, alert_id: str, by: str = "", comment: str = "") -> bool:
        """Tell the next level of an alert's or an incident's (either's id) escalation now, before its time.

        Returns False if none runs there (nobody has to answer), or all of it was told.
        """
        return self._one(Escalated, alert_id, by, comment)

    def note(self, alert_id: str, by: str = "", text: str = "") -> bool:
        """Write something down about an alert or an incident (either's id), for its ledger; nothing else changes.

        Returns False if nobody knows such a one.
        """
        return self._one(Noted, alert_id, by, text)

    def set_silence(self, silence: Silence) -> bool:
        """Add a silence or a maintenance, or change the one of its id, whose earlier form is kept as history.

        Returns False if that changes nothing.

        :raises PatternError: when one of its patterns is none.
        """
        return self._one(SilenceSet, check_silence(silence))

    def expire_silence(self, silence_id: str, by: str = "") -> bool:
        """End a silence before its time; return False if there is none of that id that is not over."""
        return self._one(SilenceExpired, silence_id, by)

    def redrive(self, notification_id: str, by: str = "") -> bool:
        """Send a notification that was given up again, under its own id (see ``undelivered``).

        Returns False if it is not kept any more, or has nothing to tell any more.
        """
        return self._one(Redriven, notification_id, by)
