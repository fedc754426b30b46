"""Resetting: the deadlines that records must have, found again where those of an agenda are lost.

All of it reads plain records, by table and name, as :mod:`tocsin.engine.codec` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.config import Configuration
from tocsin.engine.agenda import Deadline
from tocsin.engine.gaps import GAP_QUIET_SECONDS, names_gap
from tocsin.model.notification import NotificationState

__all__ = ["awake", "idle", "lines", "missing", "running"]

Tables = Mapping[str, Mapping[str, Any]]
Deadlines = dict[tuple[str, str], float]
_Wanted = Iterator[tuple[Deadline, str, float]]


def lines(tables: Tables) -> dict[str, Mapping[str, Any]]:
    """Return the lines of all incidents by their ids."""
    return {
        f"{incident_id}/{channel_id}": line
        for incident_id, incident in tables.get("incidents", {}).items()
        for channel_id, line in incident["lines"].items()
    }


def running(tables: Tables) -> dict[str, Mapping[str, Any]]:
    """Return the escalations whose clock runs, by the name of their deadline."""
    return {
        f"{incident_id}/{policy_id}": one
        for incident_id, incident in tables.get("incidents", {}).items()
        for policy_id, one in incident.get("escalations", {}).items()
        if one.get("since") is not None
    }


def awake(tables: Tables) -> set[str]:
    """Return the escalations that somebody has to answer for, by the name of their deadline."""
    return {
        f"{episode['incident_id']}/{policy_id}"
        for episode in tables.get("episodes", {}).values()
        for policy_id in episode.get("awake", ())
    }


def _held(tables: Tables, name: str) -> dict[str, list[Any]]:
    """Return what the lines hold, in their mapping of that *name*, of any episodes; by the ids of the lines."""
    held: dict[str, list[Any]] = {}
    for episode in tables.get("episodes", {}).values():
        for channel_id, line in episode.get("lines", {}).items():
            if name in line:
                held.setdefault(f"{episode['incident_id']}/{channel_id}", []).append(line[name])
    return held


def missing(tables: Tables, config: Configuration) -> Deadlines:
    """Return the deadlines that are not there and have to be; what is not known of an instant is now."""
    state, agenda = tables["state"][""], tables.get("agenda", {})
    now = state["engine_time"]
    wanted = [
        *_of_incidents(tables, now, config.retain_resolved_seconds),
        *_of_episodes(tables, now),
        *_of_notifications(tables, now, config),
    ]
    found: Deadlines = {}
    for kind, name, at in wanted:
        if _name(kind, name) not in agenda:
            found["agenda", _name(kind, name)] = at
    for silence_id in tables.get("silences", {}):
        edge = _name(Deadline.SILENCE_EDGE, silence_id)
        if edge not in tables.get("wall_agenda", {}) and _name(Deadline.FORGET_SILENCE, silence_id) not in agenda:
            found["wall_agenda", edge] = state["wall_time"]
    return found


def idle(tables: Tables) -> Deadlines:
    """Return a deadline, now, for each line that owes something and has no notification: it may wait for what is lost.

    Where it waits for something else, or for an instant, it goes on waiting.
    """
    now, due = tables["state"][""]["engine_time"], _held(tables, "due")
    return {
        ("agenda", _name(Deadline.RELEASE, line_id)): now
        for line_id, line in lines(tables).items()
        if line.get("current") is None and (line_id in due or line.get("levels") or line.get("again"))
    }


def _name(kind: Deadline, name: str) -> str:
    return f"{int(kind)} {name}"


def _of_incidents(tables: Tables, now: float, retained: float) -> _Wanted:
    for incident_id, incident in tables.get("incidents", {}).items():
        if incident.get("closed_at") is not None:
            yield Deadline.FORGET, incident_id, incident["closed_at"] + retained
    for line_id, waiting in _held(tables, "waiting").items():
        yield Deadline.RELEASE, line_id, min(owed["due"] for owed in waiting)
    for name, escalation in running(tables).items():
        if not escalation.get("done"):
            yield Deadline.LEVEL, name, now


def _of_episodes(tables: Tables, now: float) -> _Wanted:
    for episode_id, episode in tables.get("episodes", {}).items():
        if episode.get("resolved_at") is not None:
            continue
        until = (episode.get("ack") or {}).get("until")
        if until is not None:
            yield Deadline.ACKNOWLEDGEMENT_END, episode_id, float(until)
        if episode.get("snoozed_until") is not None:
            yield Deadline.SNOOZE_END, episode_id, float(episode["snoozed_until"])
        alert = episode["alert"]
        if names_gap(alert["alert_id"], alert["cluster_id"]):
            yield Deadline.GAP_END, alert["alert_id"], now + GAP_QUIET_SECONDS


def _of_notifications(tables: Tables, now: float, config: Configuration) -> _Wanted:
    for notification_id, out in tables.get("outgoing", {}).items():
        if out.get("state") == NotificationState.RETRYING.value and not out.get("queued"):
            yield Deadline.RETRY, notification_id, now
        if not out.get("late"):
            yield Deadline.PROMISE, out["channel_id"], now
        channel = config.channels.get(out["channel_id"])
        if channel is not None and out.get("fallback") and not (out.get("attempts") or out.get("expired")):
            yield Deadline.FALLBACK, notification_id, now + channel.fallback_after_seconds
    for notification_id, out in tables.get("undelivered", {}).items():
        yield Deadline.DISCARD, notification_id, out.get("ended_at", now) + config.retain_deliveries_seconds
