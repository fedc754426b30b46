"""What comes next for an alert, read from the records: levels, summaries, and the ends of what keeps it quiet."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.engine.gates import acknowledged, snoozed
from tocsin.engine.state import Episode, Escalation
from tocsin.engine.turn import Turn
from tocsin.model.upcoming import Upcoming, UpcomingKind
from tocsin.roles.scheduler import Step

__all__ = ["upcoming"]


def upcoming(turn: Turn, episode: Episode) -> tuple[Upcoming, ...]:
    """Return what comes by itself for the episode, the next first, what has no instant last; nothing once it resolved.

    The turn is only read with.
    """
    if not episode.firing:
        return ()
    found = [*_levels(turn, episode), *_summaries(turn, episode), *_ends(turn, episode)]
    return tuple(sorted(found, key=lambda one: (one.at is None, one.at or 0.0)))


def _levels(turn: Turn, episode: Episode) -> Iterator[Upcoming]:
    incident = turn.state.incidents[episode.incident_id]
    running = incident.escalations.get(episode.policy_id) if episode.policy_id else None
    if running is None or running.done:
        return
    for step in _left(turn, running):
        at = None if running.since is None else turn.wall(running.since + (step.after_seconds - running.base))
        yield Upcoming(at, UpcomingKind.ESCALATION, step.level.value, step.channels)


def _left(turn: Turn, running: Escalation) -> tuple[Step, ...]:
    scheduler = turn.plan.schedulers.get(running.scheduler)
    if scheduler is None or running.state is None:
        return ()
    try:
        following = scheduler.next(running.state)
        steps = scheduler.steps(running.state)
    except Exception:  # noqa: BLE001  a scheduler that raises has no levels to show; it is a gap when it is used
        return ()
    return () if following is None else tuple(step for step in steps if step.ordinal >= following.ordinal)


def _summaries(turn: Turn, episode: Episode) -> Iterator[Upcoming]:
    for channel_id, line in turn.state.incidents[episode.incident_id].lines.items():
        owed = line.waiting.get(episode.episode_id)
        if owed is not None:
            yield Upcoming(turn.wall(owed.due), UpcomingKind.FOLD, channels=(channel_id,))


def _ends(turn: Turn, episode: Episode) -> Iterator[Upcoming]:
    if episode.ack is not None and episode.ack.until is not None and acknowledged(turn, episode):
        yield Upcoming(turn.wall(episode.ack.until), UpcomingKind.ACKNOWLEDGEMENT_END)
    if episode.snoozed_until is not None and snoozed(turn, episode):
        yield Upcoming(turn.wall(episode.snoozed_until), UpcomingKind.SNOOZE_END)
