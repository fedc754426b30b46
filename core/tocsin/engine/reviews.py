"""Reviews: what changed for many is decided anew for each of them, so many in one step that new alerts need not wait.

Two things are worked off: what somebody queued, that is single episodes, and lines of which a look at so many was not
enough; and a walk over all incidents that fire, in the order in which they were opened. While an incident is walked
through, its lines wait, so that one notification tells all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from tocsin.engine import crowds, escalation
from tocsin.engine.incidents import reroute
from tocsin.engine.owing import consider, release_due
from tocsin.engine.reminders import reopened
from tocsin.engine.state import Episode, Incident
from tocsin.engine.turn import Turn
from tocsin.engine.walk import DONE, REROUTING, active, pass_by, set_out

__all__ = ["EPISODES_PER_STEP", "work_off"]

EPISODES_PER_STEP: Final = 50


def work_off(turn: Turn, left: float) -> float:
    """Decide at most *left* episodes anew; return how many more it may be in this step."""
    if not active(turn.state):
        return left
    while left > 0 and (first := turn.state.review.first()) is not None:
        turn.state.review.drop(turn.tx, first[1])
        episode = turn.state.episodes.get(first[1])
        line = None if episode is not None else turn.line_by_id(first[1])
        if line is not None:
            release_due(turn, line, in_turn=True)
            left -= EPISODES_PER_STEP  # at a crowd it looks for long
        elif episode is not None and episode.firing:
            _again(turn, turn.state.incidents[episode.incident_id], episode)
        left -= 1
    while left > 0 and turn.state.review_serial != DONE:
        left -= _walk(turn, left)
    return left


def _walk(turn: Turn, left: float) -> int:
    """Go on with the walk; return how many steps of it were done."""
    state = turn.tx.edit(turn.state)
    found = state.roll.first(state.review_serial)
    if found is None or found[0] >= state.review_end:
        state.review_serial = DONE
        _walked(turn)
        return 1
    serial, incident_id = found
    state.review_serial = serial
    incident = state.incidents[incident_id]
    done = 0
    for episode in _members(turn, incident):
        if done >= left:
            state.review_member = episode.serial
            return done
        _again(turn, incident, episode)
        done += 1
    pass_by(turn, incident)
    for line in list(incident.lines.values()):
        turn.touch(line)
    return done + 1


def _members(turn: Turn, incident: Incident) -> Iterator[Episode]:
    """Yield those that were not looked at yet, in order.

    Those that began since the walk did were decided by what holds now.
    """
    members = crowds.from_serial(turn, incident, turn.state.review_member)
    return takewhile(lambda episode: episode.serial < turn.state.review_until, members)


def _again(turn: Turn, incident: Incident, episode: Episode) -> None:
    if turn.state.rerouting:
        reroute(turn, episode)
        return
    escalation.refresh(turn, incident, episode)
    for line in list(incident.lines.values()):
        if episode.episode_id in line.blocked:  # elsewhere it was told, or given up, and that stands
            consider(turn, incident, episode, line.channel_id)
    reopened(turn, incident, episode)
    for line in incident.lines.values():
        turn.touch(line)


def _walked(turn: Turn) -> None:
    """The walk is over: what a new configuration reached newly can be told, in one digest for each channel.

    Where another walk follows at once, nothing waits for that one: changes without end must not hold everything.
    """
    state = turn.tx.edit(turn.state)
    if state.gathering:
        state.gathering = False
        turn.reloading = True
        for channel_id in sorted(state.lanes):
            turn.lane(channel_id)
    rerouted, state.rerouting = state.rerouting, False
    if state.review_again:
        rerouting = state.review_again == REROUTING
        set_out(turn, rerouting, gathering=rerouting and not rerouted)
