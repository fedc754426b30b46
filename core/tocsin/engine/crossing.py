"""Crossing: two notifications that tell of one alert in two incidents, which one channel must not get at one time.

They could arrive in either order, and the later one decides what the channel believes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from tocsin.engine import crowds
from tocsin.engine.dues import next_due
from tocsin.engine.ids import episode_key
from tocsin.engine.levels import nameable
from tocsin.engine.outgoing import lines_of
from tocsin.engine.owing import current
from tocsin.engine.state import Episode, Lane, Line, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.notification import NotificationState
from tocsin.roles.aggregator import Cause

__all__ = ["crosses", "told_by", "told_first"]


def crosses(turn: Turn, lane: Lane, out: Outgoing, told: Iterable[Episode]) -> bool:
    """Whether an attempt under way tells the channel of the episode before or after one that is *told* by *out*."""
    if not lane.sending:
        return False
    for episode in told:
        latest = turn.state.alerts.get(episode.alert.alert_id)
        for other in (latest, _neighbour(turn, episode, -1), _neighbour(turn, episode, 1)):
            if other is not None and other.incident_id != episode.incident_id and _is_being_told(turn, out, other):
                return True
    return False


def told_first(turn: Turn, out: Outgoing, told: Iterable[Episode]) -> Outgoing | None:
    """Return the notification that is to tell the end of an alert before *out* tells that it fires again, or None.

    Neither was attempted. As a rule the second is made when the first has ended; but the end may be owed only since.
    """
    for episode in told:
        earlier = _neighbour(turn, episode, -1)
        if earlier is None or not episode.firing or earlier.incident_id == episode.incident_id:
            continue
        line = turn.state.incidents[earlier.incident_id].lines.get(out.channel_id)
        owed = None if line is None else line.due.get(earlier.episode_id)
        first = None if line is None or owed is None or owed.cause is not Cause.RESOLVED else current(turn, line)
        if first is not None and first is not out and first.queued and not first.attempted:
            return first
    return None


def told_by(turn: Turn, out: Outgoing) -> list[Episode]:
    """Return what a notification lists or, before its first attempt, would list now."""
    if out.attempts:
        return list(map(turn.state.episodes.__getitem__, out.listed))
    return [episode for line in lines_of(turn, out) for episode in _would_list(turn, line)]


def _would_list(turn: Turn, line: Line) -> list[Episode]:
    episodes = turn.state.episodes
    found = [episodes[name] for name, _ in next_due(turn, line, crowds.LISTED)]
    for mark in line.levels:
        found += nameable(turn, line, mark)
    incident = turn.incident(line)
    if line.repeat or turn.grouping(incident).lists_all:
        found += islice(crowds.most_severe(turn, incident), crowds.LISTED)
    return found


def _neighbour(turn: Turn, episode: Episode, step: int) -> Episode | None:
    number = episode.n + step
    return turn.state.episodes.get(episode_key(number, episode.alert.alert_id)) if number else None


def _is_being_told(turn: Turn, out: Outgoing, episode: Episode) -> bool:
    line = turn.state.incidents[episode.incident_id].lines.get(out.channel_id)
    other = None if line is None else current(turn, line)
    if other is None or other is out or other.state is not NotificationState.SENDING:
        return False
    return episode.episode_id in other.listed
