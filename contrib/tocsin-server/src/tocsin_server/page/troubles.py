"""Troubles: why nobody should believe that all is quiet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from tocsin import AlertState, FederationAlertingService
from tocsin_server.api.heartbeats import heartbeat_alert_id

__all__ = ["OPEN_SECONDS", "Trouble", "troubles_of"]

OPEN_SECONDS: Final = 900.0
"""A gap that was met within so long is open; an older one has ended, and is history."""

_MOST: Final = 20
"""So many of a kind are named."""

_HEARTBEAT: Final = heartbeat_alert_id("")


@attrs.frozen(slots=True)
class Trouble:
    """One reason why the page may not show everything: ``title`` in some words, ``detail`` with the names."""

    title: str
    detail: str


def troubles_of(
    alerting: FederationAlertingService, stopped: list[str], states: Iterable[AlertState], wall: float
) -> tuple[Trouble, ...]:
    """Return what is wrong with the daemon's own sight and voice at the instant *wall*, the worst first.

    :param stopped: the sources that do not run. :param states: the alerts that fire.
    """
    missed = [state.alert.alert_id for state in states if state.alert.alert_id.startswith(_HEARTBEAT)]
    found = [Trouble("The store fails", "nothing new is kept")] if alerting.store_fails else []
    found += _named("Not heard from", sorted(one.removeprefix(_HEARTBEAT) for one in missed))
    found += _named("Stopped sources", stopped)
    found += _named("Channels that do not answer", sorted(alerting.open_circuits))
    gaps = [gap for gap in reversed(alerting.gaps) if gap.last_at > wall - OPEN_SECONDS]
    found += [Trouble(f"Gap: {gap.kind.replace('_', ' ')}", f"{gap.subject}: {gap.detail}") for gap in gaps[:_MOST]]
    if len(gaps) > _MOST:
        found.append(Trouble("More gaps", str(len(gaps) - _MOST)))
    return tuple(found)


def _named(title: str, names: list[str]) -> list[Trouble]:
    if not names:
        return []
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return [Trouble(title, ", ".join(names[:_MOST]) + more)]
