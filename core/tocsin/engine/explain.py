"""Explain: a step on the running state whose effects are read and taken back. No second function decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from tocsin.engine.channel_verdicts import channel_verdicts
from tocsin.engine.escalation import usable_channels
from tocsin.engine.machine import Engine, Instant
from tocsin.engine.machine import Step as Decided
from tocsin.engine.state import Episode, Escalation, Incident
from tocsin.engine.turn import Turn
from tocsin.engine.verdicts import rule_verdicts
from tocsin.model.alert import PerformanceAlert
from tocsin.model.event import Event, GapRecorded, LevelReached
from tocsin.model.explanation import (
    EscalationExplanation,
    Explanation,
    IncidentExplanation,
    LevelExplanation,
)
from tocsin.model.facts import AlertFired
from tocsin.roles.scheduler import Step

__all__ = ["explain"]


_WAKES: Final = 1_000
"""So often a later instant is come to at the deadlines before it; what is left then is met in one step."""


def explain(engine: Engine, alert: PerformanceAlert, now: Instant) -> Explanation:
    """Return what would happen if *alert* fired at *now*; the engine's state is the same afterwards.

    Until then everything comes as it is due, and no attempt ends.
    """
    now = attrs.evolve(now, engine=max(now.engine, engine.state.engine_time))
    try:
        _pass_time(engine, now)
        opened = engine.state.incidents_opened
        step = engine.step(now, (AlertFired(alert),), whole=True)
        return _read(engine, alert, now, step, opened)
    finally:
        engine.undo()


def _pass_time(engine: Engine, now: Instant) -> None:
    """Wake at every deadline before *now*, as a runtime does."""
    ahead = now.wall - now.engine
    for _ in range(_WAKES):
        at = engine.next_deadline()
        if at is None or at >= now.engine:
            return
        engine.step(Instant(at, at + ahead))
        engine.hold()


def _read(engine: Engine, alert: PerformanceAlert, now: Instant, step: Decided, opened: int) -> Explanation:
    state = engine.state
    turn = engine.glance(now)
    episode = state.alerts[alert.alert_id]
    incident = state.incidents[episode.incident_id]
    return Explanation(
        alert_id=alert.alert_id,
        at=now.engine,
        incident_id=episode.incident_id,
        rules=rule_verdicts(engine.plan, episode.view(), episode.rule_ids),
        channels=channel_verdicts(turn, episode, step.events),
        escalation=_escalation(turn, incident, episode, step.events),
        next_deadline=engine.next_deadline(),
        incident=_incident(incident, episode, opens=incident.serial >= opened),
        gaps=tuple(_gaps(step.events)),
    )


def _gaps(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        if isinstance(event, GapRecorded):
            yield f"{event.gap.kind.value} {event.gap.subject}: {event.gap.detail}"


def _incident(incident: Incident, episode: Episode, *, opens: bool) -> IncidentExplanation:
    return IncidentExplanation(
        incident_id=incident.incident_id,
        opens=opens,
        strategy=incident.strategy,
        rule_id=incident.grouping,
        metric_name=episode.alert.metric_name,
        opened_at=incident.opened_at,
        firing_count=len(incident.firing),
    )


def _escalation(
    turn: Turn, incident: Incident, episode: Episode, events: Sequence[Event]
) -> EscalationExplanation | None:
    running = incident.escalations.get(episode.policy_id) if episode.policy_id else None
    if running is None:
        return None
    steps, following = _steps(turn, running)
    reached = [
        event
        for event in events
        if isinstance(event, LevelReached) and event.incident_id == incident.incident_id
        if event.policy_id == running.policy_id
    ]
    levels: list[LevelExplanation] = []
    for step in reversed(steps):
        if following is not None and step.ordinal >= following.ordinal:
            levels.append(_pending(turn, running, step))
        elif reached and reached[-1].level == step.level.value:
            event = reached.pop()
            levels.append(_level(step, event.at, told=True, tells=event.channel_ids))
        else:
            levels.append(_level(step, None, told=True))
    return EscalationExplanation(running.policy_id, tuple(levels[::-1]), paused=running.since is None)


def _steps(turn: Turn, running: Escalation) -> tuple[tuple[Step, ...], Step | None]:
    """Return all levels, and the one that comes next."""
    scheduler = turn.plan.schedulers.get(running.scheduler)
    if scheduler is None or running.state is None:
        return (), None
    try:
        return scheduler.steps(running.state), None if running.done else scheduler.next(running.state)
    except Exception:  # noqa: BLE001  a scheduler that raises has no levels to show; it is a gap when it is used
        return (), None


def _pending(turn: Turn, running: Escalation, step: Step) -> LevelExplanation:
    if running.since is None:
        return _level(step, None, told=False)
    at = running.since + (step.after_seconds - running.base)
    return _level(step, at, told=False, tells=tuple(dict.fromkeys(usable_channels(turn, running, step))))


def _level(step: Step, at: float | None, *, told: bool, tells: tuple[str, ...] = ()) -> LevelExplanation:
    return LevelExplanation(step.level.value, step.after_seconds, step.channels, at, told, tells)
